import type { Columns } from 'cutover/columns/access'
import type { Database } from 'cutover/database'
import type { Clock } from 'cutover/process/clock'
import type { Log } from 'cutover/process/log'
import type { Kept } from 'cutover/replica'
import type { LinkReader } from 'cutover/service'
import type { Task } from '../../contracts/http/task.ts'

/** A task as hiring works with it: as it was read last, and what hiring knows about it itself. */
export interface HeldTask extends Task {
  readonly revision: number
  readonly withdrawn: boolean
  /** Its author took it back. */
  readonly gone: boolean
}

/** The tasks that hiring works with, refreshed over COMM-020. Reads go out before any transaction begins, never inside one. */
export interface Tasks {
  /** The tasks as freshly as can be had: they are read anew where they are missing, old or withdrawn; while that fails, what is held answers. */
  fresh(taskIds: readonly string[]): Promise<ReadonlyMap<string, HeldTask>>
}

/** What was read from its owner by HTTP is not asked for again for so long. A copy here is read every time. */
const freshMs = 5_000
const concurrency = 8

export interface TasksOptions {
  readonly database: Database
  /** COMM-020. */
  readonly owner: LinkReader<Task>
  readonly clock: Clock
  readonly log: Log
  /** How the title of a row is written and read. */
  readonly title: Columns
}

export function openTasks({ database, owner, clock, log, title }: TasksOptions): Tasks {
  const columns = `task_id, creator_id, ${title.expression} as title, text, questions, revision::int as revision, withdrawn, gone`
  const readAt = new Map<string, number>()

  async function refresh(taskId: string): Promise<void> {
    const kept = await owner.get(taskId)
    if (kept === null) await database.query('update task set gone = true where task_id = $1 and not gone', [taskId])
    else await store(database, title, kept)
    if (readAt.size > 10_000) readAt.clear()
    readAt.set(taskId, clock.now())
  }

  async function held(taskIds: readonly string[]): Promise<Map<string, HeldTask>> {
    const { rows } = await database.query<HeldTask>(`select ${columns} from task where task_id = any($1::text[])`, [taskIds])
    return new Map(rows.map(row => [row.task_id, row]))
  }

  return {
    async fresh(taskIds) {
      const before = await held(taskIds)
      const isDue = (id: string): boolean =>
        before.get(id)?.withdrawn !== false || owner.answersFrom() === 'replica' || clock.now() - (readAt.get(id) ?? 0) > freshMs
      const due = taskIds.filter(isDue)
      const worker = async (): Promise<void> => {
        for (let id = due.shift(); id !== undefined; id = due.shift()) {
          await refresh(id).catch(error => log.debug({ err: error, taskId: id }, 'COMM-020: what is held answers'))
        }
      }
      const asked = due.length
      await Promise.all(Array.from({ length: Math.min(concurrency, asked) }, worker))
      return asked === 0 ? before : held(taskIds)
    },
  }
}

/** Keeps the newest revision; a newer one puts a withdrawn task back and begins to count anew. */
async function store(database: Database, title: Columns, { row: task, revision }: Kept<Task>): Promise<void> {
  await database.query(
    `insert into task (task_id, creator_id, text, questions, revision, ${title.written}) values ($1, $2, $3, $4, $5, ${title.placed(6)})
     on conflict (task_id) do update
       set ${title.assigned(6)}, text = excluded.text, questions = excluded.questions, revision = excluded.revision,
           solved = 0, withdrawn = false, read_at = now()
     where task.revision < excluded.revision`,
    [task.task_id, task.creator_id, task.text, JSON.stringify(task.questions), revision, ...title.values(task.title)],
  )
}
