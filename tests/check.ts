import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { styleText } from 'node:util'

/**
 * `npm run check`: types, lint, format and architecture, side by side. Prints one line for each that is fine and the
 * whole output of each that is not, with the command that shows it alone. Exit code 3 when a check fails.
 */
interface Check {
  readonly name: string
  readonly command: readonly string[]
  /** What to run to see or mend it. */
  readonly remedy: string
}

const root = resolve(import.meta.dirname, '..')
const limitMs = 120_000

/** The file behind a package's command, run by the Node that runs us: no shell, no search on the path. */
function commandOf(name: string): readonly string[] {
  const manifest = createRequire(join(root, 'package.json')).resolve(`${name}/package.json`)
  const { bin } = createRequire(manifest)('./package.json') as { bin: string | Record<string, string> }
  const script = typeof bin === 'string' ? bin : (bin[name] ?? Object.values(bin)[0] ?? '')
  return [process.execPath, join(dirname(manifest), script)]
}

const checks = (): readonly Check[] => [
  { name: 'types', command: [...commandOf('typescript'), '--noEmit', '-p', '.'], remedy: 'npx tsc --noEmit -p .' },
  // Apart from the rest, because only what runs in a browser may know the document.
  {
    name: 'types of the console',
    command: [...commandOf('typescript'), '--noEmit', '-p', 'console'],
    remedy: 'npx tsc --noEmit -p console',
  },
  { name: 'lint', command: [...commandOf('oxlint'), '--type-aware'], remedy: 'npx oxlint --type-aware' },
  { name: 'format', command: [...commandOf('oxfmt'), '--check', '.'], remedy: 'npm run format' },
  {
    name: 'architecture',
    command: [process.execPath, '--test', '--test-reporter=./tests/failures.ts', 'tests/architecture.test.ts'],
    remedy: 'node bin/run.mjs --test tests/architecture.test.ts',
  },
]

interface Outcome {
  readonly code: number
  readonly output: string
  readonly tookMs: number
}

function run(check: Check): Promise<Outcome> {
  const begun = performance.now()
  const [program = '', ...rest] = check.command
  const child = spawn(program, rest, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], timeout: limitMs })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  return new Promise(settle => {
    const end = (code: number, more = ''): void => settle({ code, output: output + more, tookMs: performance.now() - begun })
    child.on('error', error => end(1, error.message))
    child.on('close', (code, signal) => end(code ?? 1, signal === null ? '' : `\nended by ${signal} after ${limitMs / 1000} s at most`))
  })
}

const outcomes = await Promise.all(checks().map(async check => ({ check, ...(await run(check)) })))
for (const { check, code, output, tookMs } of outcomes) {
  const seconds = `${(tookMs / 1000).toFixed(1)} s`
  if (code === 0) console.log(`${styleText('green', 'ok    ')} ${check.name} (${seconds})`)
  else
    console.log(
      `${styleText('red', 'failed')} ${check.name} (${seconds}); alone: ${check.remedy}\n\n${output.trim().replaceAll(/^/gm, '  ')}\n`,
    )
}
process.exitCode = outcomes.every(({ code }) => code === 0) ? 0 : 3
