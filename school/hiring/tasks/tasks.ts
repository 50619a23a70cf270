import type { Database } from 'cutover/database'
import { openBreaker } from 'cutover/failure/breaker'
import type { Clock, Random } from 'cutover/process/clock'
import type { Log } from 'cutover/process/log'
import type { LinkReader } from 'cutover/service'
import { isTask, type Task } from '../../contracts/http/task.ts'

/** A task as hiring holds it. */
export interface HeldTask extends Task {
  readonly withdrawn: boolean
}

/** Hiring's copies of tasks, refreshed over COMM-020. Reads go out before any transaction begins, never inside one. */
export interface Tasks {
  /** The tasks as freshly as can be had: management is asked where the copy is missing, old or withdrawn; when it is away, the copy answers. */
  fresh(taskIds: readonly string[]): Promise<ReadonlyMap<string, HeldTask>>
}

/** A copy that is younger is not asked for again. */
const freshMs = 5_000
const concurrency = 8
const columns = 'task_id, creator_id, title, text, questions, revision::int as revision, withdrawn'

export interface TasksOptions {
  readonly database: Database
  /** COMM-020. */
  readonly owner: LinkReader
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

export function openTasks({ database, owner, clock, random, log }: TasksOptions): Tasks {
  // While management is away or hangs, one request at a time finds out whether it is back; nobody else waits for it.
  const breaker = openBreaker({ failuresMax: 3, firstMs: 500, maxMs: 5_000 }, clock, random)
  const readAt = new Map<string, number>()

  async function refresh(taskId: string): Promise<void> {
    if (!breaker.enter()) return
    const task = await ask(taskId)
    if (task === null) return
    if (!isTask(task) || task.task_id !== taskId)
      throw new Error(`management answered COMM-020 for ${taskId} with something that is not this task`)
    await store(database, task)
    if (readAt.size > 10_000) readAt.clear()
    readAt.set(taskId, clock.now())
  }

  async function ask(taskId: string): Promise<unknown> {
    try {
      const answer = await owner.get<unknown>(`/tasks/${encodeURIComponent(taskId)}`)
      breaker.succeeded()
      return answer
    } catch (error) {
      breaker.failed()
      throw error
    }
  }

  async function held(taskIds: readonly string[]): Promise<Map<string, HeldTask>> {
    const { rows } = await database.query<HeldTask>(`select ${columns} from task where task_id = any($1::text[])`, [taskIds])
    return new Map(rows.map(row => [row.task_id, row]))
  }

  return {
    async fresh(taskIds) {
      const before = await held(taskIds)
      const due = taskIds.filter(id => before.get(id)?.withdrawn !== false || clock.now() - (readAt.get(id) ?? 0) > freshMs)
      const worker = async (): Promise<void> => {
        for (let id = due.shift(); id !== undefined; id = due.shift()) {
          await refresh(id).catch(error => log.debug({ err: error, taskId: id }, 'COMM-020: the copy answers'))
        }
      }
      const asked = due.length
      await Promise.all(Array.from({ length: Math.min(concurrency, asked) }, worker))
      return asked === 0 ? before : held(taskIds)
    },
  }
}

/** Keeps the newest revision; a newer one puts a withdrawn task back and begins to count anew. */
async function store(database: Database, task: Task): Promise<void> {
  await database.query(
    `insert into task (task_id, creator_id, title, text, questions, revision) values ($1, $2, $3, $4, $5, $6)
     on conflict (task_id) do update
       set title = excluded.title, text = excluded.text, questions = excluded.questions, revision = excluded.revision,
           solved = 0, withdrawn = false, read_at = now()
     where task.revision < excluded.revision`,
    [task.task_id, task.creator_id, task.title, task.text, JSON.stringify(task.questions), task.revision],
  )
}
