import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { freeBase, ready } from './system.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const timeout = 400_000
const commandMs = 200_000

/** The commands of the two blocks under "Five minutes", as a reader would type them. */
async function session(): Promise<{ start: string[]; more: string[] }> {
  const readme = await readFile(join(root, 'README.md'), 'utf8')
  const section = readme.split(/^## /m).find(text => text.startsWith('Five minutes')) ?? ''
  const [start = '', more = ''] = [...section.matchAll(/^```\n([\s\S]*?)^```/gm)].map(match => match[1] ?? '')
  const lines = (block: string): string[] =>
    block
      .split('\n')
      .map(line => line.replace(/#.*/, '').trim())
      .filter(Boolean)
  return { start: lines(start), more: lines(more) }
}

test('the first session of README.md does what it says, word for word', { timeout }, async context => {
  const { start, more } = await session()
  assert.deepEqual(start, ['npm ci', 'npm start'], 'what is installed here is what "npm ci" installs')
  assert.ok(more.length >= 5)
  const home = await mkdtemp(join(tmpdir(), 'cutover-readme-'))
  const environment = { ...process.env, CUTOVER_HOME: join(home, 'home'), CUTOVER_PORT: String(await freeBase()) }
  const child = spawn('npm', ['start'], { cwd: root, env: environment, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  try {
    await ready(child)
    for (const line of more) {
      const { code, output } = await run(line, environment)
      context.diagnostic(`${line}: ${output.split('\n')[0] ?? ''}`)
      assert.equal(code, 0, `${line}\n${output}`)
      if (line.startsWith('npx cutover links')) assert.equal([...output.matchAll(/^COMM-0\d0 /gm)].length, 9)
      if (line.startsWith('npx cutover apply')) assert.match(output, /Finished in .*COMM-040 goes by event now/)
      if (line.startsWith('npx cutover verify')) assert.match(output, /Nothing lost, nothing counted twice/)
      if (line.startsWith('npx cutover revert')) assert.match(output, /COMM-040 goes by HTTP as before/)
    }
  } finally {
    const exit = once(child, 'exit')
    // As Ctrl-C does: to npm, its launcher and the program.
    process.kill(-(child.pid ?? 0), 'SIGINT')
    await exit
    await rm(home, { recursive: true, force: true })
  }
})

function run(line: string, env: NodeJS.ProcessEnv): Promise<{ code: number; output: string }> {
  const [file = '', ...words] = line.split(/\s+/)
  return new Promise(resolve => {
    execFile(file, words, { cwd: root, env, timeout: commandMs }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1
      resolve({ code, output: code === 0 ? stdout : `${stdout}\n${stderr}` })
    })
  })
}
