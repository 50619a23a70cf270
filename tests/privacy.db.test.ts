// Names of people and an answer, planted in every input that the school has, good and refused: in no line of any log, in no
// metric and in no problem document are they found again.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openDatabase } from '../cutover/database/database.ts'
import { aCandidateWithATask } from './school-people.ts'
import { type As, type Name, names, openSchool, type School } from './school.ts'

const planted = {
  first: 'Zenobia',
  last: 'Featherstonehaugh',
  candidate: 'Ottoline Wigglesworth',
  answer: 'melancholia-perpetua',
  text: 'What was serendipitia?',
}
const canaries = ['Zenobia', 'Featherstonehaugh', 'Ottoline', 'Wigglesworth', 'melancholia', 'serendipitia']
const name = 'Zenobia-Featherstonehaugh'

interface Operation {
  readonly method: string
  readonly path: string
}

/** All operations of a process, from its own description, which leaves none out. */
async function operationsOf(school: School, to: Name | 'engine'): Promise<readonly Operation[]> {
  const { body } = await school.call(to, 'GET', '/openapi.json')
  const paths = body['paths'] as Readonly<Record<string, Readonly<Record<string, unknown>>>>
  return Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map(method => ({ method: method.toUpperCase(), path })))
}

/** Who may call it, if anybody, and all who are near: a refusal has to be as silent as an answer. */
function callersOf(to: Name | 'engine', path: string): readonly (As | undefined)[] {
  if (to === 'engine' || path.startsWith('/operator')) return [undefined, 'operator']
  const links = { management: ['hiring', 'COMM-030'], hiring: ['management', 'COMM-090'], bonuses: ['hiring', 'COMM-040'] } as const
  const [from, link] = links[to]
  const people = ['admin', 'manager', 'candidate', 'finance'].map(role => ({ role, subject: name }))
  return path.startsWith('/links') ? [{ from, link }] : [...people, { from, link }]
}

const object = { first_name: planted.first, last_name: planted.last, name: planted.candidate, answers: [planted.answer] }
const hex = '00000000-0000-7000-8000-000000000001'
const message = (event: string): object => ({
  payload: { ...object, extra: name, task_id: name, candidate_id: name },
  meta: { event_id: hex, event_version: 0, event_name: event, produced_at: name },
})
const headers = {
  'cutover-fact': hex,
  'cutover-event': 'TaskCompleted',
  'cutover-version': '0',
  'cutover-source': 'hiring',
  'cutover-position': '1',
  'cutover-business-key': name,
  'cutover-order-key': name,
  'idempotency-key': hex,
}
/** What no body says rightly, each in its own way. */
const bodies: readonly unknown[] = [
  object,
  { extra: name, ...object },
  `{"first_name": "${planted.first}", "last_name": ${planted.last}}`,
  `{"first_name": "${planted.first}", "first_name": "${planted.last}"}`,
  `["${name}"]`,
  {
    first_name: planted.first.repeat(100),
    last_name: `${planted.last}\u0000`,
    name: `${planted.candidate}\ud800`,
    answers: [{ text: planted.answer }],
  },
  { link: 'COMM-040', route: name, term: name, keys: [`${name}:1`], facts: [name], who: name },
  { keys: [name, `${name}:${name}`, `${name}:1:2`] },
  message('TaskCompleted'),
  message(name),
]

/** Every operation, by everybody, with all that is wrong in them. Answers with the problems, by what was sent. */
async function plantEverywhere(school: School): Promise<ReadonlyMap<string, string>> {
  const problems = new Map<string, string>()
  const send = async (to: Name | 'engine', what: string, call: ReturnType<School['call']>): Promise<number> => {
    const { status, text } = await call
    if (status >= 400) problems.set(`${to} ${what}`, text)
    return status
  }
  for (const to of [...names, 'engine'] as const) {
    for (const { method, path } of await operationsOf(school, to)) {
      // Those stay open for as long as somebody listens.
      if (path === '/api/stream') continue
      // What operators name are links, runs and topics. Everybody else names things of people, and may get it wrong.
      const operators = to === 'engine' || /^\/(operator|links)/.test(path)
      const id = operators ? 'COMM-040' : name
      const named = path.replaceAll('{side}', 'fact').replaceAll(/\{\w+\}/g, id)
      const queries = ['', `?after=${name}`, `?limit=${name}&extra=${name}&route=${name}&key=${name}`]
      for (const as of callersOf(to, path)) {
        const who = as === undefined ? {} : { as }
        for (const query of queries)
          await send(
            to,
            `${method} ${named}${query} as ${JSON.stringify(as)}`,
            school.call(to, method, `${named}${query}`, { ...who, headers: { traceparent: name } }),
          )
        if (method === 'GET') continue
        for (const [at, body] of bodies.entries()) {
          const call = school.call(to, method, named, { ...who, body, headers })
          const status = await send(to, `${method} ${named} body ${at} as ${JSON.stringify(as)}`, call)
          // Whoever may not call is refused before the body is read: another body says nothing more.
          if (status === 401 || status === 403) break
        }
      }
      if (method === 'GET') continue
      const wrong = { ...headers, 'cutover-fact': name, 'idempotency-key': name, 'cutover-stamps': name, 'cutover-term': name }
      const others = [
        wrong,
        { ...headers, 'cutover-stamps': `{"COMM-040": "${name}"}` },
        { authorization: `Bearer ${name}` },
        { 'content-type': `text/${name}` },
      ]
      for (const more of others)
        await send(
          to,
          `${method} ${named} headers`,
          school.call(to, method, named, { as: callersOf(to, path).at(-1) as As, body: object, headers: more }),
        )
    }
  }
  return problems
}

/** What comes by the log and is none of what it should be. Waits until all of it was read. */
async function plantInLog(school: School): Promise<void> {
  const topics = (await school.broker.topics()).filter(
    topic => topic.name === 'hiring.task-failed' || topic.name === 'hiring.task-completed',
  )
  for (const topic of topics) {
    const event = topic.name === 'hiring.task-failed' ? 'TaskFailed' : 'TaskCompleted'
    const told = {
      ...headers,
      'cutover-event': event,
      'cutover-stamps': '{"COMM-040":{"route":"event","epoch":1},"COMM-050":{"route":"event","epoch":1}}',
    }
    await school.broker.append(topic.name, [
      { key: name, value: name, headers: {} },
      { key: name, value: `{"first_name": "${name}`, headers: told },
      { key: name, value: JSON.stringify(object), headers: told },
      { key: name, value: JSON.stringify(message(event)), headers: told },
      { key: name, value: JSON.stringify(message(event)), headers: { ...told, 'cutover-version': '7' } },
      {
        key: name,
        value: JSON.stringify(message(event)),
        headers: { ...told, 'cutover-source': name, 'cutover-fact': hex.replace('1', '2') },
      },
    ])
  }
  await school.until('all of it to be set aside', async () => {
    const { text } = await school.call('bonuses', 'GET', '/metrics')
    const dead = [...text.matchAll(/^cutover_outcomes_total\{.*outcome="dead".*\} (\d+)/gm)].reduce(
      (sum, [, count]) => sum + Number(count),
      0,
    )
    return dead >= 4 * topics.length
  })
}

/** Databases that cannot take what people say, and say so with their words. */
async function plantInErrors(school: School): Promise<void> {
  const broken = [
    ['hiring', 'candidate', 'name', '/candidates', { name: planted.candidate }],
    ['management', 'manager', 'last_name', '/managers', { first_name: planted.first, last_name: planted.last }],
  ] as const
  for (const [to, table, column, path, body] of broken) {
    const database = openDatabase({ url: school.databases[to].url, name: 'test', connectionsMax: 1, onIdleError: () => undefined })
    await database.query(
      `create function take_number() returns trigger language plpgsql as $$ begin perform new.${column}::integer; return new; end $$`,
    )
    await database.query(`create trigger take_number before insert on ${table} for each row execute function take_number()`)
    await database.close()
    const { status, text } = await school.call(to, 'POST', path, { as: { role: 'admin', subject: name }, body })
    assert.equal(status, 500, text)
    const { trace_id: trace } = JSON.parse(text) as { trace_id: string }
    const told = school.lines.filter(line => line.includes(trace))
    assert.match(told.join(''), /invalid input syntax for type integer: \[hidden\]/)
    assert.ok(!canaries.some(canary => text.includes(canary)), text)
  }
}

test('what people are called and what they have answered is in no log, no metric and no problem', async context => {
  const school = await openSchool(context)
  const { candidate, assignment, manager, account } = await aCandidateWithATask(school, planted)
  const right = await school.call('hiring', 'POST', `/assignments/${assignment}/answer`, {
    as: candidate,
    body: { answers: [planted.answer] },
  })
  assert.equal(right.status, 200, right.text)
  await school.until(
    'the statement',
    async () => (await school.call('bonuses', 'GET', `/accounts/${account}/statement`, { as: manager })).status === 200,
  )
  // It is there, or the search would prove nothing.
  assert.match((await school.call('management', 'GET', `/managers/${manager.subject}`, { as: manager })).text, /Zenobia/)

  const problems = await plantEverywhere(school)
  assert.ok(problems.size > 200, `${problems.size} refusals`)
  await plantInLog(school)
  await plantInErrors(school)

  const metrics = await Promise.all([...names, 'engine' as const].map(async to => (await school.call(to, 'GET', '/metrics')).text))
  const found = (texts: readonly string[]): readonly string[] =>
    texts.filter(text => canaries.some(canary => text.toLowerCase().includes(canary.toLowerCase())))
  assert.deepEqual(found(school.lines).slice(0, 5), [], 'in the logs')
  assert.deepEqual(found(metrics.flatMap(text => text.split('\n'))).slice(0, 5), [], 'in the metrics')
  assert.deepEqual(
    [...problems]
      .filter(([, text]) => found([text]).length > 0)
      .map(([what, text]) => `${what}: ${text}`)
      .slice(0, 40),
    [],
    'in problems',
  )
})
