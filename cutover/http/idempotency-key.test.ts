import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '../failure/problem.ts'
import { demandKey, type KeyedRequest, keyLengthMax, readKey, requestKey } from './idempotency-key.ts'

test('a key is read with its quotes or without, and is the same', () => {
  assert.equal(readKey('"8e03978e-40d5"'), '8e03978e-40d5')
  assert.equal(readKey('8e03978e-40d5'), '8e03978e-40d5')
  assert.equal(readKey('"with \\"quotes\\" and \\\\"'), 'with "quotes" and \\')
  assert.equal(readKey('"one, with a comma"'), 'one, with a comma')
  assert.equal(readKey('k'.repeat(keyLengthMax)), 'k'.repeat(keyLengthMax))
  assert.equal(readKey(undefined), undefined)
})

test('two keys, an empty one, one of 1 KiB, one that is not ASCII, and one with a loose quote are refused', () => {
  const wrong = ['a, b', '"a", "b"', 'a,b', '', '""', ' ', '"', '"a', 'a"', '"a"b"', '"a\\x"', 'ключ', '"ключ"', 'a\tb', 'k'.repeat(1_024)]
  for (const header of wrong) {
    assert.throws(
      () => readKey(header),
      (error: unknown) => error instanceof Problem && error.status === 400 && error.code === 'idempotency_key_format',
      header,
    )
  }
})

test('only where it is required is a missing key refused', () => {
  demandKey({ key: 'accepted' }, undefined)
  demandKey({ key: 'required' }, 'k')
  demandKey({ noKey: 'it only reads' }, undefined)
  assert.throws(() => demandKey({ key: 'required' }, undefined), { code: 'idempotency_key_missing', status: 400 })
})

const request: KeyedRequest = {
  operation: 'createTask',
  method: 'POST',
  path: '/tasks',
  body: { a: 1, b: ['x'] },
  caller: { kind: 'person', subject: 'm1', role: 'manager' },
}

test('keys are scoped by caller and operation, and differ by case and space', () => {
  const scope = (text: string, more: Partial<KeyedRequest> = {}): string => requestKey(text, { ...request, ...more }).scope.toString('hex')
  const scopes = [
    scope('k'),
    scope('K'),
    scope('k '),
    scope('k', { operation: 'editTask' }),
    scope('k', { caller: { kind: 'person', subject: 'm2', role: 'manager' } }),
    scope('k', { caller: { kind: 'service', service: 'm1', link: null } }),
    scope('k', { caller: null }),
  ]
  assert.equal(new Set(scopes).size, scopes.length)
  assert.equal(scope('k', { path: '/other', body: {} }), scope('k'))
})

test('a request is the same whatever the order of its members, and another one as soon as anything else differs', () => {
  const print = (more: Partial<KeyedRequest> = {}): string => requestKey('k', { ...request, ...more }).fingerprint.toString('hex')
  assert.equal(print({ body: { b: ['x'], a: 1 } }), print())
  const prints = [
    print(),
    print({ method: 'PUT' }),
    print({ path: '/tasks/1' }),
    print({ body: { a: 1, b: ['y'] } }),
    print({ body: { a: 1 } }),
    print({ body: undefined }),
    // Two ways to write é are two texts.
    print({ body: 'caf\u00e9' }),
    print({ body: 'cafe\u0301' }),
  ]
  assert.equal(new Set(prints).size, prints.length)
})
