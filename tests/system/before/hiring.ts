// Hiring as the school had it: the answer key is asked for at every check, and the bonus is called for while the candidate
// waits. What was called for is written down nowhere, a second submission is checked and called for like the first, and a
// task stays in use however often it was solved.
import { Problem } from '../../../cutover/failure/problem.ts'
import { openClient } from '../../../cutover/http/client.ts'
import type { HttpRequest, RouteDefinition } from '../../../cutover/http/server.ts'
import { openSigner } from '../../../cutover/http/tokens.ts'
import { toHeaders } from '../../../cutover/contract/headers.ts'
import { type ServiceContext, runService } from '../../../cutover/service/service.ts'
import type { Task } from '../../../school/contracts/http/task.ts'
import { isRight } from '../../../school/hiring/assignments/answer.ts'
import { ratingOf } from '../../../school/hiring/ratings/rating.ts'
import { hiring } from '../../../school/hiring/service.ts'

const urls = JSON.parse(process.env['SERVICE_URLS'] ?? '{}') as Readonly<Record<string, readonly string[]>>
const signer = await openSigner({ issuer: 'hiring', privateKeyFile: process.env['PRIVATE_KEY_FILE'] ?? '' })
const clientOf = (service: string, link: string) =>
  openClient({
    baseUrls: urls[service] ?? [],
    token: () => signer.token({ audience: service, link }),
    deadlineMs: 2_000,
    connectionsMax: 64,
  })
const management = clientOf('management', 'COMM-020')
const bonuses = { 'COMM-040': clientOf('bonuses', 'COMM-040'), 'COMM-050': clientOf('bonuses', 'COMM-050') } as const

const answerNow =
  ({ database, random }: ServiceContext): RouteDefinition['handle'] =>
  async (request: HttpRequest) => {
    const { rows } = await database.query<{ task_id: string; candidate_id: string; checks: number; failed: number }>(
      `select a.task_id, a.candidate_id, t.checks, t.failed from assignment a join task t using (task_id) where assignment_id = $1`,
      [request.params['id']],
    )
    const found = rows[0]
    if (found === undefined) throw new Problem('assignment_unknown', { detail: 'there is no such assignment' })
    const asked = await management.request({ method: 'GET', path: `/tasks/${found.task_id}` })
    const task = JSON.parse(asked.body) as Task
    const right = isRight((request.body as { answers: string[] }).answers, task.questions)
    const [outcome, factId] = [right ? 'completed' : 'failed', random.uuid()]
    const rating = ratingOf(found.failed + (right ? 0 : 1), found.checks + 1)
    await database.query('update task set checks = checks + 1, failed = failed + $2 where task_id = $1', [found.task_id, right ? 0 : 1])
    await database.query(
      'update assignment set outcome = $2, outcome_id = $3, rating = $4, rating_id = $3, decided_at = now() where assignment_id = $1',
      [request.params['id'], outcome, factId, rating],
    )
    const [link, event] = right ? (['COMM-040', 'TaskCompleted'] as const) : (['COMM-050', 'TaskFailed'] as const)
    const payload = { task_id: found.task_id, creator_id: task.creator_id, candidate_id: found.candidate_id }
    const meta = { event_id: factId, event_version: 0, event_name: event, produced_at: new Date().toISOString() }
    const bytes = JSON.stringify({ payload, meta })
    const businessKey = `${event}:${found.task_id}:${found.candidate_id}`
    const stamps = { [link]: { route: 'http' as const, epoch: 1 } }
    const message = { factId, event, version: 0, businessKey, orderKey: found.task_id, revision: null, source: 'hiring', position: '1' }
    const headers = {
      ...toHeaders({ ...message, stamps, traceparent: null, bytes }),
      'cutover-link': link,
      'idempotency-key': `"${factId}"`,
    }
    const booked = await bonuses[link].request({
      method: 'POST',
      path: right ? '/credits' : '/debits',
      headers: { ...headers, 'content-type': 'application/json' },
      body: bytes,
    })
    if (booked.status >= 300) throw new Error(`bonuses answered ${booked.status}`)
    return { body: { assignment_id: request.params['id'], task_id: found.task_id, outcome, rating, repeated: false } }
  }

await runService({
  ...hiring,
  build(context) {
    const parts = hiring.build(context)
    const old = { handle: answerNow(context) }
    return { ...parts, routes: parts.routes.map(route => (route.operationId === 'answerAssignment' ? { ...route, ...old } : route)) }
  },
})
