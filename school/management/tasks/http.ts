import type { Columns } from 'cutover/columns/access'
import type { Database, Tx } from 'cutover/database'
import { Problem } from 'cutover/failure'
import type { HttpRequest, RouteDefinition } from 'cutover/http/server'
import type { Random } from 'cutover/process/clock'
import type { Once } from 'cutover/service'
import { closed, id, pageLimit, questions, taskText } from '../../contracts/bounds.ts'
import { TaskChanged } from '../../contracts/events/task-changed/event.ts'
import { TaskCreated } from '../../contracts/events/task-created/event.ts'
import type { Task } from '../../contracts/http/task.ts'
import { titleLens, titleText } from '../../contracts/title.ts'

type TaskRow = Task & { readonly revision: number }

interface TaskBody {
  readonly title: string
  readonly text: string
  readonly questions: readonly { readonly question: string; readonly answer: string }[]
}

const taskBody = closed({ title: titleText, text: taskText, questions })

/** Nobody is to make a task harder any more that was made so, or taken back. */
const endReworks = (tx: Tx, taskId: string | undefined): Promise<unknown> =>
  tx.query('update rework set done_at = now() where task_id = $1 and done_at is null', [taskId])

/** The state as it is told. */
const told = ({ title, ...rest }: Task) => ({ ...rest, ...titleLens.up({ title }) })

/** The person who calls; the policy has let in persons only. */
const subjectOf = (request: HttpRequest): string => (request.caller?.kind === 'person' ? request.caller.subject : '')

const unknown = (): Problem => new Problem('task_unknown', { detail: 'there is no task with this id, or it is not yours' })

/** `title` says how the title of a row is written and read. */
export const taskRoutes = (database: Database, once: Once, random: Random, title: Columns): RouteDefinition[] => {
  const columns = `task_id, creator_id, ${title.expression} as title, text, questions, revision::int as revision`
  return [
    {
      method: 'POST',
      path: '/tasks',
      operationId: 'createTask',
      summary: 'Writes a task; its author earns a bonus for it.',
      policy: { persons: ['manager'] },
      repeats: { key: 'accepted' },
      body: taskBody,
      handle: request =>
        once(request, async (tx, record) => {
          const creator = subjectOf(request)
          const body = request.body as TaskBody
          const taskId = `t-${random.uuid()}`
          const { rowCount } = await tx.query('select from manager where manager_id = $1', [creator])
          if (rowCount === 0) throw new Problem('manager_unknown', { detail: 'you are not a manager here; ask an admin to take you on' })
          // A new row that nobody else can see yet: its key is ours until the commit.
          const factId = record(TaskCreated, { task_id: taskId, creator_id: creator, ...titleLens.up(body) })
          await tx.query(
            `insert into task (task_id, creator_id, text, questions, fact_id, ${title.written}) values ($1, $2, $3, $4, $5, ${title.placed(6)})`,
            [taskId, creator, body.text, JSON.stringify(body.questions), factId, ...title.values(body.title)],
          )
          record(TaskChanged, told({ task_id: taskId, creator_id: creator, ...body }), { revision: 1 })
          return {
            status: 201,
            body: { task_id: taskId, creator_id: creator, ...body, revision: 1 },
            headers: { location: `/tasks/${taskId}` },
          }
        }),
    },
    {
      method: 'PUT',
      path: '/tasks/{id}',
      operationId: 'editTask',
      summary: 'Publishes a new revision of one’s own task, and so does what was asked for by reworks of older ones.',
      policy: { persons: ['manager'] },
      repeats: { key: 'accepted' },
      params: closed({ id }),
      body: taskBody,
      handle: request =>
        once(request, async (tx, record) => {
          const body = request.body as TaskBody
          const { rows } = await tx.query<TaskRow>(
            `update task set text = $3, questions = $4, revision = revision + 1, edited_at = now(), ${title.assigned(5)}
            where task_id = $1 and creator_id = $2 and not removed returning ${columns}`,
            [request.params['id'], subjectOf(request), body.text, JSON.stringify(body.questions), ...title.values(body.title)],
          )
          if (rows[0] === undefined) throw unknown()
          await endReworks(tx, request.params['id'])
          const { revision, ...state } = rows[0]
          record(TaskChanged, told(state), { revision })
          return { body: rows[0] }
        }),
    },
    {
      method: 'DELETE',
      path: '/tasks/{id}',
      operationId: 'removeTask',
      summary: 'Takes one’s own task back: nobody is given it any more. What was answered and paid stands.',
      policy: { persons: ['manager'] },
      repeats: { key: 'accepted' },
      params: closed({ id }),
      handle: request =>
        once(request, async (tx, record) => {
          const { rows } = await tx.query<TaskRow>(
            `update task set removed = true, revision = revision + 1, edited_at = now()
            where task_id = $1 and creator_id = $2 and not removed returning ${columns}`,
            [request.params['id'], subjectOf(request)],
          )
          if (rows[0] === undefined) throw unknown()
          await endReworks(tx, request.params['id'])
          const { revision, ...state } = rows[0]
          record(TaskChanged, told(state), { revision, removed: true })
          return { status: 204 }
        }),
    },
    {
      method: 'GET',
      path: '/tasks/{id}',
      operationId: 'getTask',
      summary: 'COMM-020 by HTTP: the whole task with its answer key. For its author, and for hiring.',
      policy: { persons: ['manager'], links: [{ from: 'hiring', link: 'COMM-020' }] },
      link: 'COMM-020',
      params: closed({ id }),
      async handle(request) {
        const author = request.caller?.kind === 'person' ? request.caller.subject : null
        const { rows } = await database.query(
          `select ${columns} from task where task_id = $1 and not removed and ($2::text is null or creator_id = $2)`,
          [request.params['id'], author],
        )
        if (rows[0] === undefined) throw unknown()
        return { body: rows[0] }
      },
    },
    {
      method: 'GET',
      path: '/tasks',
      operationId: 'listTasks',
      summary: 'One’s own tasks, in the order of their ids, from after `after`.',
      policy: { persons: ['manager'] },
      query: { type: 'object', additionalProperties: false, properties: { after: id, limit: pageLimit } },
      async handle(request) {
        const limit = Number(request.query['limit'] ?? 50)
        const { rows } = await database.query<{ task_id: string }>(
          `select task_id, ${title.expression} as title, revision::int as revision, edited_at from task where creator_id = $1 and not removed and task_id > $2 order by task_id limit $3`,
          [subjectOf(request), request.query['after'] ?? '', limit],
        )
        return { body: { tasks: rows, next: rows.length === limit ? (rows.at(-1)?.task_id ?? null) : null } }
      },
    },
  ]
}
