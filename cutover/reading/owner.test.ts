import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aWord, idOf, words } from '../../tests/copying.ts'
import { openBreaker } from '../failure/breaker.ts'
import { Problem } from '../failure/problem.ts'
import { type HttpCall, Unreachable } from '../http/client.ts'
import type { Clock } from '../process/clock.ts'
import { openOwner, type Owner } from './owner.ts'

interface Asking {
  readonly owner: Owner
  readonly calls: HttpCall[]
  answer: { status: number; body: string } | Error
  nowMs: number
}

const problem = (status: number, code: string): Asking['answer'] => ({ status, body: JSON.stringify({ status, code }) })
const said = (body: unknown, status = 200): Asking['answer'] => ({ status, body: JSON.stringify(body) })

function setup(): Asking {
  const clock: Clock = { now: () => asking.nowMs, sleep: async () => undefined }
  const random = { next: () => 0.5, uuid: () => '' }
  const client = {
    async request(call: HttpCall) {
      asking.calls.push(call)
      if (asking.answer instanceof Error) throw asking.answer
      return { headers: {}, ...asking.answer }
    },
    close: async () => undefined,
  }
  const breaker = openBreaker({ failuresMax: 3, firstMs: 500, maxMs: 5_000 }, clock, random)
  const asking: Asking = {
    owner: openOwner(words, 'counting', client, breaker),
    calls: [],
    answer: said({ ...aWord(1, 'x'), revision: 3 }),
    nowMs: 0,
  }
  return asking
}

const away = (error: unknown): boolean => error instanceof Unreachable

test('the owner is asked by the path of the definition and over its link; its row comes with its revision', async () => {
  const { owner, calls } = setup()
  assert.deepEqual(await owner.one(idOf(1)), { row: aWord(1, 'x'), revision: 3 })
  assert.deepEqual(calls, [{ method: 'GET', path: `/words/${idOf(1)}`, headers: { 'cutover-link': 'L-2' } }])
})

test('state without a revision is of revision 1, and columns that nobody keeps are left out', async () => {
  const asking = setup()
  asking.answer = said({ ...aWord(1, 'x'), more: 'than asked for' })
  assert.deepEqual(await asking.owner.one(idOf(1)), { row: aWord(1, 'x'), revision: 1 })
})

test('that there is no such thing is null, as the owner says itself', async () => {
  const asking = setup()
  asking.answer = problem(404, 'word_unknown')
  assert.equal(await asking.owner.one(idOf(1)), null)
})

test('that there is no such path, that the link is not served, that somebody may not, or is too much: the owner is away', async () => {
  const answers = [
    problem(404, 'not_found'),
    problem(410, 'link_retired'),
    problem(405, 'method_not_allowed'),
    { status: 404, body: '<html>a proxy knows nothing</html>' },
    { status: 404, body: '' },
    problem(401, 'token_invalid'),
    problem(403, 'forbidden'),
    problem(408, ''),
    problem(429, 'too_many'),
    problem(500, 'internal'),
    { status: 503, body: 'busy' },
    new Unreachable('refused', { sent: false }),
  ]
  for (const answer of answers) {
    const asking = setup()
    asking.answer = answer
    await assert.rejects(asking.owner.one(idOf(1)), away, JSON.stringify(answer))
  }
})

test('a refusal of what was asked is no absence: it is told as a problem, and opens no breaker', async () => {
  const asking = setup()
  asking.answer = problem(400, 'path_invalid')
  for (let call = 0; call < 5; call++)
    await assert.rejects(asking.owner.one('x'), error => error instanceof Problem && error.code === 'link_refused')
  assert.ok(asking.owner.willing())
})

test('another row, no row, rubbish or a revision that is none is not believed', async () => {
  const rubbish = [
    said({ ...aWord(2, 'x'), revision: 1 }),
    said(null),
    said([]),
    said('x'),
    said({ ...aWord(1, 'x'), size: 'long' }),
    { status: 200, body: '{"id":' },
    { status: 200, body: '' },
    ...[0, -1, 1.5, '2', 2 ** 53].map(revision => said({ ...aWord(1, 'x'), revision })),
  ]
  for (const answer of rubbish) {
    const asking = setup()
    asking.answer = answer
    await assert.rejects(asking.owner.one(idOf(1)), away, JSON.stringify(answer))
  }
})

test('a page is asked for from after a key, and one row of rubbish in it spoils it', async () => {
  const asking = setup()
  const two = [1, 2].map(number => ({ ...aWord(number, 'x'), revision: number }))
  asking.answer = said({ words: two })
  assert.deepEqual(
    (await asking.owner.list(idOf(0), 2)).map(({ row, revision }) => [row['id'], revision]),
    [
      [idOf(1), 1],
      [idOf(2), 2],
    ],
  )
  assert.equal(asking.calls[0]?.path, `/words?limit=2&after=${idOf(0)}`)
  for (const bad of [null, {}, 'x']) {
    asking.answer = said({ words: [...two, bad] })
    await assert.rejects(asking.owner.list(null, 3), away, JSON.stringify(bad))
  }
  asking.nowMs = 10_000
  asking.answer = said({ words: [] })
  assert.deepEqual(await asking.owner.list(null, 3), [])
})

test('three failures open the breaker: nobody waits for who is away, and a single probe finds out whether it is back', async () => {
  const asking = setup()
  const { owner, calls } = asking
  asking.answer = new Unreachable('refused', { sent: false })
  for (let call = 0; call < 3; call++) await assert.rejects(owner.one(idOf(1)), away)
  assert.deepEqual([owner.willing(), calls.length], [false, 3])
  await assert.rejects(owner.one(idOf(1)), /asks again in a while/)
  assert.equal(calls.length, 3)
  asking.nowMs = 10_000
  const probes = await Promise.allSettled([owner.one(idOf(1)), owner.one(idOf(1)), owner.list(null, 1)])
  assert.deepEqual([probes.map(one => one.status), calls.length], [['rejected', 'rejected', 'rejected'], 4])
  asking.nowMs = 20_000
  asking.answer = problem(404, 'word_unknown')
  assert.equal(await owner.one(idOf(1)), null)
  assert.ok(owner.willing())
  await owner.one(idOf(1))
  assert.equal(calls.length, 6)
})

test('rubbish counts as a failure: who answers with it three times is left alone for a while', async () => {
  for (const rubbish of [said({ ...aWord(1, 'x'), size: 'long' }), said({ ...aWord(2, 'x'), revision: 1 }), { status: 200, body: '{' }]) {
    const asking = setup()
    asking.answer = rubbish
    for (let call = 0; call < 3; call++) await assert.rejects(asking.owner.one(idOf(1)), away)
    assert.equal(asking.owner.willing(), false)
    await assert.rejects(asking.owner.one(idOf(1)), /asks again in a while/)
    assert.equal(asking.calls.length, 3)
  }
})

test('what has no list is not asked for one', async () => {
  const { list: _, ...rest } = words
  const owner = openOwner(rest, 'counting', {} as never, {} as never)
  await assert.rejects(owner.list(null, 1), /L-2 has no list/)
})
