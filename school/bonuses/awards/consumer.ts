import type { Envelope } from 'cutover/contract'
import type { Tx } from 'cutover/database'
import type { Handler, Incoming } from 'cutover/receive/handler'
import type { TaskCompleted } from '../../contracts/events/task-completed/event.ts'
import type { TaskCreated } from '../../contracts/events/task-created/event.ts'
import type { TaskFailed } from '../../contracts/events/task-failed/event.ts'
import { bookingsOf, comparable, type Entry, post } from '../ledger/ledger.ts'
import type { Reason } from '../money/policy.ts'
import { type Award, decideAward, type Known } from './award.ts'

type Booked = TaskCompleted | TaskFailed | TaskCreated

const awards =
  (reason: Reason) =>
  <M extends Booked & Envelope>(): Handler<M, Known, Entry> => {
    const awardOf = (message: Incoming<M>): Award => {
      const payload = message.envelope.payload as { task_id: string; creator_id: string; candidate_id?: string }
      return {
        businessKey: message.businessKey,
        factId: message.factId,
        reason,
        taskId: payload.task_id,
        candidateId: payload.candidate_id ?? null,
        creatorId: payload.creator_id,
      }
    }
    return {
      versions: [0],
      lookup: (messages, tx) => lookup(messages.map(awardOf), tx),
      decide: (message, known) => decideAward(awardOf(message), known),
      apply: (effects, tx) =>
        post(
          effects.map(one => one.effect),
          tx,
        ),
      effects: { found: (keys, tx) => bookingsOf(tx, keys), content: comparable },
    }
  }

/** COMM-040, COMM-050, COMM-080: three facts, one room. */
export const onTaskCompleted = awards('task completed')<TaskCompleted>()
export const onTaskFailed = awards('task failed')<TaskFailed>()
export const onTaskCreated = awards('task created')<TaskCreated>()

async function lookup(all: readonly Award[], tx: Tx): Promise<Known> {
  const { rows: accounts } = await tx.query<{ manager_id: string; account_id: string }>(
    'select manager_id, account_id from account where manager_id = any($1::text[])',
    [[...new Set(all.map(award => award.creatorId))]],
  )
  const rated = all.filter(award => award.reason === 'task completed').map(award => award.factId)
  const { rows: ratings } =
    rated.length === 0
      ? { rows: [] }
      : await tx.query<{ outcome_id: string; rating: number }>('select outcome_id, rating from rating where outcome_id = any($1::uuid[])', [
          rated,
        ])
  return {
    accounts: new Map(accounts.map(row => [row.manager_id, row.account_id])),
    ratings: new Map(ratings.map(row => [row.outcome_id, row.rating])),
  }
}
