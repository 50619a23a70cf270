// Two services over one link with real databases, a real log and real operator interfaces, taken forward step by step by
// the test; and the count of an engine that looks at them from outside.
import { atRest } from './operator-calls.ts'
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { Registry as Metrics } from 'prom-client'
import type { Broker, TopicIdentity } from '../cutover/broker/broker.ts'
import { openPostgresLog } from '../cutover/broker/postgres/log.ts'
import type { Route } from '../cutover/contract/contract.ts'
import { fromHeaders } from '../cutover/contract/headers.ts'
import type { Message } from '../cutover/contract/message.ts'
import type { Database, Tx } from '../cutover/database/database.ts'
import { type Courier, openCourier } from '../cutover/delivery/courier.ts'
import { openClient } from '../cutover/http/client.ts'
import { type Server, tokenDigest } from '../cutover/http/server.ts'
import { aServer, issuers } from '../cutover/http/testing.ts'
import { append } from '../cutover/outbox/append.ts'
import { buildFact } from '../cutover/outbox/fact.ts'
import { defaultPartitions, ensurePartitions } from '../cutover/outbox/partitions.ts'
import { openSender, type Sender } from '../cutover/outbox/sender.ts'
import { type OutboxRow, toMessage } from '../cutover/outbox/store.ts'
import { systemClock, systemRandom } from '../cutover/process/clock.ts'
import { openLog } from '../cutover/process/log.ts'
import type { Via } from '../cutover/receive/judge.ts'
import { openReceiver } from '../cutover/receive/receiver.ts'
import { openRegistry, registerVersions } from '../cutover/registry/registry.ts'
import { eventLane } from '../cutover/relay/event-lane.ts'
import { httpLane } from '../cutover/relay/http-lane.ts'
import type { LaneWork } from '../cutover/relay/lane.ts'
import { type SweepLimits, sweepLane } from '../cutover/relay/sweep.ts'
import { linkRoutes } from '../cutover/service/link-routes.ts'
import { openMeters } from '../cutover/service/meter.ts'
import { operatorRoutes } from '../cutover/service/operator.ts'
import { planRoutes } from '../cutover/service/plan-routes.ts'
import { openReceiving } from '../cutover/service/receiving.ts'
import { openStores, type Stores } from '../cutover/service/stores.ts'
import { flip, installSwitches, openSwitchCache } from '../cutover/switch/switch.ts'
import type { Draining } from '../engine/plan/world.ts'
import { openDirectory } from '../engine/services/directory.ts'
import { gateOf } from '../engine/verbs/drained.ts'
import { countDraining } from '../engine/world/draining.ts'
import { type Adding, Counted, countingDatabase, countLink, openAdding } from './counting.ts'
import { freshDatabase } from './database.ts'
import { copyOf } from './tables.ts'

const log = openLog({ service: 'test', instance: '1', level: 'fatal' })
const { signers, verifier } = await issuers()
export const link = { ...countLink, from: 'hiring', to: 'bonuses' }
export const events = [{ ...Counted, service: 'hiring' }]
const [event] = events
export const registry = openRegistry(events)
const consumer = `${link.to}.${link.id}`
/** Everything is old enough for everything. */
const limits: SweepLimits = { resendAfterMs: -1, carryAfterMs: -1, carriedMax: 100, carriedEveryMs: 0 }

/** A transaction of the sender that has appended its fact and is not committed. */
export interface OpenTransaction {
  readonly fact: string
  commit(): Promise<void>
}

/** What the receiver has in hand and has not committed. */
export interface OpenBatch {
  commit(): Promise<void>
}

export interface Two {
  readonly sending: { readonly database: Database; readonly stores: Stores }
  readonly receiving: { readonly database: Database; readonly stores: Stores }
  readonly adding: Adding
  readonly broker: Broker
  /** The sender's, over the link. */
  readonly courier: Courier
  /** An instance of the sender, with what it believes of the switch. */
  instance(): Promise<Sender>
  /** States a fact and answers with its id. Nothing carries it yet. */
  state(key: string, needs?: string): Promise<string>
  open(key: string): Promise<OpenTransaction>
  flip(route: Route, shadow?: boolean): Promise<unknown>
  message(fact: string): Promise<Message>
  /** One pass of a lane, as its holder makes it. */
  publish(): Promise<void>
  call(): Promise<void>
  sweep(some?: Partial<SweepLimits>): Promise<void>
  /** What the receiver does with messages, in one transaction; answers with the outcomes. */
  take(via: Via, ...messages: readonly Message[]): Promise<string[]>
  takeSlowly(via: Via, ...messages: readonly Message[]): Promise<OpenBatch>
  /** Reads what the log has beyond the consumer's position. */
  consume(): Promise<string[]>
  /** Records of the log beyond the consumer's position. */
  lag(): Promise<number>
  /** The receiver's database as it is now; resolves with what puts it back. */
  backup(): Promise<() => Promise<void>>
  /** Lets the receiver be reached, or no longer. */
  reach(it: boolean): Promise<void>
  count(route: Route): Promise<Draining>
  /** The gate: `drained`, or why not, as its code. */
  gate(route: Route): Promise<string>
}

export async function openTwo(context: TestContext): Promise<Two> {
  const closing: (() => Promise<unknown>)[] = []
  context.after(async () => {
    for (const close of closing.toReversed()) await close()
  })
  const made = async (): Promise<Database> => {
    const database = await countingDatabase()
    closing.push(() => database.close())
    return database
  }
  const [here, there] = [await made(), await made()]
  const [stores, theirs] = [openStores(here), openStores(there)]
  await ensurePartitions(stores.outbox, defaultPartitions)
  await registerVersions(stores.registry, events)
  await installSwitches(stores.switch, link.from, [link])
  const broker = openPostgresLog({ url: (await freshDatabase()).url, name: 'test', log })
  closing.push(() => broker.close())
  const topicOf = async (): Promise<TopicIdentity> => broker.reviveTopic(Counted.topic, 1)
  await topicOf()

  const adding = openAdding()
  const receiver = openReceiver(link, adding.handler, registry, theirs.receive)
  const { doors } = openReceiving({
    links: [link],
    events,
    registry,
    log,
    clock: systemClock,
    random: systemRandom,
    service: link.to,
    instance: 'bonuses-1',
    handlers: { [link.id]: adding.handler },
    gather: undefined,
    capabilities: [`serve:${link.id}`, `act:${link.id}`],
    stores: theirs,
    broker,
    meters: openMeters([link], systemClock, new Metrics()),
  })

  const operated = async (service: string, own: Stores): Promise<Server> => {
    await alive(own, `${service}-1`)
    const switches = await openSwitchCache(own.switch)
    const options = { service, instance: `${service}-1`, links: [link], stores: own, switches, audits: [], meters: new Map() }
    const seams = { clock: systemClock, random: systemRandom, ...atRest }
    return aServer(
      [
        ...planRoutes({ service, links: [link], events, stores: own }),
        ...operatorRoutes({ ...options, ...seams, readings: async () => ({}), flipped: () => undefined }),
        ...linkRoutes(service === link.to ? [link] : [], service === link.to ? doors : new Map(), own.receive),
      ],
      { verifier, operatorTokenDigest: tokenDigest('secret') },
    )
  }
  const sender = await operated(link.from, stores)
  const receiving = await operated(link.to, theirs)
  for (const server of [sender, receiving]) {
    await server.start()
    closing.push(() => server.stop())
  }
  const directory = openDirectory({ [link.from]: [sender.url], [link.to]: [receiving.url] }, { token: async () => 'secret' })
  const client = openClient({
    baseUrls: [receiving.url],
    token: () => (signers.get('hiring') ?? assert.fail()).token({ audience: link.to, link: link.id }),
    deadlineMs: 5_000,
    connectionsMax: 4,
  })
  closing.push(
    () => directory.close(),
    () => client.close(),
  )
  const courier: Courier = openCourier(link, client, 5_000, systemClock, systemRandom)

  async function instance(): Promise<Sender> {
    const switches = await openSwitchCache(stores.switch)
    const seams = { clock: systemClock, random: systemRandom, deliverNow: () => undefined, committed: () => undefined }
    return openSender({ ...seams, service: link.from, store: stores.outbox, switches, links: [link], registry })
  }

  async function pass(work: LaneWork): Promise<void> {
    const lease = await stores.relay.acquire(work.lane, 'one')
    assert.ok(lease !== undefined)
    const { position } = await work.begin(lease)(new AbortController().signal)
    await stores.relay.advance(work.lane, lease.term, position)
  }

  async function receive(tx: Tx, via: Via, messages: readonly Message[]): Promise<string[]> {
    const outcomes = await receiver.receive(tx, messages, via)
    await receiver.setAside(
      tx,
      messages.map((message, at) => ({ message, outcome: outcomes[at] ?? assert.fail(), origin: `test:${message.factId}` })),
    )
    return outcomes.map(outcome => outcome.is)
  }

  /** A test that fails half-way ends it as well: an open transaction would keep its database open. */
  function committing(end: () => void, whole: Promise<unknown>): () => Promise<void> {
    const commit = async (): Promise<void> => {
      end()
      await whole
    }
    closing.push(commit)
    return commit
  }

  const ask = (service: string, path: string, body?: object): Promise<unknown> =>
    directory.ask(service, {
      method: body === undefined ? 'GET' : 'POST',
      path,
      deadlineMs: 5_000,
      ...(body === undefined ? {} : { body }),
    })
  const count = (route: Route): Promise<Draining> => countDraining(ask, link, route)
  const share = async () => ({ consumer, topicId: (await topicOf()).id, holder: 'bonuses-1' })

  async function held() {
    const own = await share()
    await theirs.consumer.install(own, 1)
    await theirs.consumer.take(own, 1)
    return (await theirs.consumer.held(own))[0] ?? assert.fail('the partition is not ours')
  }

  return {
    sending: { database: here, stores },
    receiving: { database: there, stores: theirs },
    adding,
    broker,
    courier,
    instance,
    state: async (key, needs = '') =>
      (await instance()).transaction(async (_, record) => record(event ?? assert.fail(), { key, amount: 1, needs })),
    async open(key) {
      const state = await stores.switch.read()
      const details = { service: link.from, factId: systemRandom.uuid(), producedAt: '2026-01-01T00:00:00Z', revision: null }
      const fact = buildFact(Counted, { key, amount: 1, needs: '' }, details, state, [link], registry)
      const [appended, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      const whole = stores.outbox.transaction(async tx => {
        await append(stores.outbox, tx, state.epoch, [fact], null)
        appended.resolve()
        await end.promise
      })
      await appended.promise
      return { fact: fact.factId, commit: committing(end.resolve, whole) }
    },
    flip: (route, shadow = false) => flip(stores.switch, { link: link.id, route, shadow, term: 1 }, systemClock, systemRandom),
    async message(fact) {
      const { rows } = await here.query<OutboxRow>('select * from outbox where fact_id = $1', [fact])
      return toMessage(rows[0] ?? assert.fail(`${fact} is not in the outbox`), link.from)
    },
    publish: () => pass(eventLane(link.from, stores.relay.published, broker, events)),
    call: () => pass(httpLane({ service: link.from, store: stores.relay, courier, trailMs: 0, clock: systemClock, random: systemRandom })),
    sweep(some = {}) {
      const ports = { service: link.from, store: stores.relay, courier, broker, events, clock: systemClock, found: () => undefined }
      const carriers = ['event', `http:${link.id}`]
      return pass(sweepLane({ ...ports, carriers, limits: { ...limits, ...some }, heed: async () => undefined }))
    },
    take: (via, ...messages) => there.transaction(tx => receive(tx, via, messages)),
    async takeSlowly(via, ...messages) {
      const [done, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      const whole = there.transaction(async tx => {
        await receive(tx, via, messages)
        done.resolve()
        await end.promise
      })
      await done.promise
      return { commit: committing(end.resolve, whole) }
    },
    async consume() {
      const from = await held()
      const records = await broker.fetch(await topicOf(), [{ partition: 0, offset: from.position }], 500, 0)
      const last = records.at(-1)
      if (last === undefined) return []
      return there.transaction(async tx => {
        await theirs.consumer.advance(tx, await share(), [{ from, to: last.offset + 1n }])
        return receive(
          tx,
          'event',
          records.map(record => fromHeaders(record.headers, record.value) as Message),
        )
      })
    },
    async lag() {
      const { position } = await held()
      const [bounds] = await broker.bounds(Counted.topic)
      return Number((bounds?.end ?? 0n) - position)
    },
    backup: () => copyOf(there),
    reach: it => (it ? receiving.start() : receiving.stop()),
    count,
    async gate(route) {
      const { verdict, waitsFor } = gateOf(await count(route), link.id, route)
      return verdict === 'pass' ? 'drained' : (waitsFor?.code ?? verdict)
    },
  }
}

/** Lets an instance live for as long as the test does. */
export async function alive({ consumer: store, receive }: Stores, id: string): Promise<void> {
  await store.beat(id, { capabilities: [], versions: {}, build: 'test', readings: {} })
  await receive.transaction(tx => tx.query(`update instance set until = 'infinity' where id = $1`, [id]))
}
