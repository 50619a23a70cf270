import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readAnswer, settlementOf, states } from './answer.ts'
import { type Booked, comparePayments } from './comparison.ts'

const owed = { key: 'Payout:2026-11:a1', period: '2026-11', account: 'a1', amount: 1_000 }
const payment = { ...owed, reference: 'F-1' }

test('an answer is a payment only when it is this one, whole and readable; what is not understood is not known', () => {
  const said = (status: number, body: unknown): string =>
    readAnswer(owed, status, typeof body === 'string' ? body : JSON.stringify(body)).is
  assert.equal(said(200, { outcome: 'paid', ...payment }), 'paid')
  assert.equal(said(200, { ...payment, amount: 999 }), 'paid')
  for (const wrong of [
    '',
    'paid',
    '<html>',
    null,
    [],
    { ...payment, amount: '1000' },
    { ...payment, amount: 1e308 },
    { ...payment, amount: -1 },
  ])
    assert.equal(said(200, wrong ?? 'null'), 'unknown', JSON.stringify(wrong))
  for (const other of [{ key: 'Payout:2026-11:a2' }, { account: 'a2' }, { period: '2026-12' }, { reference: '<b>' }])
    assert.equal(said(200, { ...payment, ...other }), 'unknown', JSON.stringify(other))
  assert.equal(said(202, ''), 'accepted')
  for (const status of [400, 402, 409, 422]) assert.equal(said(status, '{"code":"no","detail":"because"}'), 'refused', String(status))
  assert.equal(said(422, '{"code":"idempotency_key_reused"}'), 'contradicted')
  for (const status of [301, 401, 403, 404, 408, 413, 429, 500, 502, 503, 504])
    assert.equal(said(status, '{"code":"x"}'), 'unknown', String(status))
})

test('a refusal is kept in words of one line, and short', () => {
  const answer = readAnswer(owed, 422, JSON.stringify({ code: 'no', detail: `\u001b[31mline\r\nline ${'x'.repeat(500)}` }))
  assert.ok(answer.is === 'refused')
  assert.match(answer.reason, /^no: {2}?\[31mline line x+$/)
  assert.ok(answer.reason.length < 220)
})

test('a payment is booked once, in every state but the one whose amount has gone elsewhere; another amount never', () => {
  assert.deepEqual(
    states.map(state => `${state}: ${settlementOf(state, 1_000, 1_000).do}`),
    ['pending: book', 'confirmed: nothing', 'refused: book', 'carried: contradict', 'conflict: book'],
  )
  for (const state of states) assert.equal(settlementOf(state, 1_000, 999).do, 'contradict')
})

const here = (changes: Partial<Booked> = {}): Booked => ({
  account: 'a1',
  amount: 1_000,
  state: 'confirmed',
  conflict: null,
  bookings: 1,
  booked: 1_000,
  ...changes,
})

test('both sides are compared as sets, both ways', () => {
  const table: readonly [what: string, here: readonly Booked[], there: readonly (typeof payment)[], found: readonly string[]][] = [
    ['the same', [here()], [payment], []],
    ['paid and not booked yet', [here({ state: 'pending', bookings: 0, booked: 0 })], [payment], []],
    ['neither', [here({ state: 'refused', bookings: 0, booked: 0 })], [], []],
    ['only here', [here()], [], ['only_here']],
    ['only there', [], [payment], ['only_there']],
    ['paid although it was carried on', [here({ state: 'carried', bookings: 0, booked: 0 })], [payment], ['only_there']],
    ['one lost and another invented', [here()], [{ ...payment, account: 'a2' }], ['only_here', 'only_there']],
    ['another amount there', [here()], [{ ...payment, amount: 999 }], ['different']],
    [
      'another amount there, not booked',
      [here({ state: 'pending', bookings: 0, booked: 0 })],
      [{ ...payment, amount: 999 }],
      ['different'],
    ],
    ['another amount in the ledger', [here({ booked: 999 })], [payment], ['different']],
    ['booked and not confirmed', [here({ state: 'pending' })], [payment], ['different']],
    ['confirmed and not booked', [here({ bookings: 0, booked: 0 })], [payment], ['different']],
    ['booked and never owed', [here({ amount: null, state: null })], [], ['different']],
    ['booked twice', [here({ bookings: 2, booked: 2_000 })], [payment], ['repeated']],
    ['paid twice', [here()], [payment, { ...payment, key: 'other' }], ['repeated']],
    ['contradicted', [here({ conflict: 'it says otherwise' })], [payment], ['contradicted']],
  ]
  for (const [what, ours, theirs, found] of table) {
    assert.deepEqual(
      comparePayments(ours, theirs).differences.map(one => one.fault),
      found,
      what,
    )
  }
  assert.deepEqual(comparePayments([here()], [payment]), { agreed: 1, agreed_total: 1_000, unconfirmed: [], differences: [] })
  assert.deepEqual(comparePayments([here({ state: 'pending', bookings: 0, booked: 0 })], [payment]).unconfirmed, ['a1'])
})
