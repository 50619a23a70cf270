import type { Columns } from 'cutover/columns/access'
import type { Envelope } from 'cutover/contract'
import type { Tx } from 'cutover/database'
import type { Handler, Incoming } from 'cutover/receive/handler'
import type { TaskCompleted } from '../../contracts/events/task-completed/event.ts'
import type { TaskCreated } from '../../contracts/events/task-created/event.ts'
import type { TaskFailed } from '../../contracts/events/task-failed/event.ts'
import type { LinkReader } from 'cutover/service'
import type { Manager } from '../../contracts/http/manager.ts'
import { oldTitle } from '../../contracts/title.ts'
import { keepTitles } from '../tasks/title.ts'
import type { Rating } from '../../contracts/http/rating.ts'
import { ratingKey } from '../ratings/copy.ts'
import { bookingsOf, comparable, type Entry, fund, post } from '../ledger/ledger.ts'
import type { Reason } from '../money/policy.ts'
import { type Award, decideAward, type Known } from './award.ts'

type Booked = TaskCompleted | TaskFailed | TaskCreated

/** What other services own and an award needs. */
export interface Sources {
  readonly managers: LinkReader<Manager>
  readonly ratings: LinkReader<Rating>
}

/** COMM-040, COMM-050, COMM-080: three facts, one room. */
export function openAwards(sources: Sources, titles: Columns) {
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
          happenedAt: timeOf(message.envelope.meta.produced_at),
        }
      }
      return {
        lookup: (messages, tx) => lookup(sources, messages.map(awardOf), tx),
        decide: (message, known) => decideAward(awardOf(message), known),
        apply: (effects, tx) =>
          post(
            effects.map(one => one.effect),
            tx,
          ),
        effects: { found: (keys, tx) => bookingsOf(tx, keys), content: comparable },
      }
    }
  const onTaskCreated = awards('task created')<TaskCreated>()
  return {
    onTaskCompleted: awards('task completed')<TaskCompleted>(),
    onTaskFailed: awards('task failed')<TaskFailed>(),
    onTaskCreated: {
      ...onTaskCreated,
      async apply(effects, tx) {
        const applied = await onTaskCreated.apply(effects, tx)
        const told = effects.map(({ message }) => message.envelope.payload)
        await keepTitles(
          tx,
          titles,
          told.map(payload => ({ id: payload.task_id, title: oldTitle(payload) })),
        )
        return applied
      },
    } satisfies typeof onTaskCreated,
  }
}

/** The released documents leave the time open: what is none, or none that a database can hold, is nobody's word. */
function timeOf(text: string): string | null {
  const ms = Date.parse(text)
  return ms >= 0 && ms < Date.UTC(9999) ? new Date(ms).toISOString() : null
}

async function lookup({ managers, ratings }: Sources, all: readonly Award[], tx: Tx): Promise<Known> {
  const rated = all.filter(award => award.reason === 'task completed')
  const found = await ratings.known(
    tx,
    rated.map(award => ratingKey(award.factId, award.taskId)),
  )
  return {
    ...(await accountsOf(managers, [...new Set(all.map(award => award.creatorId))], tx)),
    ratings: new Map([...found.values()].map(one => [one.outcome_id, one.rating])),
    waitsFor: {
      manager: id => managers.waitsFor(id),
      rating: (outcomeId, taskId) => ratings.waitsFor(ratingKey(outcomeId, taskId)),
    },
  }
}

/** The accounts of managers. The first booking of one that is known by now opens it: an account is bonuses' own, for ever. */
async function accountsOf(managers: LinkReader<Manager>, ids: readonly string[], tx: Tx): Promise<Pick<Known, 'accounts' | 'fundBalance'>> {
  const { rows } = await tx.query<{ manager_id: string | null; account_id: string; balance: string }>(
    'select manager_id, account_id, balance from account where manager_id = any($1::text[]) or account_id = $2',
    [ids, fund],
  )
  const accounts = new Map(
    rows.flatMap(row =>
      row.manager_id === null ? [] : [[row.manager_id, { id: row.account_id, isNew: false, balance: Number(row.balance) }]],
    ),
  )
  const fresh = await managers.known(
    tx,
    ids.filter(id => !accounts.has(id)),
  )
  for (const { manager_id, account_id } of fresh.values()) accounts.set(manager_id, { id: account_id, isNew: true, balance: 0 })
  return { accounts, fundBalance: Number(rows.find(row => row.account_id === fund)?.balance ?? 0) }
}
