import { spawn } from 'node:child_process'
import { globSync, existsSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { lacking } from '@cutover/sandbox/kafka/jars'
import { startPostgres } from '@cutover/sandbox/postgres'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const folders = ['cutover', 'engine', 'cli', 'console', 'sandbox', 'school', 'bench', 'tests']
const fileTimeoutMs = 900_000
/** Of the enumerations: a whole system, with a kill at every place. */
const longFileTimeoutMs = 2_700_000
const usage = `npm test [-- [--all] [FILE ...]]
  FILE   runs only these test files, or the test files below these folders
  --all  runs the enumerations instead, which take long: the files named *.all.test.ts`

/** A whole system has nine processes, a Kafka cluster three: two cores carry one of them at a time. */
const isAlone = (file: string): boolean => file.startsWith('tests/system/') || file.endsWith('.kafka.test.ts')
let interrupted = false

process.exitCode = await main()

async function main(): Promise<number> {
  const chosen = choose()
  if (typeof chosen === 'string') {
    console.error(chosen)
    return 64
  }
  if (chosen.skipped.length > 0) {
    console.log(`Skipped, because they take minutes ("npm run test:all" runs them): ${chosen.skipped.join(', ')}`)
  }
  const directory = await mkdtemp(join(tmpdir(), 'cutover-tests-'))
  const postgres = await startPostgres({ directory, port: 0, temporary: true, log: console.log })
  console.log(`${chosen.files.length} test files, PostgreSQL on port ${postgres.port}`)
  try {
    const alone = chosen.files.filter(isAlone)
    const rest = chosen.files.filter(file => !isAlone(file))
    const first = rest.length === 0 ? 0 : await runTests(rest, 2, postgres.adminUrl)
    const second = alone.length === 0 || interrupted ? 0 : await runTests(alone, 1, postgres.adminUrl)
    await sayWhatWasSkipped(chosen.files)
    return first === 0 ? second : first
  } finally {
    await postgres.stop()
  }
}

/** Once more, at the end, where it is seen: a green run without it has not tried the log on Kafka. */
async function sayWhatWasSkipped(files: readonly string[]): Promise<void> {
  const onKafka = files.filter(file => /[./]kafka\.test\.ts$/.test(file))
  const why = onKafka.length === 0 ? null : await lacking()
  if (why !== null) console.log(`\nSKIPPED, because three Kafka brokers cannot be run here: ${onKafka.join(', ')}\n${why}`)
}

/** The files to run and those left out; or what is wrong with the arguments. */
function choose(): { files: string[]; skipped: string[] } | string {
  let parsed: { all: boolean; wanted: string[] }
  try {
    const { values, positionals } = parseArgs({ options: { all: { type: 'boolean', default: false } }, allowPositionals: true })
    parsed = { all: values.all, wanted: positionals.map(path => relative(root, resolve(path))) }
  } catch (error) {
    return `${(error as Error).message}\n${usage}`
  }
  const { all, wanted } = parsed
  const found = folders
    .flatMap(folder => globSync(`${folder}/**/*.test.ts`, { cwd: root, exclude: path => path.includes('node_modules') }))
    .toSorted()
  const unknown = wanted.filter(path => !existsSync(join(root, path)) || !found.some(file => file === path || file.startsWith(`${path}/`)))
  if (unknown.length > 0) return `no test files: ${unknown.join(', ')}\n${usage}`
  const named = wanted.length === 0 ? found : found.filter(file => wanted.some(path => file === path || file.startsWith(`${path}/`)))
  const isLong = (file: string): boolean => file.endsWith('.all.test.ts')
  // A file that is named is meant, however long it takes.
  const isMeant = (file: string): boolean => isLong(file) === all || wanted.includes(file)
  return { files: named.filter(isMeant), skipped: all ? [] : named.filter(file => !isMeant(file)) }
}

function runTests(files: readonly string[], concurrency: number, databaseUrl: string): Promise<number> {
  const timeout = files.some(file => file.endsWith('.all.test.ts')) ? longFileTimeoutMs : fileTimeoutMs
  const flags = ['--test', `--test-concurrency=${concurrency}`, '--test-reporter=spec', `--test-timeout=${timeout}`]
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...flags, ...files], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, CUTOVER_TEST_DATABASE_URL: databaseUrl },
  })
  // The terminal sends Ctrl-C to the runner as well; we wait for it, and stop PostgreSQL after it.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      interrupted = true
      child.kill(signal)
    })
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 1)))
  })
}
