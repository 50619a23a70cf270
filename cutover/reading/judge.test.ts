import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Kept } from '../replica/definition.ts'
import { judgeRead } from './judge.ts'

const row = { id: 'a', text: 'x', tags: [{ b: 1, a: 2 }] }
const kept = (changes: object = {}, revision = 1): Kept => ({ row: { ...row, ...changes }, revision })

test('the same row at the same revision is equal, whatever the order of the names in it', () => {
  assert.deepEqual(judgeRead(kept(), kept({ tags: [{ a: 2, b: 1 }] })), { verdict: 'equal', columns: [] })
  assert.deepEqual(judgeRead(null, null), { verdict: 'equal', columns: [] })
})

test('a difference is told by the names of its columns, and the revision is one of them', () => {
  assert.deepEqual(judgeRead(kept(), kept({ text: 'y' })), { verdict: 'different', columns: ['text'] })
  assert.deepEqual(judgeRead(kept(), kept({ text: 'y' }, 2)), { verdict: 'different', columns: ['revision', 'text'] })
  assert.deepEqual(judgeRead(kept(), kept({}, 2)), { verdict: 'different', columns: ['revision'] })
})

test('what only the owner has is missing, what only the copy has is extra', () => {
  assert.deepEqual(judgeRead(kept(), null), { verdict: 'missing', columns: [] })
  assert.deepEqual(judgeRead(null, kept()), { verdict: 'extra', columns: [] })
})

test('a side that gave no answer is a failure, whatever the other one says, and is named', () => {
  for (const other of [kept(), null, 'failed'] as const) {
    assert.deepEqual(judgeRead('failed', other), { verdict: 'failed', columns: ['owner'] })
    if (other !== 'failed') assert.deepEqual(judgeRead(other, 'failed'), { verdict: 'failed', columns: ['copy'] })
  }
})
