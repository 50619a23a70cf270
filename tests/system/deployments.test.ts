import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { test } from 'node:test'
import { openSigner } from '../../cutover/http/tokens.ts'
import { pause, startSystem, type System } from './system.ts'

const timeout = 300_000

/** A service as the engine and other services see it, at its first instance. */
function openService(system: System, service: 'hiring' | 'bonuses') {
  const base = `http://127.0.0.1:${system.port + (service === 'hiring' ? 20 : 30)}`
  async function call(issuer: string, path: string, body?: object, link?: string): Promise<{ status: number; body: unknown }> {
    const signer = await openSigner({ issuer, privateKeyFile: join(system.home, 'home', 'keys', `${issuer}.json`) })
    const token = await signer.token({ audience: service, ...(link === undefined ? {} : { link }) })
    const answer = await fetch(`${base}${path}`, {
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        // A delivery has a key, or is none.
        ...(link === undefined ? {} : { 'idempotency-key': randomUUID() }),
      },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    })
    return { status: answer.status, body: await answer.json() }
  }
  return {
    call,
    able: async (): Promise<string[][]> =>
      ((await call('engine', '/operator/instances')).body as { capabilities: string[] }[]).map(one => one.capabilities),
    parked: async (): Promise<number> => ((await call('engine', '/operator/status')).body as { counts: { parked: number } }).counts.parked,
  }
}

/** Looks until it is so, also while the one that is asked is being restarted; the test's own limit ends it. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds().catch(() => false))) await pause()
}

test(
  'instances are replaced under traffic with what a route needs and without what it needs no more, and nothing is lost',
  { timeout },
  async () => {
    const system = await startSystem({ instances: 'hiring=2,bonuses=2', rate: 200 })
    try {
      const [hiring, bonuses] = [openService(system, 'hiring'), openService(system, 'bonuses')]
      assert.ok((await bonuses.able()).every(all => !all.some(one => /^(record|act):COMM-040$/.test(one))))

      await system.deploy({ service: 'bonuses', add: ['record:COMM-040'], term: 0 })
      await until(async () => (await bonuses.able()).filter(all => all.includes('record:COMM-040')).length === 2)
      const order = { link: 'COMM-040', route: 'event', term: 0 }
      assert.equal((await hiring.call('engine', '/operator/switch', order)).status, 409, 'nobody can produce it yet')
      await system.deploy({ service: 'hiring', add: ['produce:COMM-040'], term: 0 })
      await until(async () => (await hiring.able()).filter(all => all.includes('produce:COMM-040')).length === 2)
      const flipped = await hiring.call('engine', '/operator/switch', order)
      assert.equal(flipped.status, 200)
      // Nobody can act on what is stated now: it is kept.
      await until(async () => (await bonuses.parked()) > 50)

      await system.deploy({ service: 'bonuses', add: ['act:COMM-040'], term: 0 })
      await system.fault({ kind: 'kill', service: 'bonuses', instance: 2 })
      await until(async () => (await bonuses.able()).filter(all => all.includes('act:COMM-040')).length === 2)
      await system.deploy({ service: 'bonuses', remove: ['serve:COMM-040'], term: 0 })
      await until(async () => (await system.deployments()).services.every(one => !one.rolling))
      assert.ok((await bonuses.able()).every(all => !all.includes('serve:COMM-040')))

      const envelope = {
        payload: {},
        meta: { event_id: randomUUID(), event_version: 0, event_name: 'TaskCompleted', produced_at: '2026-01-01T00:00:00Z' },
      }
      const credit = async (from: string, link: string): Promise<number> => (await bonuses.call(from, '/credits', envelope, link)).status
      assert.deepEqual([await credit('hiring', 'COMM-040'), await credit('management', 'COMM-080')], [410, 400])

      // Whoever moves a link back needs no deployment of their own: what is missing is deployed first.
      await system.move('COMM-040', 'http')
      assert.ok((await bonuses.able()).every(all => all.includes('serve:COMM-040')))
      const before = await system.outcomes()
      while ((await system.outcomes()) < before + 200) await pause()
      await system.traffic('stop')
      const verdict = await system.settle()
      assert.deepEqual(
        verdict.links.flatMap(link => link.samples),
        [],
      )
      assert.ok(verdict.ok && verdict.links.every(link => link.open === 0))
      for (const { name, restarts } of (await system.status()).processes)
        assert.equal(restarts, name === 'bonuses-2' ? restarts : 0, `${name} was restarted by deployments alone`)
    } finally {
      await system.stop()
    }
  },
)
