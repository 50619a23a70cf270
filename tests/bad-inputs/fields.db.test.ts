// Section 8.2 of the catalogue, fields: what is refused at the edge.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Answer, openSchool, type School } from './school.ts'
import { assertProblem, complete, type ProblemDocument } from './catalogue.ts'
import { completed, deliver } from './facts.ts'
import { admin, aManager, hire, type Person, secret, task } from './people.ts'

let school: School
let author: Person
before(async () => {
  school = await openSchool()
  author = await aManager(school)
})
after(() => school.close())

const payload = { task_id: 't1', creator_id: 'm1', candidate_id: 'c1' }

/** A credit whose body is another than its sender would state; its headers stay. */
function credit(change: { payload?: object; meta?: object }): Promise<Answer> {
  const fact = completed('t1', 'c1')
  const envelope = JSON.parse(fact.bytes) as { payload: object; meta: object }
  return deliver(school, {
    ...fact,
    bytes: JSON.stringify({ payload: { ...envelope.payload, ...change.payload }, meta: { ...envelope.meta, ...change.meta } }),
  })
}
const candidateOf = (candidate_id: unknown): Promise<Answer> => credit({ payload: { ...payload, candidate_id } })
const nameManager = (first_name: unknown): Promise<Answer> =>
  school.call('management', admin, 'POST', '/managers', { body: { first_name, last_name: 'B' } })

interface Row {
  readonly row: number
  readonly input: string
  readonly call: () => Promise<Answer>
  readonly code: string
  readonly pointer: string
  readonly detail?: RegExp
}

const family = '👩‍👩‍👧‍👦'
const rows: readonly Row[] = [
  { row: 25, input: 'no candidate_id', call: () => candidateOf(undefined), code: 'required', pointer: '/payload/candidate_id' },
  {
    row: 25,
    input: 'no candidate_id of a person',
    call: () => school.call('hiring', author, 'POST', '/assignments', { body: { task_ids: ['t1'] } }),
    code: 'required',
    pointer: '/candidate_id',
  },
  ...['', '   ', '\t'].map((id): Row => {
    return {
      row: 26,
      input: `${JSON.stringify(id)} as an id`,
      call: () => candidateOf(id),
      code: 'id_format',
      pointer: '/payload/candidate_id',
    }
  }),
  { row: 27, input: 'an id of 65 characters', call: () => candidateOf('a'.repeat(65)), code: 'too_long', pointer: '/payload/candidate_id' },
  ...(['a\u202eb', 'a\u200bb', 'с1', 'a b', 'a/b', "a'b"] as const).map((id): Row => {
    return {
      row: 28,
      input: `the id ${JSON.stringify(id)}`,
      call: () => candidateOf(id),
      code: 'id_format',
      pointer: '/payload/candidate_id',
    }
  }),
  {
    row: 28,
    input: 'a homoglyph in a path',
    call: () => school.call('hiring', admin, 'GET', `/candidates/${encodeURIComponent('с1')}`),
    code: 'id_format',
    pointer: '/id',
  },
  {
    row: 29,
    input: 'produced_at "yesterday"',
    call: () => credit({ meta: { produced_at: 'yesterday' } }),
    code: 'timestamp_format',
    pointer: '/meta/produced_at',
  },
  {
    row: 31,
    input: 'a time without a zone',
    call: () => credit({ meta: { produced_at: '2026-01-01T00:00:00' } }),
    code: 'timestamp_format',
    pointer: '/meta/produced_at',
  },
  {
    row: 32,
    input: 'an extra manager_phone in a delivery',
    call: () => credit({ payload: { ...payload, manager_phone: secret } }),
    code: 'unknown_field',
    pointer: '/payload/manager_phone',
  },
  {
    row: 32,
    input: 'an extra manager_phone from a person',
    call: () => school.call('management', author, 'POST', '/tasks', { body: { ...task, manager_phone: secret } }),
    code: 'unknown_field',
    pointer: '/manager_phone',
  },
  ...['amount', 'role', 'status'].flatMap((field): Row[] => [
    {
      row: 33,
      input: `an extra ${field} in a delivery`,
      call: () => credit({ payload: { ...payload, [field]: 1 } }),
      code: 'unknown_field',
      pointer: `/payload/${field}`,
    },
    {
      row: 33,
      input: `an extra ${field} from a person`,
      call: () => school.call('hiring', admin, 'POST', '/candidates', { body: { name: 'C', [field]: 'admin' } }),
      code: 'unknown_field',
      pointer: `/${field}`,
    },
  ]),
  {
    row: 43,
    input: 'a negative amount',
    call: () => credit({ payload: { ...payload, amount: -500 } }),
    code: 'unknown_field',
    pointer: '/payload/amount',
  },
  {
    row: 45,
    input: 'a name of 201 letters',
    call: () => hire(school, 'x'.repeat(201)),
    code: 'too_long',
    pointer: '/name',
    detail: /has 201 characters; 200 at the most/,
  },
  {
    row: 45,
    input: 'a name of 201 families, which are many more code points',
    call: () => nameManager(family.repeat(201)),
    code: 'too_long',
    pointer: '/first_name',
    detail: /has 201 characters; 200 at the most/,
  },
  ...['   ', '\t\n', '\u0001\u0002', '\u200b\u200e', '\u00a0'].flatMap((name): Row[] => [
    { row: 46, input: `${JSON.stringify(name)} as a name`, call: () => hire(school, name), code: 'name_blank', pointer: '/name' },
    {
      row: 46,
      input: `${JSON.stringify(name)} as a first name`,
      call: () => nameManager(name),
      code: 'name_blank',
      pointer: '/first_name',
    },
  ]),
]

async function standAll(): Promise<string[]> {
  return Promise.all(Object.values(school.services).map(service => service.stand()))
}

for (const { row, input, call, ...expected } of rows) {
  test(`row ${row}: ${input} is refused with 400 ${expected.code} at ${expected.pointer}, and changes nothing`, async () => {
    const before = await standAll()
    const { body } = await call()
    const document = body as unknown as ProblemDocument
    assertProblem(document, { ...expected, status: 400 }, secret)
    const field = document.errors?.find(one => one.code === expected.code)
    if (expected.detail !== undefined) assert.match(field?.detail ?? '', expected.detail)
    assert.deepEqual(await standAll(), before)
  })
}

complete(
  'fields',
  rows.map(one => one.row),
)
