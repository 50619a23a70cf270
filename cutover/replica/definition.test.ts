import assert from 'node:assert/strict'
import { test } from 'node:test'
import { words } from '../../tests/copying.ts'
import { defineReplica, keyOf, keyParts, keyText, type ReplicaDefinition } from './definition.ts'

const define = (changes: object): unknown => defineReplica({ ...(words as unknown as ReplicaDefinition), ...changes })

test('a name that could be more than a name is no name of a copy or of its columns', () => {
  for (const table of ['', 'Word', 'word-copy', 'word copy', 'a;drop table b', '"a"', '1a', 'x'.repeat(52)])
    assert.throws(() => define({ table }), /is no plain name/, table)
  assert.throws(() => define({ columns: { id: 'uuid', 'text; --': 'text' } }), /"text; --" is no plain name/)
})

test('the columns that the copy keeps for itself cannot be taken', () => {
  for (const column of ['revision', 'removed', 'stored_at'])
    assert.throws(
      () => define({ columns: { id: 'uuid', [column]: 'text' } }),
      new RegExp(`the column ${column} belongs to the copy itself`),
    )
})

test('a key names columns that there are, one at the least', () => {
  assert.throws(() => define({ key: ['id', 'other'] }), /its key names other/)
  assert.throws(() => define({ key: [] }), /its key names nothing/)
})

test('a key of several parts is one text, and its parts are found again', () => {
  assert.equal(keyOf({ key: ['id', 'size'] }, { id: 'a', size: 3, text: 'x' }), 'a:3')
  assert.deepEqual(keyParts(keyText(['a', 'b'])), ['a', 'b'])
})
