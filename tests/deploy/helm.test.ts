import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { execFile } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { Deployment, StatefulSet } from 'kubernetes-models/apps/v1'
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2'
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1'
import { Service } from 'kubernetes-models/v1'
import { parse, parseAllDocuments } from 'yaml'
import { homeFrom, prepareHome } from '../../sandbox/home.ts'
import { issuers } from '../../school/system-processes.ts'
import { faultsOf, root } from './environments.ts'

interface Variable {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: { readonly secretKeyRef?: object; readonly fieldRef?: object }
}

interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly replicas?: number
    readonly serviceName?: string
    readonly selector: { readonly matchLabels?: Labels } & Labels
    readonly template?: { readonly metadata: { readonly labels: Labels }; readonly spec: { readonly containers: readonly Container[] } }
  }
}
type Labels = Readonly<Record<string, string | Readonly<Record<string, string>>>>

interface Container {
  readonly name: string
  readonly args: readonly string[]
  readonly env: readonly Variable[]
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[]
}

const chart = join(root, 'deploy/helm/cutover')
const rendered = join(chart, 'rendered.yaml')
// A Helm that was built by oneself takes some old Kubernetes for granted.
const command = ['template', 'cutover', chart, '--values', join(chart, 'values-example.yaml'), '--kube-version', '1.31.0']

/** What the rendering was made from, so that one that is older than the chart is found without Helm. */
function digest(): string {
  const hash = createHash('sha256')
  for (const file of globSync('{*.yaml,templates/*}', { cwd: chart }).toSorted()) {
    if (file !== 'rendered.yaml')
      hash
        .update(file)
        .update('\0')
        .update(readFileSync(join(chart, file)))
        .update('\0')
  }
  return hash.digest('hex')
}

const head = (): string =>
  `# Made by: helm template cutover deploy/helm/cutover --values deploy/helm/cutover/values-example.yaml\n# from: ${digest()}\n`

/** The rendering by the Helm of this machine; null where there is none. */
async function renderedNow(): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)('helm', command)
    return `${head()}${stdout}`
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

const now = await renderedNow()
if (now === null)
  console.log('SKIPPED: the chart is not rendered anew, because there is no helm here; the rendering that is kept is looked at')
else if (process.env['RENDER'] === 'keep') writeFileSync(rendered, now)

const text = readFileSync(rendered, 'utf8')
const readManifests = (yaml: string): readonly Manifest[] =>
  parseAllDocuments(yaml).flatMap(one => {
    const manifest = one.toJS() as Manifest | null
    return manifest === null ? [] : [manifest]
  })
const manifests = readManifests(text)
const models = { Deployment, StatefulSet, Service, PodDisruptionBudget, HorizontalPodAutoscaler } as const
const workloads = manifests.filter(one => one.spec.template !== undefined)
const containersOf = ({ spec }: Manifest): readonly Container[] => spec.template?.spec.containers ?? []

const keys = mkdtempSync(join(tmpdir(), 'cutover-helm-'))
await prepareHome(homeFrom({ CUTOVER_HOME: keys, CUTOVER_APPROVALS: 'on' }), issuers)
after(() => rmSync(keys, { recursive: true }))

/** As the container gets it: what comes from secrets is some address, and keys are where they are here. */
const told = ({ env }: Container): Record<string, string> =>
  Object.fromEntries(
    env.map(({ name, value, valueFrom }) => {
      if (name.endsWith('_FILE'))
        return [name, (value ?? '').replace(/^\/keys\/(?=[^/]+\.json$)/, `${keys}/keys/`).replace(/^\/keys\//, `${keys}/`)]
      return [name, value ?? (valueFrom?.secretKeyRef === undefined ? 'pod-0' : 'postgres://user:secret@database/name')]
    }),
  )

describe('deploy/helm/cutover', () => {
  test('the rendering that is kept is of this chart', () => {
    const remedy = 'where there is helm: RENDER=keep npm test -- tests/deploy/helm.test.ts'
    assert.ok(text.includes(`# from: ${digest()}\n`), `deploy/helm/cutover/rendered.yaml is older than the chart; ${remedy}`)
    if (now !== null) assert.deepEqual(manifests, readManifests(now), remedy)
  })

  for (const manifest of manifests) {
    test(`${manifest.kind} ${manifest.metadata.name} is what Kubernetes takes`, () => {
      // A resource of the Prometheus operator: its schema is not here.
      if (manifest.kind === 'ServiceMonitor') return
      const model = models[manifest.kind as keyof typeof models]
      assert.ok(model, manifest.kind)
      new model(manifest as never).validate()
    })
  }

  test('a manifest that is wrong would be found', () => {
    const [first = assert.fail()] = workloads
    assert.throws(() =>
      new Deployment({ ...first, apiVersion: 'apps/v1', kind: 'Deployment', spec: { ...first.spec, replicas: 'two' } } as never).validate(),
    )
  })

  for (const workload of workloads) {
    for (const container of containersOf(workload)) {
      test(`${container.name} is told what its program reads, all of it and nothing else`, () => {
        assert.deepEqual(faultsOf(container.args[0] ?? '', told(container)), [])
      })

      test(`${container.name} listens where it is looked for, and is asked what our servers answer`, () => {
        const environment = told(container)
        assert.deepEqual(container.ports, [{ name: 'http', containerPort: Number(environment['PORT']) }])
        assert.equal(environment['LISTEN_ADDRESS'], '0.0.0.0')
        const probes = [...JSON.stringify(container).matchAll(/"httpGet":\{"path":"([^"]+)","port":"http"\}/g)].map(one => one[1])
        assert.deepEqual(new Set(probes), new Set(['/startupz', '/livez', '/readyz']))
      })
    }
  }

  test('every address names a service of the chart, and the engine knows each instance', () => {
    const services = new Set(manifests.filter(one => one.kind === 'Service').map(one => one.metadata.name))
    for (const workload of workloads) {
      const [container = assert.fail()] = containersOf(workload)
      const urls = JSON.parse(told(container)['SERVICE_URLS'] ?? '{}') as Readonly<Record<string, readonly string[]>>
      for (const [service, addresses] of Object.entries(urls)) {
        if (service === 'finance') continue
        for (const address of addresses) assert.ok(services.has(new URL(address).hostname.split('.').at(-1) ?? ''), address)
        if (container.name !== 'engine') continue
        const set = manifests.find(one => one.kind === 'StatefulSet' && one.metadata.name === `cutover-${service}`) ?? assert.fail(service)
        const most = set.spec.replicas ?? 4
        assert.deepEqual(
          addresses,
          Array.from({ length: most }, (_, n) => `http://cutover-${service}-${n}.${set.spec.serviceName}:8080`),
        )
      }
    }
  })

  test('what selects pods selects those of one workload', () => {
    const labels = workloads.map(one => one.spec.template?.metadata.labels ?? {})
    for (const { kind, metadata, spec } of manifests.filter(one => one.kind === 'Service' || one.kind === 'PodDisruptionBudget')) {
      const selector = Object.entries(kind === 'Service' ? spec.selector : (spec.selector.matchLabels ?? {}))
      const hit = labels.filter(one => selector.every(([name, value]) => one[name] === value))
      assert.equal(hit.length, 1, `${kind} ${metadata.name}`)
    }
  })

  test('every value that the chart has is used by it, and every one that it uses is there', () => {
    const values = parse(readFileSync(join(chart, 'values.yaml'), 'utf8')) as Readonly<Record<string, unknown>>
    const templates = globSync('templates/*', { cwd: chart })
      .map(file => readFileSync(join(chart, file), 'utf8'))
      .join('\n')
    const used = new Set([...templates.matchAll(/\.Values\.(\w+)/g)].map(one => one[1]))
    assert.deepEqual(used, new Set(Object.keys(values)))
  })
})
