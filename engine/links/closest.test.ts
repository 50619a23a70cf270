import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closest } from './closest.ts'

const links = ['COMM-010', 'COMM-020', 'COMM-040']

test('a slip of one letter, of case or of order is understood', () => {
  assert.equal(closest('COM-040', links), 'COMM-040')
  assert.equal(closest('comm-020', links), 'COMM-020')
  assert.equal(closest('COMM-400', links), 'COMM-040')
  assert.equal(closest('hirign', ['hiring', 'bonuses']), 'hiring')
})
test('a word that is far from all is not guessed at', () => assert.equal(closest('frobnicate', links), undefined))
