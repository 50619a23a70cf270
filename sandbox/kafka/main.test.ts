import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('main.ts', import.meta.url))
const home = mkdtempSync(join(tmpdir(), 'cutover-kafka-home-'))
after(() => rmSync(home, { recursive: true, force: true }))

/** `npm run kafka` with these variables, until it ends. */
const kafka = (environment: Record<string, string>): { status: number | null; lines: string[]; stdout: string } => {
  const { status, stderr, stdout } = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', main], {
    env: { ...process.env, CUTOVER_LAUNCHER: '', CUTOVER_HOME: home, ...environment },
    encoding: 'utf8',
  })
  return { status, stdout, lines: stderr.trim().split('\n') }
}

test('without Java and Maven it says so in one line, and makes nothing', () => {
  const { status, lines } = kafka({ PATH: '/nowhere', CUTOVER_PORT: '24400' })
  assert.equal(status, 69)
  assert.equal(lines.length, 1)
  assert.match(lines[0] ?? '', /^cannot run Kafka: Java is missing and Maven is missing: a Kafka broker needs Java 17 or later/)
  assert.deepEqual(readdirSync(home), [])
})

test('a wrong port is told before anything is started', () => {
  const { status, lines } = kafka({ CUTOVER_PORT: 'x' })
  assert.equal(status, 64)
  assert.match(lines[0] ?? '', /^cannot run Kafka: CUTOVER_PORT is "x"/)
})
