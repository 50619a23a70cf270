// One outcome's whole way, from the answer that is handed in to the booking, with what hiring and bonuses really run and
// nothing else: so that it can be stopped at any of its statements.
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { openPostgresLog } from '../cutover/broker/postgres/log.ts'
import { runConsumer } from '../cutover/consumer/consumer.ts'
import type { ConsumerStatus } from '../cutover/consumer/status.ts'
import { openShares } from '../cutover/consumer/shares.ts'
import type { Route } from '../cutover/contract/contract.ts'
import { type Database, openDatabase } from '../cutover/database/database.ts'
import { installMigrations } from '../cutover/database/install.ts'
import type { Courier } from '../cutover/delivery/courier.ts'
import { ensurePartitions, defaultPartitions } from '../cutover/outbox/partitions.ts'
import { openSender } from '../cutover/outbox/sender.ts'
import { type Clock, systemClock, systemRandom } from '../cutover/process/clock.ts'
import { openLog } from '../cutover/process/log.ts'
import { runParked } from '../cutover/receive/parked.ts'
import type { ReceiveStore } from '../cutover/receive/store.ts'
import { openReceiver, type Receiver } from '../cutover/receive/receiver.ts'
import { isTerminal } from '../cutover/receive/outcome.ts'
import { openRegistry, registerVersions } from '../cutover/registry/registry.ts'
import { eventLane } from '../cutover/relay/event-lane.ts'
import { httpLane } from '../cutover/relay/http-lane.ts'
import type { LaneWork } from '../cutover/relay/lane.ts'
import { replicaHandler } from '../cutover/replica/handler.ts'
import { openStores, type Stores } from '../cutover/service/stores.ts'
import { flip, installSwitches, openSwitchCache } from '../cutover/switch/switch.ts'
import { openAwards } from '../school/bonuses/awards/consumer.ts'
import { managers } from '../school/bonuses/managers/copy.ts'
import { ratings } from '../school/bonuses/ratings/copy.ts'
import { events } from '../school/contracts/events.ts'
import { links } from '../school/contracts/links.ts'
import { answer } from '../school/hiring/assignments/answer.ts'
import { freshDatabase } from './database.ts'
import { anOwner, readerOver } from './reading.ts'
import { wholeTitles } from './titles.ts'
import { calm } from './stating.ts'

const log = openLog({ service: 'test', instance: '1', level: 'fatal' })
const registry = openRegistry(events)
const linkOf = (id: string) => links.find(link => link.id === id) ?? assert.fail(id)
const [right, wrong, rating] = [linkOf('COMM-040'), linkOf('COMM-050'), linkOf('COMM-060')]
const sqlOf = (folder: string): string => fileURLToPath(new URL(`../${folder}`, import.meta.url))

async function aService(name: string, connectionsMax: number): Promise<Database> {
  const database = openDatabase({ url: (await freshDatabase()).url, name, connectionsMax, onIdleError: () => undefined })
  await installMigrations(database, [
    { name: 'cutover', folder: sqlOf('cutover/sql') },
    { name, folder: sqlOf(`school/${name}/db`) },
  ])
  return database
}

/** A database, and whether the process that uses it is dead. */
export interface Used {
  readonly database: Database
  readonly dead: () => boolean
}

export interface OutcomeWay {
  readonly hiring: Database
  readonly bonuses: Database
  /** Gives the task to a candidate. */
  give(candidate: string): Promise<void>
  /** The candidate hands in, over this database of hiring's. */
  handIn(candidate: string, right: boolean, over: Used): Promise<void>
  /** What hiring runs besides: its relay, for one pass. */
  relay(over: Used, receiver: Used): Promise<void>
  /** What bonuses runs: its consumers and what brings parked facts back, until there is nothing to do. */
  receive(over: Used): Promise<void>
  close(): Promise<void>
}

/** Hiring, bonuses and the log between them, each with what it really runs; the outcomes go by this route. */
export async function openOutcomeWay(route: Route): Promise<OutcomeWay> {
  const [hiring, bonuses] = [await aService('hiring', 6), await aService('bonuses', 8)]
  const broker = openPostgresLog({ url: (await freshDatabase()).url, name: 'test', log })
  const topics = await Promise.all(
    [right, wrong, rating].map(async link => {
      const event = events.find(one => one.name === link.event) ?? assert.fail(link.event)
      return { link, topic: await broker.createTopic(event.topic, event.partitions), partitions: event.partitions }
    }),
  )
  for (const [name, database] of [
    ['hiring', hiring],
    ['bonuses', bonuses],
  ] as const) {
    const stores = openStores(database)
    await ensurePartitions(stores.outbox, defaultPartitions)
    await registerVersions(stores.registry, events)
    await installSwitches(stores.switch, name, links)
  }
  for (const { id: link } of [right, wrong]) await flip(openStores(hiring).switch, { link, route, term: 1 }, systemClock, systemRandom)
  await bonuses.query(`insert into account (account_id, manager_id) values ('a1', 'm1')`)
  await hiring.query(
    `insert into task (task_id, creator_id, title, text, questions, revision) values ('t1', 'm1', 'T', 'X', '[{"question":"?","answer":"yes"}]', 1)`,
  )
  const owner = anOwner(() => null)
  await readerOver(bonuses, ratings, { answers: 'replica', owner })
  await readerOver(bonuses, managers, { answers: 'http', owner })

  async function receiversOver(database: Database): Promise<ReadonlyMap<string, Receiver>> {
    const known = await readerOver(database, ratings, { answers: 'replica', owner })
    const awards = openAwards(
      {
        managers: (await readerOver(database, managers, { answers: 'http', owner })).reader,
        ratings: known.reader,
      },
      wholeTitles,
    )
    const { receive } = openStores(database)
    return new Map([
      [right.id, openReceiver(right, awards.onTaskCompleted as never, registry, receive)],
      [wrong.id, openReceiver(wrong, awards.onTaskFailed as never, registry, receive)],
      [rating.id, openReceiver(rating, replicaHandler(known.definition, known.store), registry, receive)],
    ])
  }

  const gone = (error: unknown, dead: () => boolean): void => {
    if (!dead()) throw error
  }

  return {
    hiring,
    bonuses,
    async give(candidate) {
      await hiring.query(`insert into candidate (candidate_id, name) values ($1, 'C')`, [candidate])
      await hiring.query(`insert into assignment (assignment_id, task_id, candidate_id) values ($1, 't1', $2)`, [
        `s-${candidate}`,
        candidate,
      ])
    },
    async handIn(candidate, isRight, { database, dead }) {
      try {
        const { outbox, switch: switches } = openStores(database)
        const sender = openSender({
          service: 'hiring',
          store: outbox,
          switches: await openSwitchCache(switches),
          links,
          registry,
          clock: systemClock,
          random: systemRandom,
          deliverNow: () => undefined,
          committed: () => undefined,
        })
        const submission = { assignmentId: `s-${candidate}`, candidateId: candidate, answers: [isRight ? 'yes' : 'no'] }
        await sender.transaction((tx, record) => answer(tx, record, submission))
      } catch (error) {
        gone(error, dead)
      }
    },
    async relay({ database, dead }, receiver) {
      const stores = openStores(database)
      const { relay } = stores
      const receivers = await receiversOver(bonuses)
      const { receive } = openStores(receiver.database)
      const lanes = [
        eventLane('hiring', relay.published, broker, events),
        ...[right, wrong].map(link =>
          httpLane({
            service: 'hiring',
            store: relay,
            courier: courierTo(receivers.get(link.id) ?? assert.fail(link.id), receive),
            trailMs: 0,
            clock: systemClock,
            random: systemRandom,
          }),
        ),
      ]
      for (const lane of lanes)
        await runLane(stores, database, lane).catch((error: unknown) => gone(error, () => dead() || receiver.dead()))
    },
    async receive({ database, dead }) {
      const { consumer: store, receive } = openStores(database)
      const receivers = await receiversOver(bonuses)
      for (const { link, topic, partitions } of topics) {
        const shares = openShares(store, { consumer: `bonuses.${link.id}`, topicId: topic.id, holder: 'bonuses-1' }, partitions)
        const receiver = receivers.get(link.id) ?? assert.fail(link.id)
        const ends = (await broker.bounds(topic.name)).reduce((sum, one) => sum + one.end, 0n)
        const stop = new AbortController()
        const clock: Clock = {
          now: systemClock.now,
          sleep(ms, signal) {
            if (dead()) stop.abort()
            return systemClock.sleep(Math.min(ms, 2), signal)
          },
        }
        const show = ({ partitions: held }: ConsumerStatus): void => {
          if (held.reduce((sum, one) => sum + BigInt(one.position), 0n) >= ends && held.length === partitions) stop.abort()
        }
        const ports = { broker, store, shares, clock, random: systemRandom, log, show, received: () => undefined }
        await runConsumer({ ...ports, topic: topic.name, receiver }, stop.signal)
      }
      const stop = new AbortController()
      const clock: Clock = {
        now: systemClock.now,
        async sleep(ms, signal) {
          const { rowCount } = await bonuses.query('select from parked limit 1')
          if (dead() || rowCount === 0) stop.abort()
          await systemClock.sleep(Math.min(ms, 2), signal)
        },
      }
      await runParked({ store: receive, receivers, gather: undefined, clock, log, received: () => undefined }, stop.signal)
    },
    close: async () => void (await Promise.all([hiring.close(), bonuses.close(), broker.close()])),
  }
}

/** The HTTP route without a network: the call is the receiver's transaction. A receiver that is dead is away. */
function courierTo(receiver: Receiver, store: ReceiveStore): Courier {
  const { link } = receiver
  const courier: Courier = {
    link,
    ...calm(),
    deliverNow: message => courier.deliver(message),
    async deliver(message) {
      try {
        const [outcome] = await store.transaction(tx => receiver.receive(tx, [message], 'http'))
        return outcome !== undefined && isTerminal(outcome) ? { kind: 'receipt', outcome: outcome.is } : { kind: 'accepted' }
      } catch (error) {
        return { kind: 'away', reason: String(error) }
      }
    },
    ask: async (_, body) => (await store.answer(link.id, (body as { facts: string[] }).facts)) as never,
  }
  return courier
}

/** Passes over the lane until nothing lies beyond its position: what was drawn by a transaction that died has to be ruled out first. */
async function runLane({ relay, outbox }: Stores, database: Database, work: LaneWork): Promise<void> {
  const lease = (await relay.acquire(work.lane, 'hiring-1')) ?? assert.fail('the lane has another holder')
  const pass = work.begin(lease)
  for (let position = lease.position; position < BigInt(await outbox.drawn(database));) {
    ;({ position } = await pass(new AbortController().signal))
    await relay.advance(work.lane, lease.term, position)
  }
}
