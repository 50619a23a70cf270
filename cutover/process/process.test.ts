import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { test } from 'node:test'

const modules = new URL('.', import.meta.url)

/** A process that runs the parts given as source text; `say` writes a line that the test waits for. */
function run(parts: string, options: { parentPipe?: boolean; stopTimeoutMs?: number } = {}): Run {
  const program = `
    import { writeSync } from 'node:fs'
    import { runProcess } from '${new URL('process.ts', modules).href}'
    import { ConfigurationError } from '${new URL('environment.ts', modules).href}'
    import { openLog } from '${new URL('log.ts', modules).href}'
    const say = line => writeSync(1, line + '\\n')
    const part = (name, more = {}) => ({ name, start: async () => say('start ' + name), stop: async () => say('stop ' + name), ...more })
    const hang = () => new Promise(() => {})
    setInterval(() => {}, 1_000)
    const log = openLog({ service: 'test', instance: '1', level: 'fatal' })
    await runProcess([${parts}], { log, stopTimeoutMs: ${options.stopTimeoutMs ?? 10_000} })`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    env: { ...process.env, CUTOVER_READY_FD: '3', ...(options.parentPipe === true ? { CUTOVER_PARENT_PIPE: '1' } : {}) },
  })
  return new Run(child)
}

class Run {
  readonly child: ChildProcess
  readonly lines: string[] = []
  readonly errors: string[] = []
  readonly ended: Promise<unknown[]>
  readonly #ready: Promise<unknown[]>
  readonly #said = new Map<string, () => void>()

  constructor(child: ChildProcess) {
    this.child = child
    const streams = child.stdio
    this.ended = once(child, 'close')
    createInterface({ input: streams[1] as never }).on('line', line => {
      this.lines.push(line)
      this.#said.get(line)?.()
    })
    createInterface({ input: streams[2] as never }).on('line', line => this.errors.push(line))
    this.#ready = once(createInterface({ input: streams[3] as never }), 'line')
  }

  async ready(): Promise<unknown> {
    const [line] = await this.#ready
    return JSON.parse(String(line))
  }

  said(line: string): Promise<void> {
    if (this.lines.includes(line)) return Promise.resolve()
    return new Promise(resolve => this.#said.set(line, resolve))
  }

  async code(): Promise<unknown> {
    const [code] = await this.ended
    return code
  }
}

test('parts start in order, are told to be ready with their address, and stop in reverse at SIGTERM with exit code 0', async () => {
  const both = run(`part('database'), part('http', { url: 'http://127.0.0.1:1' })`)
  assert.deepEqual(await both.ready(), { ready: true, url: 'http://127.0.0.1:1' })
  both.child.kill('SIGTERM')
  assert.equal(await both.code(), 0)
  assert.deepEqual(both.lines, ['start database', 'start http', 'stop http', 'stop database'])
})

test('the process stops in order when the pipe of its parent closes', async () => {
  const orphan = run(`part('http')`, { parentPipe: true })
  await orphan.ready()
  orphan.child.stdin?.end()
  assert.equal(await orphan.code(), 0)
  assert.deepEqual(orphan.lines, ['start http', 'stop http'])
})

test('a second signal ends a process that hangs', async () => {
  const hanging = run(`part('http', { stop: () => { say('stopping'); return hang() } })`)
  await hanging.ready()
  hanging.child.kill('SIGINT')
  await hanging.said('stopping')
  hanging.child.kill('SIGINT')
  assert.equal(await hanging.code(), 1)
})

test('a part that hangs or fails while it stops does not keep the others from stopping', async () => {
  const stuck = run(`part('first'), part('stuck', { stop: hang }), part('failing', { stop: async () => { throw new Error('x') } })`, {
    stopTimeoutMs: 50,
  })
  await stuck.ready()
  stuck.child.kill('SIGTERM')
  assert.equal(await stuck.code(), 0)
  assert.equal(stuck.lines.at(-1), 'stop first')
})

test('when a part cannot start, those before it stop, and one line says why', async () => {
  const broken = run(`part('database'), part('http', { start: async () => { throw new Error('port 4400 is taken') } }), part('never')`)
  assert.equal(await broken.code(), 1)
  assert.deepEqual(broken.lines, ['start database', 'stop http', 'stop database'])
  assert.deepEqual(broken.errors, ['port 4400 is taken'])
})

test('a configuration that is wrong has an exit code of its own', async () => {
  const misconfigured = run(`part('http', { start: async () => { throw new ConfigurationError(['PORT is not set', 'KEY is not set']) } })`)
  assert.equal(await misconfigured.code(), 78)
  assert.deepEqual(misconfigured.errors, ['PORT is not set', 'KEY is not set'])
})

test('a signal while a part is still starting stops what there is', async () => {
  const starting = run(`part('database'), part('slow', { start: () => { say('starting'); return hang() } }), part('never')`)
  await starting.said('starting')
  starting.child.kill('SIGTERM')
  assert.equal(await starting.code(), 0)
  assert.deepEqual(starting.lines, ['start database', 'starting', 'stop slow', 'stop database'])
})
