import type { Handler } from 'cutover/receive/handler'
import type { TaskReworkRequested } from '../../contracts/events/task-rework-requested/event.ts'

interface Author {
  readonly creatorId: string
  /** Its author took the task back. */
  readonly removed: boolean
}

interface Rework {
  readonly taskId: string
  readonly revision: number
  readonly solvedCount: number
  readonly managerId: string
}

/** COMM-030: appoints the author to make a task harder, once per task and revision. */
export const onReworkRequested: Handler<TaskReworkRequested, ReadonlyMap<string, Author>, Rework> = {
  async lookup(messages, tx) {
    const { rows } = await tx.query<{ task_id: string; creator_id: string; removed: boolean }>(
      'select task_id, creator_id, removed from task where task_id = any($1::text[])',
      [messages.map(message => message.envelope.payload.task_id)],
    )
    return new Map(rows.map(row => [row.task_id, { creatorId: row.creator_id, removed: row.removed }]))
  },
  decide(message, authors) {
    const { task_id: taskId, solved_count: solvedCount } = message.envelope.payload
    const author = authors.get(taskId)
    // Tasks are made here and never deleted: one that is not here is not here yet, or was lost, and a person has to look.
    if (author === undefined) return { do: 'wait', for: `task_unknown:${taskId}` }
    if (author.removed) return { do: 'reject', rule: 'task_gone' }
    if (message.revision === null) return { do: 'reject', rule: 'revision_missing' }
    return { do: 'apply', effect: { taskId, revision: message.revision, solvedCount, managerId: author.creatorId } }
  },
  async apply(effects, tx) {
    const { rows } = await tx.query<{ task_id: string; revision: string }>(
      // An edit of the task that is under way is waited for: it closes what it finds open, and what comes after it is closed here.
      `with edited as materialized (select task_id, revision from task where task_id = any($1::text[]) order by task_id for share)
       insert into rework (task_id, revision, solved_count, manager_id, fact_id, done_at)
       select r.task_id, r.revision, r.solved_count, r.manager_id, r.fact_id, case when edited.revision > r.revision then now() end
         from unnest($1::text[], $2::bigint[], $3::int[], $4::text[], $5::uuid[]) as r(task_id, revision, solved_count, manager_id, fact_id) join edited using (task_id)
       on conflict do nothing returning task_id, revision`,
      [
        effects.map(one => one.effect.taskId),
        effects.map(one => one.effect.revision),
        effects.map(one => one.effect.solvedCount),
        effects.map(one => one.effect.managerId),
        effects.map(one => one.message.factId),
      ],
    )
    const made = new Set(rows.map(row => `${row.task_id}:${row.revision}`))
    const { rows: there } = await tx.query<{ task_id: string; revision: string; solved_count: number; fact_id: string | null }>(
      `select task_id, revision, solved_count, fact_id from rework where (task_id, revision) in (select * from unnest($1::text[], $2::bigint[]))`,
      [effects.map(one => one.effect.taskId), effects.map(one => one.effect.revision)],
    )
    const firsts = new Map(there.map(row => [`${row.task_id}:${row.revision}`, row]))
    return effects.map(({ effect }) => {
      const key = `${effect.taskId}:${effect.revision}`
      if (made.has(key)) return { outcome: 'done' }
      const first = firsts.get(key)
      if (first?.solved_count === effect.solvedCount)
        return { outcome: 'duplicate', of: first.fact_id ?? undefined, first: `solved_count ${first.solved_count}` }
      return { outcome: 'conflict', first: `solved_count ${first?.solved_count}`, second: `solved_count ${effect.solvedCount}` }
    })
  },
  effects: {
    async found(keys, tx) {
      const wanted = keys.map(key => key.split(':'))
      const { rows } = await tx.query<{ task_id: string; revision: string; solved_count: number; manager_id: string }>(
        `select task_id, revision, solved_count, manager_id from rework
          where (task_id, revision) in (select * from unnest($1::text[], $2::bigint[]))`,
        [wanted.map(parts => parts[1]), wanted.map(parts => parts[2])],
      )
      return new Map(
        rows.map(({ task_id, revision, solved_count, manager_id }) => [
          `TaskReworkRequested:${task_id}:${revision}`,
          { task_id, revision: Number(revision), solved_count, manager_id },
        ]),
      )
    },
    content: effect => ({
      task_id: effect.taskId,
      revision: effect.revision,
      solved_count: effect.solvedCount,
      manager_id: effect.managerId,
    }),
  },
}
