import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const sources = globSync('{cutover,engine,sandbox,school}/**/*.ts', { cwd: root, exclude: path => path.includes('node_modules') })
  .filter(file => !file.endsWith('.test.ts'))
  .map(file => readFileSync(join(root, file), 'utf8'))
const documentation = readFileSync(join(root, 'docs/errors.md'), 'utf8')

const found = (pattern: RegExp, texts: readonly string[]): string[] =>
  [...new Set(texts.flatMap(text => [...text.matchAll(pattern)].map(match => match.slice(1).join(' '))))].toSorted()

const documented = found(/^\| `(\w+)` \| (\d{3}) \|/gm, [documentation])

test('docs/errors.md lists the problems of all services with their status, and no other', () => {
  assert.deepEqual(documented, found(/(\w+): \{ status: (\d{3}), title: /g, sources))
})

test('every problem that is made somewhere is documented', () => {
  const codes = documented.map(row => row.split(' ')[0])
  const made = found(/new Problem\(\s*'(\w+)'/g, sources)
  assert.ok(made.length > 20)
  assert.deepEqual(
    made.filter(code => !codes.includes(code)),
    [],
  )
})

test('every code of a single field is documented', () => {
  const fields: readonly string[] =
    (documentation.split(/^## /m).find(part => part.startsWith('Codes of single fields')) ?? '').match(/`\w+`/g) ?? []
  const used = found(/(?:here\(|code: |return \[)'(\w+)',/g, [readFileSync(join(root, 'cutover/failure/field-error.ts'), 'utf8')])
  assert.ok(used.length > 8)
  assert.deepEqual(
    used.filter(code => !fields.includes(`\`${code}\``)),
    [],
  )
})
