import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { extendProblems, libraryProblems, Problem } from './problem.ts'

const rowsOf = (markdown: string): (readonly [code: string, status: number, meaning: string, remedy: string])[] =>
  [...markdown.matchAll(/^\| `(\w+)` \| (\d{3}) \| ([^|]+) \| ([^|]+) \|$/gm)].map(row => [
    row[1] ?? '',
    Number(row[2]),
    row[3] ?? '',
    row[4] ?? '',
  ])

test('docs/errors.md lists every problem of the library with its status, in order, and no other', async () => {
  const document = await readFile(new URL('../../docs/errors.md', import.meta.url), 'utf8')
  const section = document.split(/^## /m).find(part => part.startsWith('The library\n')) ?? ''
  const documented = rowsOf(section).map(([code, status]) => `${code} ${status}`)
  assert.deepEqual(documented, documented.toSorted())
  assert.deepEqual(
    documented,
    Object.entries(libraryProblems)
      .map(([code, entry]) => `${code} ${entry.status}`)
      .toSorted(),
  )
})

test('a problem is a document with type, title, status, code and detail', () => {
  const problem = new Problem('body_invalid', {
    detail: 'a field is missing',
    errors: [{ pointer: '/id', code: 'required', detail: 'is missing' }],
  })
  assert.deepEqual(problem.toJSON({ trace_id: 't' }), {
    type: '/problems/body-invalid',
    title: 'The body breaks rules of its schema',
    status: 400,
    code: 'body_invalid',
    detail: 'a field is missing',
    errors: [{ pointer: '/id', code: 'required', detail: 'is missing' }],
    retryable: false,
    trace_id: 't',
  })
})

test('an unknown code throws where the problem is made', () => {
  assert.throws(() => new Problem('no_such_code', { detail: '' }), /"no_such_code" is not in the catalogue/)
  assert.throws(() => new Problem('toString', { detail: '' }), /not in the catalogue/)
})

test('what is not there for now may be tried again, what is wrong may not', () => {
  assert.equal(new Problem('unavailable', { detail: '' }).retryable, true)
  assert.equal(new Problem('body_invalid', { detail: '' }).retryable, false)
  assert.equal(new Problem('body_invalid', { detail: '', retryable: true }).retryable, true)
})

test('extensions cannot replace what the document promises', () => {
  const problem = new Problem('forbidden', { detail: 'no', extensions: { status: 200, code: 'ok', rule: 'x' } }).toJSON()
  assert.deepEqual([problem['status'], problem['code'], problem['rule']], [403, 'forbidden', 'x'])
})

test('a service adds its own codes, and cannot change one that exists', () => {
  extendProblems({ cat_unknown: { status: 404, title: 'There is no such cat' } })
  extendProblems({ cat_unknown: { status: 404, title: 'There is no such cat' } })
  assert.equal(new Problem('cat_unknown', { detail: '' }).status, 404)
  assert.throws(() => extendProblems({ forbidden: { status: 200, title: 'Welcome' } }), /"forbidden" is taken/)
  assert.throws(() => extendProblems({ cat_unknown: { status: 410, title: 'There is no such cat' } }), /is taken/)
})
