import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import pg from 'pg'
import type { SandboxProcess, SandboxStatus } from '../api/contract.ts'
import { homeFrom, type Home } from '../home.ts'
import { supervise, type Supervisor } from './supervisor.ts'
import { freeFirstPort, holdPort, testSystem, until } from './test-system.ts'

describe('a supervised system', () => {
  let home: Home
  let supervisor: Supervisor
  const said: string[] = []

  before(async () => {
    const directory = await mkdtemp(join(tmpdir(), 'cutover-home-'))
    home = homeFrom({ CUTOVER_HOME: directory, CUTOVER_PORT: String(await freeFirstPort()) })
    supervisor = await supervise({ definition: testSystem(home), home, write: line => said.push(line) })
  })
  after(async () => {
    await supervisor.stop()
    await rm(home.directory, { recursive: true, force: true })
  })

  const call = async (path: string, body?: object, token?: string): Promise<{ status: number; body: Record<string, unknown> }> => {
    const authorization = `Bearer ${token ?? (await readFile(home.operatorTokenFile, 'utf8')).trim()}`
    const response = await fetch(`http://127.0.0.1:${home.firstPort + 1}${path}`, {
      headers: { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
  const processOf = (name: string): SandboxProcess => {
    const found = supervisor.status().processes.find(process => process.name === name)
    assert.ok(found, `no process ${name}`)
    return found
  }
  const ready = (name: string, restarts: number): Promise<void> =>
    until(() => processOf(name).state === 'ready' && processOf(name).restarts >= restarts)

  it('tells what it started, and what to try', () => {
    const text = said.join('\n')
    for (const expected of ['Test starts in', 'PostgreSQL', 'first-2', 'last', 'Ready in', 'look'])
      assert.ok(text.includes(expected), expected)
  })

  it('answers with the status, to the operator only', async () => {
    const { body } = await call('/sandbox/status')
    const status = body as unknown as SandboxStatus
    assert.equal(status.ready, true)
    assert.deepEqual(
      status.processes.map(({ name, state }) => [name, state]),
      ['postgres', 'first-1', 'first-2', 'last'].map(name => [name, 'ready']),
    )
    const client = new pg.Client({ connectionString: status.databases['log'] })
    await client.connect()
    assert.deepEqual((await client.query('select current_user::text as me')).rows, [{ me: 'log' }])
    await client.end()
    assert.equal((await call('/sandbox/status', undefined, 'another')).status, 401)
  })

  it('starts a process again that crashed', async () => {
    const { pid, url } = processOf('last')
    await fetch(`${url}/crash`)
    await ready('last', 1)
    assert.notEqual(processOf('last').pid, pid)
    assert.equal(await (await fetch(url ?? '')).text(), String(processOf('last').pid))
  })

  it('kills the instance that is named, and no other', async () => {
    const [killed, spared] = [processOf('first-2'), processOf('first-1')]
    const { body } = await call('/sandbox/faults', { kind: 'kill', service: 'first', instance: 2 })
    assert.deepEqual(body, { kind: 'kill', processes: [{ name: 'first-2', pid: killed.pid }] })
    await ready('first-2', 1)
    assert.deepEqual(processOf('first-1'), spared)
  })

  it('pauses a process and lets it go on', async () => {
    const { url } = processOf('last')
    await call('/sandbox/faults', { kind: 'pause', service: 'last', seconds: 600 })
    assert.equal(processOf('last').state, 'paused')
    assert.equal(supervisor.status().ready, false)
    await assert.rejects(fetch(url ?? '', { signal: AbortSignal.timeout(200) }))
    await call('/sandbox/faults', { kind: 'resume', service: 'last' })
    assert.equal((await fetch(url ?? '')).status, 200)
    assert.equal((await call('/sandbox/faults', { kind: 'resume', service: 'last' })).status, 409)
  })

  it('ends a pause by itself', async () => {
    await call('/sandbox/faults', { kind: 'pause', service: 'first', instance: 1, seconds: 0.1 })
    await ready('first-1', 0)
  })

  it('starts PostgreSQL again when it was killed, with the same address', async () => {
    const url = supervisor.status().databases['first'] ?? ''
    const { pid } = processOf('postgres')
    await call('/sandbox/faults', { kind: 'kill', service: 'postgres' })
    await ready('postgres', 1)
    assert.notEqual(processOf('postgres').pid, pid)
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    await client.end()
  })

  it('names the field of a fault that it refuses', async () => {
    for (const [body, status, pointer] of [
      [{ kind: 'kill', service: 'nobody' }, 404, '/service'],
      [{ kind: 'kill', service: 'first', instance: 3 }, 404, '/instance'],
      [{ kind: 'melt', service: 'first' }, 400, '/kind'],
      [{ kind: 'kill', service: 'first', force: true }, 400, '/force'],
      [{ kind: 'pause', service: 'first', seconds: 0 }, 400, '/seconds'],
    ] as const) {
      const answer = await call('/sandbox/faults', body)
      assert.equal(answer.status, status, JSON.stringify(answer))
      assert.equal((answer.body['errors'] as { pointer: string }[])[0]?.pointer, pointer)
    }
    assert.equal((await call('/sandbox/traffic', { action: 'rate' })).status, 400)
    assert.equal((await call('/sandbox/traffic', { action: 'stop' })).status, 404)
  })

  it('refuses a second start from the same home in one line', async () => {
    await assert.rejects(
      supervise({ definition: testSystem(home), home, write: () => undefined }),
      (error: Error) =>
        error.message.includes('runs already') && error.message.includes(String(process.pid)) && !error.message.includes('\n'),
    )
  })

  it('stops the last stage first, and PostgreSQL after all', async () => {
    await supervisor.stop()
    assert.ok(supervisor.status().processes.every(({ state, pid }) => state === 'stopped' && pid === null))
    const endOf = async (name: string): Promise<string> => {
      const line = (await readFile(join(home.logs, `${name}.log`), 'utf8')).trim().split('\n').at(-1) ?? ''
      assert.match(line, /ends: /)
      return line
    }
    assert.ok((await endOf('last')) <= (await endOf('first-1')))
    await assert.rejects(readFile(home.runFile), { code: 'ENOENT' })
  })

  it('stops everything when a process cannot start, and shows the end of its log', async () => {
    const options = { definition: testSystem(home, 'fail'), home, write: () => undefined }
    let broken: Supervisor | undefined
    await assert.rejects(
      supervise({ ...options, onOpen: opened => (broken = opened) }),
      /last does not start.*code 3(.|\n)*the reason why it fails/,
    )
    assert.ok(broken?.status().processes.every(({ pid }) => pid === null))
  })

  it('names the taken port, what it is for, who has it and the variable, in one line', async () => {
    const release = await holdPort(home.firstPort + 11)
    try {
      await assert.rejects(supervise({ definition: testSystem(home), home, write: () => undefined }), (error: Error) => {
        const who = process.platform === 'linux' ? `process ${process.pid}` : ''
        for (const part of [String(home.firstPort + 11), 'first', who, 'CUTOVER_PORT'])
          assert.ok(error.message.includes(part), error.message)
        return !error.message.includes('\n')
      })
    } finally {
      await release()
    }
  })
})
