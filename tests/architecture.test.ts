import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, test } from 'node:test'
import {
  type Packages,
  type Tree,
  barrels,
  cycles,
  deadDoors,
  emptyNamed,
  importsIn,
  mayImport,
  rowOf,
  strayedSql,
  tooLong,
  wrongImports,
} from './architecture.ts'

const root = resolve(import.meta.dirname, '..')
const folders = ['cutover', 'engine', 'cli', 'console', 'sandbox', 'school']
const read = (file: string): string => readFileSync(join(root, file), 'utf8')

const tree: Tree = new Map(
  globSync('{cutover,engine,cli,console,sandbox,school,tests,bench}/**/*.{ts,tsx,css,sql}', {
    cwd: root,
    exclude: ['**/node_modules/**', 'console/dist*/**'],
  }).map(file => {
    const path = file.replaceAll('\\', '/')
    return [path, read(path)]
  }),
)

const packages: Packages = Object.fromEntries(
  folders.map(folder => {
    const { name, exports = {} } = JSON.parse(read(`${folder}/package.json`)) as { name: string; exports?: Record<string, string> }
    return [name, { folder, exports }]
  }),
)

const none = (found: readonly string[]): void => assert.ok(found.length === 0, `\n${found.join('\n')}`)

describe('the repository', () => {
  test('every folder imports only what its row allows', () => none(wrongImports(tree, packages)))
  test('no capability imports itself by way of others', () => none(cycles(tree, packages)))
  test('the library has its SQL behind ports', () => none(strayedSql(tree)))
  test('no file is longer than 300 lines', () => none(tooLong(tree)))
  test('no file only passes on others', () => none(barrels(tree)))
  test('no file or folder has a name that says nothing', () => none(emptyNamed(tree)))
  test('every door of a package leads to a file', () => none(deadDoors(tree, packages)))
  test('every row of the table names folders that have rows', () => {
    const has = (folder: string): boolean => rowOf(folder) !== undefined || Object.keys(mayImport).some(row => row.startsWith(`${folder}/`))
    none(
      Object.values(mayImport)
        .flat()
        .filter(folder => !has(folder)),
    )
  })
})

describe('a planted violation is found', () => {
  const doors: Packages = {
    cutover: { folder: 'cutover', exports: { './contract': './contract/contract.ts', './outbox': './outbox/outbox.ts' } },
    '@cutover/engine': { folder: 'engine', exports: { './api': './api/contract.ts', './engine': './engine.ts' } },
  }
  const planted = (files: Record<string, string>): Tree => new Map(Object.entries(files))
  const finds = (found: string[], message: RegExp): void => {
    assert.equal(found.length, 1, found.join('\n'))
    assert.match(found[0] ?? '', message)
  }
  const imports = (file: string, specifier: string): string[] =>
    wrongImports(planted({ [file]: `import { x } from '${specifier}'\n` }), doors)

  test('a contract that imports a capability', () =>
    finds(imports('cutover/contract/a.ts', '../failure/problem.ts'), /cutover\/contract may import nothing/))
  test('a contract that imports a Node module', () => finds(imports('cutover/contract/a.ts', 'node:fs'), /loaded by a browser/))
  test('a capability that imports upwards', () =>
    finds(imports('cutover/outbox/a.ts', '../relay/relay.ts'), /cutover\/outbox may import .*cutover\/switch/))
  test('a product that imports the school by a relative path', () =>
    finds(imports('engine/a.ts', '../school/links.ts'), /leaves the package/))
  test('a command line that reaches behind the interface', () =>
    finds(imports('cli/a.ts', '@cutover/engine/engine'), /cli may import engine\/api/))
  test('a console that reaches behind the interface, also from a component', () =>
    finds(imports('console/src/map/MapPage.tsx', '@cutover/engine/engine'), /console may import engine\/api/))
  test('a service of the school that imports another', () =>
    finds(imports('school/hiring/a.ts', '../bonuses/ledger.ts'), /school\/hiring may import/))
  test('a door that is not exported', () => finds(imports('school/hiring/a.ts', 'cutover/outbox/append'), /is no door of cutover/))
  test('a door used from inside', () => finds(imports('cutover/relay/a.ts', 'cutover/outbox'), /relative path/))
  test('a folder without a row', () => finds(wrongImports(planted({ 'cutover/magic/a.ts': '' }), doors), /without a row/))
  test('what is allowed is not found', () => {
    assert.deepEqual(imports('school/hiring/a.ts', 'cutover/outbox'), [])
    assert.deepEqual(imports('cli/a.ts', '@cutover/engine/api'), [])
    assert.deepEqual(imports('cutover/outbox/a.ts', '../switch/switch.ts'), [])
    assert.deepEqual(imports('cutover/outbox/a.test.ts', '../relay/relay.ts'), [])
    assert.deepEqual(imports('cutover/http/a.ts', 'fastify'), [])
  })
  test('two capabilities that import each other', () => {
    const found = cycles(
      planted({ 'cutover/broker/a.ts': `import '../relay/a.ts'`, 'cutover/relay/a.ts': `import type { B } from '../broker/a.ts'` }),
      doors,
    )
    assert.equal(found.length, 2)
    assert.match(found[0] ?? '', /cutover\/broker imports itself by way of cutover\/relay/)
  })
  test('SQL in the middle of a decision', () => {
    const sql = 'cutover/relay/a.ts'
    finds(strayedSql(planted({ [sql]: 'const all = `\n  select fact_id from outbox`\n' })), /runs SQL: name the operation/)
    finds(strayedSql(planted({ [sql]: 'await tx.query<Row>(findSql, [])\n' })), /runs SQL/)
    finds(strayedSql(planted({ [sql]: `import { openRelayStore } from './postgres.ts'\n` })), /take the port of store\.ts/)
    const fine = `// select one\nimport type { Tx } from '../database/database.ts'\nconst { after } = request.query\nthrow new Error('update it first')\n`
    assert.deepEqual(strayedSql(planted({ [sql]: fine })), [])
    const home = {
      'cutover/relay/postgres.ts': `'select 1'`,
      'cutover/broker/postgres/log.ts': `'begin'`,
      'school/hiring/a.ts': `'select 1'`,
    }
    assert.deepEqual(strayedSql(planted(home)), [])
    assert.deepEqual(strayedSql(planted({ 'cutover/service/a.ts': `import { openRelayStore } from '../relay/postgres.ts'\n` })), [])
  })
  test('a file of 301 lines, and not one of 300', () => {
    finds(tooLong(planted({ 'cutover/a.sql': 'x\n'.repeat(301) })), /has 301 lines/)
    assert.deepEqual(tooLong(planted({ 'cutover/a.ts': 'x\n'.repeat(300) })), [])
  })
  test('a barrel', () =>
    finds(barrels(planted({ 'cutover/a.ts': `// doors\nexport * from './b.ts'\nexport {\n  c,\n} from './c.ts'\n` })), /only passes on/))
  test('a folder of odds and ends', () => finds(emptyNamed(planted({ 'cutover/utils/a.ts': '' })), /says nothing/))
  test('a file of odds and ends', () => finds(emptyNamed(planted({ 'engine/helpers.test.ts': '' })), /says nothing/))
  test('a door that leads nowhere', () =>
    finds(
      deadDoors(planted({ 'cutover/contract/contract.ts': '', 'engine/api/contract.ts': '', 'engine/engine.ts': '' }), doors),
      /outbox\.ts, which does not exist/,
    ))
  test('imports over several lines, for effects, of types, re-exported and dynamic are all seen', () => {
    const text = `import {\n  a,\n} from 'a'\nimport 'b'\nimport type { C } from 'c'\nexport * from 'd'\nconst e = await import('e')\nconst sql = "select 1 from 'f'"\n`
    assert.deepEqual(importsIn(text), ['a', 'b', 'c', 'd', 'e'])
  })
})
