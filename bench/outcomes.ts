import type { LinkContract } from '../cutover/contract/contract.ts'
import type { Message } from '../cutover/contract/message.ts'
import { systemRandom } from '../cutover/process/clock.ts'
import { TaskFailed } from '../school/contracts/events/task-failed/event.ts'
import { links } from '../school/contracts/links.ts'

/** What is measured with: a wrong answer. It is booked with a fixed amount, so it needs nothing but the author's account. */
export const event = TaskFailed

const debit = links.find(link => link.event === event.name)
if (debit === undefined) throw new Error(`no link carries ${event.name}`)
/** The link that carries it, on the event route. */
export const link: LinkContract = { ...debit, start: 'event' }

export const managers = 200
const tasks = 1_000
export const managerOf = (n: number): string => `manager-${n % managers}`

/** The n-th outcome: every one is another effect. Ids have the length of real ones; an envelope has some 390 bytes. */
export const outcome = (n: number): { task_id: string; creator_id: string; candidate_id: string } => ({
  task_id: `0190a1b2-c3d4-7000-8000-${String(n % tasks).padStart(12, '0')}`,
  creator_id: managerOf(n),
  candidate_id: `0190a1b2-c3d4-7000-9000-${String(n).padStart(12, '0')}`,
})

/** The n-th outcome as a message in the log. */
export function message(n: number): Message {
  const payload = outcome(n)
  const factId = systemRandom.uuid()
  const meta = { event_id: factId, event_version: 0, event_name: event.name, produced_at: new Date().toISOString() }
  return {
    factId,
    event: event.name,
    version: 0,
    businessKey: event.businessKey(payload, null),
    orderKey: event.orderKey(payload),
    revision: null,
    source: event.service,
    position: String(n + 1),
    stamps: { [link.id]: { route: 'event', epoch: 1 } },
    traceparent: null,
    bytes: JSON.stringify({ payload, meta }),
  }
}

/** Numbers from..from+count-1, in slices that fit a statement. */
export function* slices(from: number, count: number, size = 500): Generator<readonly number[]> {
  for (let first = from; first < from + count; first += size) {
    yield Array.from({ length: Math.min(size, from + count - first) }, (_, index) => first + index)
  }
}
