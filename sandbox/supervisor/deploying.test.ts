import assert from 'node:assert/strict'
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { DeploymentRequest, DeploymentsAnswer, SandboxProcess, ServiceDeployment } from '../api/contract.ts'
import { homeFrom, type Home } from '../home.ts'
import { commandOf } from '../process-identity.ts'
import { supervise, type Supervisor } from './supervisor.ts'
import { childFile, freeFirstPort, testSystem, until } from './test-system.ts'

describe('deploying to a running system', () => {
  let home: Home
  let supervisor: Supervisor
  let olderFile: string
  let term = 0

  const start = (): Promise<Supervisor> =>
    supervise({
      definition: testSystem(home, 'run', instance => (instance === 2 ? olderFile : undefined)),
      home,
      write: () => undefined,
    })

  before(async () => {
    const directory = await mkdtemp(join(tmpdir(), 'cutover-home-'))
    olderFile = join(directory, 'older-child.ts')
    await copyFile(childFile, olderFile)
    home = homeFrom({ CUTOVER_HOME: directory, CUTOVER_PORT: String(await freeFirstPort()) })
    supervisor = await start()
  })
  after(async () => {
    await supervisor.stop()
    await rm(home.directory, { recursive: true, force: true })
  })

  const call = async <Body>(path: string, body?: object): Promise<{ status: number; body: Body }> => {
    const authorization = `Bearer ${(await readFile(home.operatorTokenFile, 'utf8')).trim()}`
    const response = await fetch(`http://127.0.0.1:${home.firstPort + 1}${path}`, {
      headers: { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    })
    return { status: response.status, body: (await response.json()) as Body }
  }
  const deploy = async (more: Partial<DeploymentRequest>): Promise<ServiceDeployment> => {
    const { status, body } = await call<ServiceDeployment>('/deployments', { service: 'first', term: ++term, ...more })
    assert.equal(status, 200, JSON.stringify(body))
    return body
  }
  const row = async (): Promise<ServiceDeployment> =>
    (await call<DeploymentsAnswer>('/deployments')).body.services.find(({ service }) => service === 'first') ?? assert.fail()
  const settled = (): Promise<void> => until(async () => !(await row()).rolling)
  const fault = (kind: string, instance: number): Promise<unknown> =>
    call('/sandbox/faults', { kind, service: 'first', instance, ...(kind === 'pause' ? { seconds: 600 } : {}) })
  const instances = (): SandboxProcess[] => supervisor.status().processes.filter(({ service }) => service === 'first')
  const ready = (): Promise<void> => until(() => instances().every(({ state }) => state === 'ready'))
  /** What each instance says of itself. */
  const able = (): Promise<string[]> => Promise.all(instances().map(async ({ url }) => (await fetch(`${url}/capabilities`)).text()))

  const programs = (): Promise<(string | undefined)[]> =>
    Promise.all(instances().map(async ({ pid }) => /[\w-]+\.ts/.exec((await commandOf(pid ?? 0)) ?? '')?.[0]))

  it('restarts the instances with what they shall be able to do, which counts as no restart', async () => {
    const before = instances()
    assert.deepEqual(await able(), ['serve:L-1', 'serve:L-1'])
    assert.deepEqual(await programs(), ['test-child.ts', 'older-child.ts'])
    const answer = await deploy({ add: ['record:L-1'] })
    assert.deepEqual([answer.capabilities, answer.rolling], [['record:L-1', 'serve:L-1'], true])
    await settled()
    assert.deepEqual(await able(), ['record:L-1,serve:L-1', 'record:L-1,serve:L-1'])
    const now = instances()
    assert.deepEqual(
      now.map(({ restarts, state }) => [restarts, state]),
      before.map(({ restarts }) => [restarts, 'ready']),
    )
    assert.ok(now.every(({ pid }, index) => pid !== before[index]?.pid))
    assert.match(await readFile(join(home.logs, 'first-1.log'), 'utf8'), /ends: asked/)
  })

  it('has replaced the older program of the instance that began with one', async () => {
    assert.deepEqual(await programs(), ['test-child.ts', 'test-child.ts'])
  })

  it('restarts nothing when it is repeated', async () => {
    const before = instances()
    assert.equal((await deploy({ add: ['record:L-1'] })).rolling, false)
    assert.deepEqual(instances(), before)
  })

  it('lets a process that is killed come back with what is wanted by now', async () => {
    await deploy({ add: ['act:L-1'], remove: ['record:L-1'] })
    for (const instance of [2, 1]) await fault('kill', instance)
    await settled()
    await ready()
    assert.deepEqual(await able(), ['act:L-1,serve:L-1', 'act:L-1,serve:L-1'])
  })

  it('replaces a process that stands still', async () => {
    await fault('pause', 1)
    assert.equal(instances()[0]?.state, 'paused')
    await deploy({ remove: ['serve:L-1'] })
    await settled()
    assert.deepEqual(await able(), ['act:L-1', 'act:L-1'])
  })

  it('that does not work holds at the first instance, and gives way to the next', async () => {
    const [, second] = instances()
    await deploy({ add: ['act:broken'] })
    await until(() => (instances()[0]?.restarts ?? 0) >= 3)
    assert.deepEqual(instances()[1], second)
    assert.equal((await row()).rolling, true)
    await deploy({ remove: ['act:broken'], add: ['serve:L-1'] })
    await settled()
    assert.deepEqual(await able(), ['act:L-1,serve:L-1', 'act:L-1,serve:L-1'])
  })

  it('names the field of what it refuses', async () => {
    for (const [body, status, pointer] of [
      [{ service: 'nobody', term }, 404, '/service'],
      [{ service: 'last', term }, 404, '/service'],
      [{ service: 'first' }, 400, '/term'],
      [{ service: 'first', term, add: ['melt:L-1'] }, 400, '/add/0'],
      [{ service: 'first', term, add: ['act:L-7'] }, 400, '/add/0'],
      [{ service: 'first', term, remove: [''] }, 400, '/remove/0'],
      [{ service: 'first', term, add: Array.from({ length: 501 }, () => 'act:L-1') }, 400, '/add'],
      [{ service: 'first', term, now: true }, 400, '/now'],
    ] as const) {
      const answer = await call<{ errors: { pointer: string }[] }>('/deployments', body)
      assert.equal(answer.status, status, JSON.stringify(answer))
      assert.equal(answer.body.errors[0]?.pointer, pointer)
    }
    const stale = await call<{ code: string }>('/deployments', { service: 'first', term: term - 1 })
    assert.deepEqual([stale.status, stale.body.code], [409, 'term_stale'])
  })

  it('outlasts the system: the next start begins with what was deployed', async () => {
    await supervisor.stop()
    supervisor = await start()
    assert.deepEqual(await able(), ['act:L-1,serve:L-1', 'act:L-1,serve:L-1'])
    assert.equal((await row()).rolling, false)
  })
})
