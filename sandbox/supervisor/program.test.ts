import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { SandboxStatus } from '../api/contract.ts'
import { homeFrom, type Home } from '../home.ts'
import { isAlive, waitUntilGone } from '../process-identity.ts'
import { freeFirstPort } from './test-system.ts'

describe('the program', () => {
  let home: Home
  let environment: NodeJS.ProcessEnv
  before(async () => {
    const directory = await mkdtemp(join(tmpdir(), 'cutover-program-'))
    environment = { ...process.env, CUTOVER_HOME: directory, CUTOVER_PORT: String(await freeFirstPort()) }
    home = homeFrom(environment)
  })
  after(() => rm(home.directory, { recursive: true, force: true }))

  /** Starts it, and resolves when it says that it is ready. */
  async function start(): Promise<ChildProcess> {
    const program = fileURLToPath(new URL('./test-system.ts', import.meta.url))
    const child = spawn(process.execPath, [program], { env: environment, stdio: ['ignore', 'pipe', 'inherit'] })
    for await (const line of createInterface({ input: child.stdout })) if (line.startsWith('Ready in')) break
    child.stdout.resume()
    return child
  }

  async function pids(): Promise<number[]> {
    const token = (await readFile(home.operatorTokenFile, 'utf8')).trim()
    const response = await fetch(`http://127.0.0.1:${home.firstPort + 1}/sandbox/status`, { headers: { authorization: `Bearer ${token}` } })
    return ((await response.json()) as SandboxStatus).processes.map(({ pid }) => pid ?? 0)
  }

  it('leaves nothing behind when it is killed, not even a process that stands still', async () => {
    const first = await start()
    const left = await pids()
    const paused = left.at(-1) ?? 0
    process.kill(paused, 'SIGSTOP')
    first.kill('SIGKILL')
    for (const pid of left.slice(0, -1)) assert.equal(await waitUntilGone(pid, 20_000), true)
    assert.equal(await isAlive(paused), true)
    const second = await start()
    assert.equal(await isAlive(paused), false)
    second.kill('SIGTERM')
    assert.deepEqual(await once(second, 'exit'), [0, null])
  })

  it('ends everything at once when it is told to stop twice', async () => {
    const child = await start()
    const running = await pids()
    const last = running.at(-1) ?? 0
    // Does not hear the first, so that the second finds it waiting.
    process.kill(last, 'SIGSTOP')
    const exited = once(child, 'exit')
    child.kill('SIGINT')
    await new Promise(resolve => setTimeout(resolve, 1_000))
    child.kill('SIGINT')
    const [code] = (await exited) as [number]
    assert.ok([0, 130].includes(code), String(code))
    for (const pid of running) assert.equal(await waitUntilGone(pid, 20_000), true)
  })
})
