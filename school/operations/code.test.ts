import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { links } from '../contracts/links.ts'
import { code } from './code.ts'

test('every link says which files state its facts and bring about their effects, and the files are there', () => {
  assert.deepEqual(Object.keys(code).toSorted(), links.map(link => link.id).toSorted())
  const files = Object.values(code).flatMap(({ states, acts }) => [states, acts])
  assert.deepEqual(
    files.filter(file => !existsSync(join(import.meta.dirname, '../..', file))),
    [],
  )
})
