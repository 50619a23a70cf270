import type { Handler } from 'cutover/receive/handler'
import type { TaskReworkRequested } from '../../contracts/events/task-rework-requested/event.ts'

interface Rework {
  readonly taskId: string
  readonly revision: number
  readonly solvedCount: number
  readonly managerId: string
}

/** COMM-030: appoints the author to make a task harder, once per task and revision. */
export const onReworkRequested: Handler<TaskReworkRequested, ReadonlyMap<string, string>, Rework> = {
  async lookup(messages, tx) {
    const { rows } = await tx.query<{ task_id: string; creator_id: string }>(
      'select task_id, creator_id from task where task_id = any($1::text[])',
      [messages.map(message => message.envelope.payload.task_id)],
    )
    return new Map(rows.map(row => [row.task_id, row.creator_id]))
  },
  decide(message, authors) {
    const { task_id: taskId, solved_count: solvedCount } = message.envelope.payload
    const managerId = authors.get(taskId)
    if (managerId === undefined) return { do: 'reject', rule: 'task_gone' }
    if (message.revision === null) return { do: 'reject', rule: 'revision_missing' }
    return { do: 'apply', effect: { taskId, revision: message.revision, solvedCount, managerId } }
  },
  async apply(effects, tx) {
    const { rows } = await tx.query<{ task_id: string; revision: string }>(
      // An edit of the task that is under way is waited for: it closes what it finds open, and what comes after it is closed here.
      `with edited as materialized (select task_id, revision from task where task_id = any($1::text[]) order by task_id for share)
       insert into rework (task_id, revision, solved_count, manager_id, done_at)
       select r.task_id, r.revision, r.solved_count, r.manager_id, case when edited.revision > r.revision then now() end
         from unnest($1::text[], $2::bigint[], $3::int[], $4::text[]) as r(task_id, revision, solved_count, manager_id) join edited using (task_id)
       on conflict do nothing returning task_id, revision`,
      [
        effects.map(one => one.effect.taskId),
        effects.map(one => one.effect.revision),
        effects.map(one => one.effect.solvedCount),
        effects.map(one => one.effect.managerId),
      ],
    )
    const made = new Set(rows.map(row => `${row.task_id}:${row.revision}`))
    const { rows: there } = await tx.query<{ task_id: string; revision: string; solved_count: number }>(
      `select task_id, revision, solved_count from rework where (task_id, revision) in (select * from unnest($1::text[], $2::bigint[]))`,
      [effects.map(one => one.effect.taskId), effects.map(one => one.effect.revision)],
    )
    const counts = new Map(there.map(row => [`${row.task_id}:${row.revision}`, row.solved_count]))
    return effects.map(({ effect }) => {
      const key = `${effect.taskId}:${effect.revision}`
      if (made.has(key)) return { outcome: 'done' }
      const first = counts.get(key)
      if (first === effect.solvedCount) return { outcome: 'duplicate' }
      return { outcome: 'conflict', first: `solved_count ${first}`, second: `solved_count ${effect.solvedCount}` }
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
