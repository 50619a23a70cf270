// Bonuses as the school had it: every call is booked, by the rating that is known at that moment.
import { randomUUID } from 'node:crypto'
import type { Handler } from '../../../cutover/receive/handler.ts'
import { runService } from '../../../cutover/service/service.ts'
import { decideAward, type Known } from '../../../school/bonuses/awards/award.ts'
import type { Entry } from '../../../school/bonuses/ledger/ledger.ts'
import { bonuses } from '../../../school/bonuses/service.ts'

/** Of a task that nobody has rated here yet. */
const unrated = 50

await runService({
  ...bonuses,
  build(context) {
    const parts = bonuses.build(context)
    void context.database.query('drop index if exists ledger_outcome')
    const old = (link: string): Handler => {
      const right = parts.handlers[link] as Handler<never, Known, Entry>
      return {
        ...right,
        async lookup(messages, tx) {
          const known = await right.lookup(messages as never, tx)
          const tasks = messages.map(message => (message.envelope.payload as { task_id: string }).task_id)
          const { rows } = await tx.query<{ task_id: string; rating: number }>(
            'select distinct on (task_id) task_id, rating from rating where task_id = any($1::text[]) order by task_id, outcome_id desc',
            [tasks],
          )
          const now = new Map(rows.map(row => [row.task_id, row.rating]))
          return { ...known, ratings: new Map(messages.map((message, at) => [message.factId, now.get(tasks[at] ?? '') ?? unrated])) }
        },
        decide(message, known) {
          const { factId, businessKey, envelope, event } = message
          const payload = envelope.payload as { task_id: string; creator_id: string; candidate_id: string }
          const reason = event === 'TaskCompleted' ? 'task completed' : 'task failed'
          const { task_id: taskId, creator_id: creatorId, candidate_id: candidateId } = payload
          return decideAward({ businessKey, factId, reason, taskId, candidateId, creatorId }, known as Known)
        },
        apply: (effects, tx) =>
          right.apply(
            effects.map(one => {
              const effect = one.effect as Entry
              return { ...one, effect: { ...effect, businessKey: `${effect.businessKey}:${randomUUID()}` } }
            }) as never,
            tx,
          ),
      }
    }
    return { ...parts, handlers: { ...parts.handlers, 'COMM-040': old('COMM-040'), 'COMM-050': old('COMM-050') } }
  },
})
