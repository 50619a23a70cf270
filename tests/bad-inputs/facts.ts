// Facts of the school as their senders state them, delivered to bonuses by either route.
import { toHeaders } from '../../cutover/contract/headers.ts'
import type { EventContract, LinkContract, Route } from '../../cutover/contract/contract.ts'
import type { Message } from '../../cutover/contract/message.ts'
import type { Database } from '../../cutover/database/database.ts'
import { systemRandom } from '../../cutover/process/clock.ts'
import { events } from '../../school/contracts/events.ts'
import { linkOf } from '../../school/contracts/links.ts'
import type { Answer, School, ServiceName } from './school.ts'

export interface FactOptions {
  readonly route?: Route
  readonly factId?: string
  readonly revision?: number
  readonly producedAt?: string
  /** Members of the payload that no contract knows. */
  readonly more?: object
  readonly meta?: object
}

let position = 0

/** A fact of the link's event, stamped for one route at the first epoch. */
export function aFactOf(link: LinkContract, payload: object, options: FactOptions = {}): Message {
  const {
    route = 'http',
    factId = systemRandom.uuid(),
    revision = null,
    producedAt = '2026-01-01T00:00:00Z',
    more = {},
    meta = {},
  } = options
  const event = eventOf(link)
  const envelope = {
    payload: { ...payload, ...more },
    meta: { event_id: factId, event_version: 0, event_name: event.name, produced_at: producedAt, ...meta },
  }
  return {
    factId,
    event: event.name,
    version: 0,
    businessKey: event.businessKey(payload as never, revision),
    orderKey: event.orderKey(payload as never),
    revision,
    source: link.from,
    position: String(++position),
    stamps: { [link.id]: { route, epoch: 1 } },
    traceparent: null,
    bytes: JSON.stringify(envelope),
  }
}

export function eventOf(link: LinkContract): EventContract {
  const event = events.find(one => one.name === link.event)
  if (event === undefined) throw new Error(`${link.id} carries no event of the school`)
  return event
}

/** What COMM-040, COMM-050 and COMM-080 say, of one task. */
export const completed = (task: string, candidate: string, options: FactOptions = {}): Message =>
  aFactOf(linkOf('COMM-040'), { task_id: task, creator_id: 'm1', candidate_id: candidate }, options)
export const failed = (task: string, candidate: string, options: FactOptions = {}): Message =>
  aFactOf(linkOf('COMM-050'), { task_id: task, creator_id: 'm1', candidate_id: candidate }, options)
export const created = (task: string, options: FactOptions = {}): Message =>
  aFactOf(linkOf('COMM-080'), { task_id: task, creator_id: 'm1', title: 'T' }, options)

const linkOfFact: Readonly<Record<string, string>> = {
  TaskCompleted: 'COMM-040',
  TaskFailed: 'COMM-050',
  TaskCreated: 'COMM-080',
  TaskReworkRequested: 'COMM-030',
}

/** Delivers a fact by HTTP as its sender would, but for the headers that are given; those that are undefined are left out. */
export async function deliver(
  school: School,
  message: Message,
  changed: Readonly<Record<string, string | undefined>> = {},
): Promise<Answer> {
  const link = linkOf(linkOfFact[message.event] ?? '')
  const all = { ...toHeaders(message), 'cutover-link': link.id, 'idempotency-key': `"${message.factId}"`, ...changed }
  const headers = Object.fromEntries(Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
  const path = link.http.path.replace('{id}', encodeURIComponent(message.orderKey))
  return school.call(link.to as ServiceName, { from: link.from, link: link.id }, 'POST', path, { body: message.bytes, headers })
}

/** Bonuses as it is while people work: the account of m1, and the ratings of outcomes as they arrive. */
export async function openAccount(database: Database): Promise<void> {
  await database.query(`insert into account (account_id, manager_id) values ('a1', 'm1')`)
}
export const rate = (database: Database, outcome: Message, rating: number): Promise<unknown> =>
  database.query('insert into rating (outcome_id, task_id, rating) values ($1, $2, $3)', [outcome.factId, outcome.orderKey, rating])

/** The bookings: key and amount, in their order. */
export async function bookings(database: Database): Promise<string[]> {
  const { rows } = await database.query<{ booking: string }>(
    `select business_key || ' ' || amount as booking from ledger order by position`,
    [],
  )
  return rows.map(row => row.booking)
}
