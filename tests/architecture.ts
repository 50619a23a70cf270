import { dirname, posix } from 'node:path'

/** A source tree: path relative to the repository, with `/`, and text. */
export type Tree = ReadonlyMap<string, string>
/** The doors of each package: package name → folder, and what its `exports` map to. */
export type Packages = Readonly<Record<string, { readonly folder: string; readonly exports: Readonly<Record<string, string>> }>>

const ground = ['cutover/contract', 'cutover/failure', 'cutover/process']
const stored = [...ground, 'cutover/database']

/**
 * What each folder may import, besides itself, Node and libraries. The longest row that fits decides. Read downwards,
 * it is the direction of the program: a row uses only what stands above it.
 */
export const mayImport: Readonly<Record<string, readonly string[]>> = {
  'cutover/contract': [],
  'cutover/process': ['cutover/contract'],
  'cutover/failure': ['cutover/contract', 'cutover/process'],
  'cutover/database': ground,
  'cutover/telemetry': ground,
  'cutover/http': [...ground, 'cutover/telemetry'],
  'cutover/broker': stored,
  'cutover/registry': stored,
  'cutover/switch': stored,
  'cutover/backlog': stored,
  'cutover/receive': [...stored, 'cutover/registry', 'cutover/http'],
  'cutover/parity': [...stored, 'cutover/registry', 'cutover/receive'],
  'cutover/replica': [...stored, 'cutover/receive', 'cutover/columns'],
  'cutover/reading': [...stored, 'cutover/http', 'cutover/switch', 'cutover/receive', 'cutover/replica'],
  'cutover/snapshot': [...stored, 'cutover/outbox'],
  'cutover/columns': stored,
  'cutover/diagnosis': stored,
  'cutover/trace': stored,
  'cutover/outbox': [...stored, 'cutover/registry', 'cutover/switch', 'cutover/telemetry'],
  'cutover/idempotency': [...stored, 'cutover/http', 'cutover/outbox'],
  'cutover/consumer': [...stored, 'cutover/broker', 'cutover/receive'],
  'cutover/delivery': [...stored, 'cutover/http', 'cutover/switch', 'cutover/outbox'],
  'cutover/relay': [...stored, 'cutover/broker', 'cutover/http', 'cutover/switch', 'cutover/outbox', 'cutover/delivery'],
  'cutover/gauges': [...stored, 'cutover/broker', 'cutover/telemetry'],
  'cutover/deadletters': [
    ...stored,
    'cutover/http',
    'cutover/broker',
    'cutover/registry',
    'cutover/receive',
    'cutover/outbox',
    'cutover/delivery',
  ],
  'cutover/service': ['cutover'],
  'engine/api': [],
  'engine/verify': ['cutover', 'engine/api'],
  engine: ['cutover'],
  'sandbox/api': [],
  sandbox: ['cutover', 'engine/api'],
  // The command line knows the two operator interfaces and nothing behind them; only `token`, which asks no server, signs
  // as the library does.
  cli: ['engine/api', 'sandbox/api', 'cutover/http/tokens.ts'],
  // The page knows the operator's interface and nothing behind it.
  console: ['engine/api'],
  // A service of the school knows the contracts and the library, never another service.
  'school/contracts': ['cutover/contract'],
  'school/management': ['cutover', 'school/contracts'],
  'school/hiring': ['cutover', 'school/contracts'],
  'school/bonuses': ['cutover', 'school/contracts'],
  // Stands for a service outside: it shares nothing with bonuses but their contract.
  'school/finance': ['cutover', 'school/contracts'],
  school: ['cutover', 'engine', 'sandbox'],
}

/** Folders that a browser loads as well: no Node module, no library. */
export const portable: readonly string[] = ['cutover/contract', 'engine/api', 'sandbox/api']

/**
 * Where the library's SQL is, and nowhere else: beside each capability in its `postgres.ts`, which implements the port in
 * its `store.ts`; in the PostgreSQL log; and in what all of them stand on. Loops and decisions see named operations
 * only, so that a simulation can run them over another store. (A service's handlers keep SQL of their own.)
 */
const holdsSql = (file: string): boolean => /^cutover\/(.+\/postgres(\.ts$|\/)|database\/)/.test(file)

/** What puts the ports and their implementations together. */
const composes = (file: string): boolean => /^cutover\/(service\/|broker\/open\.ts$)/.test(file)

/** Names that say nothing about what is inside, so that everything ends up there. */
const emptyNames = /^(utils?|common|helpers?|core|shared|lib|misc|index)$/
const linesMax = 300

export const isTest = (file: string): boolean => /\.test\.tsx?$/.test(file) || /^(tests|bench)\//.test(file)
const within = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`)
const rows = Object.keys(mayImport).sort((a, b) => b.length - a.length)
export const rowOf = (path: string): string | undefined => rows.find(row => within(path, row))
const source = (tree: Tree): (readonly [string, string])[] => [...tree].filter(([file]) => /\.tsx?$/.test(file) && !isTest(file))

const statics = /^(?:import\b[^'";]*?from\s*|import\s*|export\s+(?:type\s+)?(?:\*|\{[^}]*\})[^'";]*?from\s*)'([^']+)'/gm
const dynamics = /\bimport\(\s*'([^']+)'\s*\)/g
export const importsIn = (text: string): string[] => [...text.matchAll(statics), ...text.matchAll(dynamics)].map(match => match[1] ?? '')

type Target = { readonly path: string } | { readonly wrong: string } | 'outside'

/** Where an import lands, or why it may not be written like that. */
function target(file: string, specifier: string, packages: Packages): Target {
  const owner = file.split('/')[0] ?? ''
  if (specifier.startsWith('.')) {
    const path = posix.normalize(posix.join(dirname(file), specifier))
    return within(path, owner) ? { path } : { wrong: `leaves the package; across packages use a door, for example 'cutover/contract'` }
  }
  const name = Object.keys(packages).find(candidate => within(specifier, candidate))
  const found = name === undefined ? undefined : packages[name]
  if (name === undefined || found === undefined) return 'outside'
  if (found.folder === owner) return { wrong: 'is a door of its own package; inside a package use a relative path' }
  const door = found.exports[`.${specifier.slice(name.length)}`]
  if (door === undefined)
    return { wrong: `is no door of ${name}; its package.json exports ${Object.keys(found.exports).join(', ') || 'nothing'}` }
  return { path: posix.join(found.folder, door) }
}

/** Imports against the table. */
export function wrongImports(tree: Tree, packages: Packages): string[] {
  return source(tree).flatMap(([file, text]) => {
    const from = rowOf(file)
    const allowed = from === undefined ? undefined : mayImport[from]
    if (from === undefined || allowed === undefined)
      return [`${file} is in a folder without a row: add one to mayImport and say in review why`]
    return importsIn(text).flatMap(specifier => {
      const to = target(file, specifier, packages)
      if (to === 'outside') {
        return portable.some(folder => within(file, folder))
          ? [`${file} imports ${specifier}: ${from} is loaded by a browser and imports nothing`]
          : []
      }
      if ('wrong' in to) return [`${file} imports ${specifier}: it ${to.wrong}`]
      if (within(to.path, from) || allowed.some(folder => within(to.path, folder))) return []
      return [`${file} imports ${specifier}: ${from} may import ${allowed.join(', ') || 'nothing'}`]
    })
  })
}

const sqlStatement =
  /['"`]\s*(select\s|insert\s+into\s|update\s+\S+\s+(\w+\s+)?set\s|delete\s+from\s|with\s+\w+\s+as\b|(create|alter|drop|lock|truncate)\s+(unique\s+)?(table|index|sequence)\b|set\s+local\s|begin\b|(listen|notify)\s)/i

/** SQL outside the implementations of ports, and implementations in the hands of what should know the port only. */
export function strayedSql(tree: Tree): string[] {
  return source(tree)
    .filter(([file]) => within(file, 'cutover') && !holdsSql(file))
    .flatMap(([file, text]) => {
      const code = text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
      const runs = sqlStatement.test(code) || /\.query\s*[(<]/.test(code)
      const known = importsIn(text).filter(specifier => holdsSql(posix.normalize(posix.join(dirname(file), specifier))))
      const implementations = composes(file) ? [] : known.filter(specifier => !specifier.includes('/database/'))
      return [
        ...(runs ? [`${file} runs SQL: name the operation in the folder's store.ts and put the SQL into its postgres.ts`] : []),
        ...implementations.map(specifier => `${file} imports ${specifier}: take the port of store.ts; cutover/service puts them together`),
      ]
    })
}

/** Capabilities that import each other, by way of any number of others. */
export function cycles(tree: Tree, packages: Packages): string[] {
  const edges = new Map<string, Set<string>>()
  for (const [file, text] of source(tree)) {
    const from = rowOf(file)
    if (from === undefined) continue
    for (const specifier of importsIn(text)) {
      const to = target(file, specifier, packages)
      const row = typeof to === 'object' && 'path' in to ? rowOf(to.path) : undefined
      if (row !== undefined && row !== from) edges.set(from, (edges.get(from) ?? new Set()).add(row))
    }
  }
  const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
    [...(edges.get(from) ?? [])].some(next => next === to || (!seen.has(next) && reaches(next, to, seen.add(next))))
  return [...edges.keys()]
    .filter(row => reaches(row, row))
    .map(row => `${row} imports itself by way of ${[...(edges.get(row) ?? [])].filter(next => reaches(next, row)).join(', ')}`)
}

export function tooLong(tree: Tree): string[] {
  return [...tree].flatMap(([file, text]) => {
    const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
    return lines > linesMax ? [`${file} has ${lines} lines; ${linesMax} at most: find the second thing in it and give it a file`] : []
  })
}

export function barrels(tree: Tree): string[] {
  return source(tree).flatMap(([file, text]) => {
    const rest = text
      .replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
      .replaceAll(/^export\s+(?:type\s+)?(?:\*(?:\s+as\s+\w+)?|\{[^}]*\})\s*from\s*'[^']+';?/gm, '')
    return text.trim() !== '' && rest.trim() === '' ? [`${file} only passes on other files: import from those`] : []
  })
}

export function emptyNamed(tree: Tree): string[] {
  return [...tree.keys()].flatMap(file => {
    const part = file.split('/').find(name => emptyNames.test(name.replace(/(\.db|\.test)*\.\w+$/, '')))
    return part === undefined ? [] : [`${file}: "${part}" says nothing about what is inside; name it for that`]
  })
}

/** Doors that lead nowhere. */
export function deadDoors(tree: Tree, packages: Packages): string[] {
  return Object.entries(packages).flatMap(([name, { folder, exports }]) =>
    Object.entries(exports).flatMap(([door, path]) =>
      tree.has(posix.join(folder, path))
        ? []
        : [`${folder}/package.json: the door ${name}${door.slice(1)} leads to ${path}, which does not exist`],
    ),
  )
}
