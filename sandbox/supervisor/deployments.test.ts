import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { Problem } from 'cutover/failure'
import type { SandboxProcess } from '../api/contract.ts'
import { StartRefused } from '../home.ts'
import type { ProcessDefinition } from './definition.ts'
import { openDeployments, type Deployed, type Deployments } from './deployments.ts'

const program: ProcessDefinition = {
  name: 'bonuses',
  file: '/new.ts',
  firstFile: instance => (instance === 1 ? '/old.ts' : undefined),
  ports: [1, 2],
  capabilities: ['serve:L-2', 'serve:L-1'],
  possible: ['serve:L-1', 'serve:L-2', 'record:L-1', 'act:L-1'],
  environment: () => ({}),
}
const engine: ProcessDefinition = { name: 'engine', file: '/engine.ts', ports: [3], environment: () => ({}) }
const restart = { add: [] as string[], service: 'bonuses' }

describe('deployments', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cutover-deployments-'))
  after(() => rm(folder, { recursive: true, force: true }))

  let files = 0
  const newFile = (): string => join(folder, `${files++}.json`)

  /** Two instances that are at once ready with what is wanted. */
  async function open(file: string): Promise<Deployments> {
    const deployments: Deployments = await openDeployments({
      file,
      programs: [program, engine],
      instances: service => instances.filter(instance => instance.snapshot().service === service),
      report: assert.fail,
    })
    const instances = [1, 2].map((instance): Deployed => {
      let launched = deployments.launch(program, instance)
      return {
        name: `bonuses-${instance}`,
        snapshot: () => ({ service: 'bonuses', instance, state: 'ready' }) as SandboxProcess,
        launched: () => launched,
        async renew() {
          launched = deployments.launch(program, instance)
        },
      }
    })
    return deployments
  }
  const capabilitiesIn = ({ list }: Deployments): (readonly string[])[] => list().services.map(({ capabilities }) => capabilities)
  const refused = (code: string, pointer?: string) => (error: unknown) => {
    assert.ok(error instanceof Problem)
    assert.deepEqual([error.code, error.errors[0]?.pointer], [code, pointer])
    return true
  }

  it('begin with the first capabilities, of the services that have any', async () => {
    const deployments = await open(newFile())
    assert.deepEqual(deployments.list(), {
      services: [
        {
          service: 'bonuses',
          capabilities: ['serve:L-1', 'serve:L-2'],
          rolling: false,
          instances: [1, 2].map(n => ({ name: `bonuses-${n}`, capabilities: ['serve:L-1', 'serve:L-2'], state: 'ready' })),
        },
      ],
    })
  })

  it('add and remove, are answered before the instances follow, and change nothing when repeated', async () => {
    const file = newFile()
    const deployments = await open(file)
    const request = { service: 'bonuses', add: ['act:L-1'], remove: ['serve:L-1'], term: 3 }
    const answer = await deployments.deploy(request)
    assert.deepEqual([answer.capabilities, answer.rolling], [['act:L-1', 'serve:L-2'], true])
    await new Promise(resolve => setImmediate(resolve))
    const [row] = deployments.list().services
    assert.equal(row?.rolling, false)
    assert.deepEqual(
      row.instances.map(({ capabilities }) => capabilities),
      [
        ['act:L-1', 'serve:L-2'],
        ['act:L-1', 'serve:L-2'],
      ],
    )
    const text = await readFile(file, 'utf8')
    assert.deepEqual(await deployments.deploy(request), row)
    assert.equal(await readFile(file, 'utf8'), text)
    assert.equal((await stat(file)).mode & 0o077, 0)
  })

  it('are remembered by the next start', async () => {
    const file = newFile()
    await (await open(file)).deploy({ service: 'bonuses', add: ['record:L-1'], term: 7 })
    const later = await open(file)
    assert.deepEqual(capabilitiesIn(later), [['record:L-1', 'serve:L-1', 'serve:L-2']])
    await assert.rejects(later.deploy({ ...restart, term: 6 }), refused('term_stale'))
  })

  it('replace the first program of an instance, even when no capability changes', async () => {
    const file = newFile()
    const deployments = await open(file)
    const programs = (of: Deployments): string[] => [1, 2].map(instance => of.launch(program, instance).file)
    assert.deepEqual(programs(deployments), ['/old.ts', '/new.ts'])
    assert.equal((await deployments.deploy({ ...restart, term: 1, dry_run: true })).rolling, true)
    assert.deepEqual(programs(deployments), ['/old.ts', '/new.ts'])
    assert.equal((await deployments.deploy({ ...restart, term: 1 })).rolling, true)
    assert.deepEqual(programs(deployments), ['/new.ts', '/new.ts'])
    assert.deepEqual(programs(await open(file)), ['/new.ts', '/new.ts'])
  })

  it('tried dry answer what would be and leave no trace', async () => {
    const file = newFile()
    const deployments = await open(file)
    const answer = await deployments.deploy({ service: 'bonuses', remove: ['serve:L-1'], term: 9, dry_run: true })
    assert.deepEqual([answer.capabilities, answer.rolling], [['serve:L-2'], true])
    assert.deepEqual(capabilitiesIn(deployments), [['serve:L-1', 'serve:L-2']])
    await assert.rejects(readFile(file), { code: 'ENOENT' })
    await deployments.deploy({ ...restart, term: 1 })
  })

  it('asked for at once do not lose each other', async () => {
    const deployments = await open(newFile())
    await Promise.all(['record:L-1', 'act:L-1'].map(one => deployments.deploy({ service: 'bonuses', add: [one], term: 1 })))
    assert.deepEqual(capabilitiesIn(deployments), [['act:L-1', 'record:L-1', 'serve:L-1', 'serve:L-2']])
  })

  it('refuse an older term, an unknown service, and what a service can never do, and change nothing', async () => {
    const deployments = await open(newFile())
    await deployments.deploy({ ...restart, term: 5 })
    const before = deployments.list()
    const bonuses = (more: object) => deployments.deploy({ service: 'bonuses', term: 5, ...more })
    await assert.rejects(bonuses({ term: 4, add: ['act:L-1'] }), refused('term_stale'))
    await assert.rejects(bonuses({ term: 4, dry_run: true }), refused('term_stale'))
    await assert.rejects(bonuses({ service: 'nobody' }), refused('process_unknown', '/service'))
    await assert.rejects(bonuses({ service: 'engine' }), refused('process_unknown', '/service'))
    await assert.rejects(bonuses({ add: ['act:L-1', 'call:L-1'] }), refused('body_invalid', '/add/1'))
    await assert.rejects(bonuses({ remove: ['act:L-9'] }), refused('body_invalid', '/remove/0'))
    await assert.rejects(bonuses({ add: ['act:L-1'], remove: ['act:L-1'] }), refused('body_invalid', '/remove/0'))
    assert.deepEqual(deployments.list(), before)
  })

  for (const text of ['', '{', '[]', '{"term":1}', '{"term":1,"services":{"bonuses":{"capabilities":"act:L-1"}}}']) {
    it(`refuse to start from ${text || 'nothing'} in the file, in one line with its name`, async () => {
      const file = newFile()
      await writeFile(file, text)
      await assert.rejects(
        open(file),
        (error: unknown) => error instanceof StartRefused && error.message.includes(file) && !error.message.includes('\n'),
      )
    })
  }
})
