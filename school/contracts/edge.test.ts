import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventContract } from 'cutover/contract'
import type { Database } from 'cutover/database'
import { openServer, type RouteDefinition } from 'cutover/http/server'
import type { Caller, Verifier } from 'cutover/http/tokens'
import { systemRandom } from 'cutover/process/clock'
import { openLog } from 'cutover/process/log'
import fc from 'fast-check'
import { buildFact } from '../../cutover/outbox/fact.ts'
import type { RecordFact } from 'cutover/outbox'
import type { Once } from 'cutover/service'
import { openRegistry } from '../../cutover/registry/registry.ts'
import { aReader } from '../../tests/reading.ts'
import { assignmentRoutes } from '../hiring/assignments/http.ts'
import { candidateRoutes } from '../hiring/candidates/http.ts'
import { managerRoutes } from '../management/managers/http.ts'
import { taskRoutes } from '../management/tasks/http.ts'
import { id } from './bounds.ts'
import { CandidateRegistered } from './events/candidate-registered/event.ts'
import { ManagerCreated } from './events/manager-created/event.ts'
import { TaskChanged } from './events/task-changed/event.ts'
import { events } from './events.ts'
import { links } from './links.ts'
import { wholeTitles } from '../../tests/titles.ts'

const registry = openRegistry(events)
const details = { service: 'school', factId: '01890000-0000-7000-8000-000000000001', producedAt: '2026-01-01T00:00:00.000Z', revision: 1 }
const start = { epoch: 1, links: {}, versions: {} } as never
const appendable = (event: EventContract, payload: object): void => void buildFact(event, payload, details, start, links, registry)

// Stores that accept everything: what is tried is the edge, and the append behind it.
const record: RecordFact = (event, payload) => {
  appendable(event, payload)
  return details.factId
}
const rows = { rows: [], rowCount: 1 }
const database = { query: async () => rows } as unknown as Database
const once: Once = (_, work) => work({ query: async () => rows } as never, record)

async function serve(
  routes: readonly RouteDefinition[],
  caller: Caller | (() => Caller),
): Promise<(path: string, body: string) => Promise<{ status: number; body: Record<string, unknown> }>> {
  const verifier: Verifier = { verify: async () => (typeof caller === 'function' ? caller() : caller) }
  const log = openLog({ service: 'test', instance: '1', level: 'fatal' })
  const server = await openServer({ service: 'test', port: 0, routes, verifier, log, ready: async () => ({}) })
  return async (url, payload) => {
    const answer = await server.inject({
      method: 'POST',
      url,
      payload,
      headers: { 'content-type': 'application/json', authorization: 'Bearer any' },
    })
    return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() }
  }
}

const manager: Caller = { kind: 'person', subject: 'm1', role: 'manager' }
const admin: Caller = { kind: 'person', subject: 'a1', role: 'admin' }

/** Text that is in bounds, of every kind, and as long as may be of what takes most bytes. */
const texts = (maxLength: number): fc.Arbitrary<string> =>
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc
        .string({ unit: 'grapheme', maxLength: 20 })
        .map(some => `x${some}`.slice(0, 200).toWellFormed().replaceAll('\u0000', '')),
    },
    { weight: 1, arbitrary: fc.constantFrom('<script>', '=1+1', '\u001b[31m', '\u202eabc', 'Null', '0') },
    { weight: 2, arbitrary: fc.constantFrom('a', '"', '\u0001', '😀', 'ё').map(character => `x${character.repeat(maxLength - 1)}`) },
  )

/** One field of the body made wrong, or nearly so. */
const spoiled = (body: fc.Arbitrary<Record<string, unknown>>, field: string, maxLength: number): fc.Arbitrary<object> => {
  const wrong = fc.oneof(
    fc.constantFrom<unknown>('', '   ', '\u0000', '\ud800', '\u200b', null, 5, [], 'x'.repeat(maxLength + 1), '😀'.repeat(maxLength)),
    fc.string({ unit: 'binary', maxLength: 10 }),
  )
  return fc.oneof(
    { weight: 2, arbitrary: body },
    { weight: 2, arbitrary: fc.tuple(body, wrong).map(([one, value]) => ({ ...one, [field]: value })) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(body, fc.constantFrom('amount', 'role', 'manager_phone', 'revision'))
        .map(([one, more]) => ({ ...one, [more]: 1 })),
    },
  )
}

const question = fc.record({ question: texts(500), answer: texts(200) })
const questions = fc.oneof(
  fc.array(question, { maxLength: 3 }),
  question.map(one => Array.from({ length: 20 }, () => one)),
)
const taskBody = fc.record({ title: texts(300), text: texts(10_000), questions })

/** Runs the property and makes sure that it was tried on bodies of both kinds. */
async function hold(
  bodies: fc.Arbitrary<object>,
  call: (body: string) => Promise<{ status: number; body: Record<string, unknown> }>,
  accepted: (answer: Record<string, unknown>) => void,
): Promise<void> {
  const seen = new Map<number, number>()
  await fc.assert(
    fc.asyncProperty(bodies, async body => {
      const answer = await call(JSON.stringify(body))
      seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1)
      if (answer.status === 201) accepted(answer.body)
      else
        assert.ok([400, 413].includes(answer.status) && answer.body['code'] !== 'event_invalid', JSON.stringify(answer.body).slice(0, 500))
    }),
    { numRuns: 300 },
  )
  assert.ok((seen.get(201) ?? 0) > 20 && (seen.get(400) ?? 0) > 20, `too one-sided to prove anything: ${JSON.stringify([...seen])}`)
}

test('every task that the edge accepts can be appended, as TaskCreated and as TaskChanged', async () => {
  const post = await serve(taskRoutes(database, once, systemRandom, wholeTitles), manager)
  await hold(
    taskBody,
    body => post('/tasks', body),
    ({ revision: _, ...task }) => appendable(TaskChanged, task),
  )
})

test('every manager that the edge accepts can be appended', async () => {
  const post = await serve(managerRoutes(database, once, systemRandom), admin)
  const people = fc.record(
    { first_name: texts(200), last_name: texts(200), manager_phone: fc.string() },
    { requiredKeys: ['first_name', 'last_name'] },
  )
  await hold(
    people,
    body => post('/managers', body),
    taken => appendable(ManagerCreated, taken),
  )
})

test('every candidate that the edge accepts can be appended', async () => {
  const post = await serve(candidateRoutes(database, once, systemRandom), manager)
  await hold(
    spoiled(fc.record({ name: texts(200) }), 'name', 200),
    body => post('/candidates', body),
    person => appendable(CandidateRegistered, person),
  )
})

const ids = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/)

test('whatever ids and answers the edge accepts, each outcome can be appended with all that it states', async () => {
  let [stored, person] = [{}, '']
  const stated: string[] = []
  // Rows that fit every question of the handler: an open assignment of a task that is one right answer from too easy.
  const queries = { query: async () => ({ rows: [stored], rowCount: 1 }) } as unknown as Database
  const outcomes: Once = (_, work) =>
    work(queries, (event, payload, options) => {
      stated.push(event.name)
      buildFact(event, payload, { ...details, revision: options?.revision ?? null }, start, links, registry)
      return details.factId
    })
  const unused = {} as Parameters<typeof assignmentRoutes>[0]['tasks']
  const routes = assignmentRoutes({
    database: queries,
    once: outcomes,
    random: systemRandom,
    tasks: unused,
    authors: aReader('COMM-010'),
  })
  const post = await serve(routes, () => ({ kind: 'person', subject: person, role: 'candidate' }))
  const answers = fc.array(texts(500), { maxLength: 20 })
  const cases = fc.record({ task: ids, author: ids, candidate: ids, assignment: fc.oneof(ids, fc.string()), answers, right: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(cases, async one => {
      const questions = one.answers.map(text => ({ answer: one.right ? text : `not ${text}` }))
      stored = { task_id: one.task, creator_id: one.author, questions, outcome: null, revision: 1, checks: 9, failed: 0, solved: 9 }
      person = one.candidate
      const answer = await post(`/assignments/${encodeURIComponent(one.assignment)}/answer`, JSON.stringify({ answers: one.answers }))
      assert.ok([200, 400, 404].includes(answer.status) && answer.body['code'] !== 'event_invalid', JSON.stringify(answer.body))
    }),
    { numRuns: 200 },
  )
  assert.deepEqual([...new Set(stated)].toSorted(), ['TaskCompleted', 'TaskFailed', 'TaskRating', 'TaskReworkRequested'])
})

test('the control: an event that the edge would not accept is refused at the append', () => {
  for (const title of ['', ' ', 'x'.repeat(301)])
    assert.throws(
      () => appendable(TaskChanged, { task_id: 't', creator_id: 'm', title, text: 'x', questions: [] }),
      /does not match its contract/,
    )
})

/** The value that takes most bytes among those that a schema of ours allows. */
function largest(schema: { [keyword: string]: unknown }): unknown {
  if (schema['type'] === 'object')
    return Object.fromEntries(Object.entries(schema['properties'] as object).map(([name, one]) => [name, largest(one)]))
  if (schema['type'] === 'array') return Array.from({ length: schema['maxItems'] as number }, () => largest(schema['items'] as never))
  const length = schema['maxLength'] as number
  return schema['pattern'] === id.pattern ? 'x'.repeat(length) : `x${'\u0001'.repeat(length - 1)}`
}

test('the largest task within bounds fits an event, whatever its characters', () => {
  const { payload } = TaskChanged.bounds.properties as { payload: { [keyword: string]: unknown } }
  appendable(TaskChanged, largest(payload) as object)
})
