// A service that receives facts over L-1 and states facts over L-9, with its dead letters and the jobs about them.
import { defineEvent, type LinkContract, topicName } from '../cutover/contract/contract.ts'
import type { Broker } from '../cutover/broker/broker.ts'
import { type Headers, toHeaders } from '../cutover/contract/headers.ts'
import type { Message } from '../cutover/contract/message.ts'
import type { Database } from '../cutover/database/database.ts'
import type { Courier } from '../cutover/delivery/courier.ts'
import { describeNew, type JobPorts, work } from '../cutover/deadletters/jobs.ts'
import type { Reader } from '../cutover/deadletters/letter.ts'
import { openOrders, type Orders, type Wanted } from '../cutover/deadletters/orders.ts'
import type { Able, DeadLetterStore, Job } from '../cutover/deadletters/store.ts'
import type { Clock } from '../cutover/process/clock.ts'
import { openLog } from '../cutover/process/log.ts'
import type { Outcome } from '../cutover/receive/outcome.ts'
import { openReceiver, type Receiver } from '../cutover/receive/receiver.ts'
import { openRegistry } from '../cutover/registry/registry.ts'
import { openStores } from '../cutover/service/stores.ts'
import { type Adding, aFact, Counted, countingDatabase, countLink, openAdding } from './counting.ts'

const names = { type: 'object', properties: { id: { type: 'string' }, name: { type: 'string' } }, required: ['id', 'name'] } as const
const meta = {
  type: 'object',
  properties: {
    event_id: { type: 'string' },
    event_version: { enum: [0] },
    event_name: { enum: ['Named'] },
    produced_at: { type: 'string' },
  },
  required: ['event_id', 'event_version', 'event_name', 'produced_at'],
} as const
const document = { title: 'Named', type: 'object', properties: { payload: names, meta }, required: ['payload', 'meta'] } as const
const person = { type: 'string', maxLength: 40, 'x-sensitivity': 'personal' } as const

/** An event with the name of a person in it. */
export const Named = defineEvent({
  name: 'Named',
  service: 'counting',
  topic: topicName('counting', 'Named'),
  partitions: 1,
  versions: [document],
  bounds: { ...document, properties: { payload: { ...names, properties: { id: { type: 'string' }, name: person } }, meta } },
  orderKey: one => one.id,
  businessKey: (one, revision) => `Named:${one.id}:${revision}`,
})

export const nameLink: LinkContract = { ...countLink, id: 'L-8', kind: 'data', event: 'Named', order: 'revision' }
export const moneyLink: LinkContract = { ...countLink, id: 'L-1', money: true }

/** Time that does not pass: a rate costs a test nothing. */
export const instantly: Clock = { now: () => Date.now(), sleep: async () => undefined }

export interface DeadLetters {
  readonly database: Database
  readonly store: DeadLetterStore
  readonly reader: Reader
  readonly orders: Orders
  readonly adding: Adding
  readonly receiver: Receiver
  readonly received: Outcome[]
  readonly ports: JobPorts
  /** Lets messages die as a consumer's do; answers with the ids of the letters. */
  die(code: string, ...messages: readonly Message[]): Promise<string[]>
  /** The same for any bytes and headers. */
  bury(bytes: Uint8Array, headers?: Headers, factId?: string | null): Promise<string>
  order(kind: Wanted['kind'], selection: Wanted['selection'], more?: Partial<Wanted>): Promise<Job>
  /** Works on what is to be done, as an instance does, until nothing is left; answers with the job as it is then. */
  finish(job: Job, holder?: string): Promise<Job>
  states(): Promise<string[]>
}

let origin = 0

export async function openDeadLetters(
  more: {
    readonly link?: LinkContract
    readonly database?: Database
    readonly couriers?: ReadonlyMap<string, Courier>
    readonly broker?: Broker
    readonly service?: string
    readonly adding?: Adding
  } = {},
): Promise<DeadLetters> {
  const database = more.database ?? (await countingDatabase())
  const stores = openStores(database)
  const links = [more.link ?? countLink, nameLink]
  const registry = openRegistry([Counted, Named])
  const adding = more.adding ?? openAdding()
  const receiver = openReceiver(links[0] ?? countLink, adding.handler, registry, stores.receive)
  const reader: Reader = { service: more.service ?? 'adding', links, registry }
  const received: Outcome[] = []
  const store = stores.deadLetters
  const ports: JobPorts = {
    reader,
    store,
    receive: stores.receive,
    receivers: new Map([['L-1', receiver]]),
    couriers: more.couriers ?? new Map(),
    broker: more.broker as Broker,
    events: [Counted, Named],
    received: (_, outcomes) => void received.push(...outcomes),
    holder: 'adding-1',
    clock: instantly,
    log: openLog({ service: 'test', instance: '1', level: 'silent' }),
  }
  const able: Able = { receive: ['L-1'], relay: [...ports.couriers.keys()] }
  const orders = openOrders(store, reader)

  async function bury(bytes: Uint8Array, headers: Headers = {}, factId: string | null = null, code = 'handler_error'): Promise<string> {
    const place = `o${++origin}`
    await database.transaction(tx =>
      stores.receive.bury(tx, headers['cutover-event'] === 'Named' ? 'L-8' : 'L-1', [
        { factId, code, error: `it failed for "somebody" number ${origin}`, attempts: 5, bytes, headers, origin: place },
      ]),
    )
    const { rows } = await database.query<{ id: string }>('select id from dead_letter where origin = $1', [place])
    return rows[0]?.id ?? ''
  }

  return {
    database,
    store,
    reader,
    orders,
    adding,
    receiver,
    received,
    ports,
    async die(code, ...messages) {
      const ids: string[] = []
      for (const message of messages) ids.push(await bury(Buffer.from(message.bytes), toHeaders(message), message.factId, code))
      return ids
    },
    bury,
    async order(kind, selection, some = {}) {
      await describeNew({ store, reader })
      return orders.order({
        kind,
        selection,
        reason: kind === 'write_off' ? 'a test' : null,
        rate: 1_000,
        request: null,
        by: 'operator',
        ...some,
      })
    },
    async finish(job, holder = 'adding-1') {
      for (let held = await store.take(holder, able); held !== undefined; held = await store.take(holder, able))
        await work({ ...ports, holder }, held, new AbortController().signal)
      return (await store.job(job.id)) ?? job
    },
    async states() {
      const { rows } = await database.query<{ state: string }>('select state from dead_letter order by id')
      return rows.map(row => row.state)
    },
  }
}

/** A message about a person. */
export function aName(name: string, bytes?: string): Message {
  const fact = aFact('n')
  const envelope = {
    payload: { id: 'p1', name },
    meta: { event_id: fact.factId, event_version: 0, event_name: 'Named', produced_at: '2026-01-01T00:00:00Z' },
  }
  return {
    ...fact,
    event: 'Named',
    businessKey: 'Named:p1:3',
    orderKey: 'p1',
    revision: 3,
    stamps: { 'L-8': { route: 'event', epoch: 1 } },
    bytes: bytes ?? JSON.stringify(envelope),
  }
}
