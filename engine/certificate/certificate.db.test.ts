import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { openLog } from 'cutover/process/log'
import { tokenDigest } from 'cutover/http/server'
import { aServer } from '../../cutover/http/testing.ts'
import { readHistory } from '../history/history.ts'
import { clock, lease, setup, type Setup } from '../../tests/running.ts'
import { creditLink as link } from '../../tests/small-world.ts'
import { validMs } from './certificate.ts'
import { certificateRoutes } from './http.ts'
import { recheck } from './watch.ts'

const log = openLog({ service: 'engine', instance: 'test', level: 'silent' })

interface Finished extends Setup {
  readonly run: string
  /** What the drained step's gate says of its certificate. */
  said(): Promise<string | undefined>
  /** The lines of the history about certificates, oldest first. */
  lines(): Promise<string[]>
  state(): Promise<string>
  recheck(): Promise<void>
}

/** A run that has finished, with its certificate. */
async function finished(context: TestContext): Promise<Finished> {
  const made = await setup(context)
  const { run } = await made.orders.apply(link.id, {}, 'test')
  await made.drive(run)
  return {
    ...made,
    run,
    said: async () => (await made.orders.get(run)).steps.find(step => step.verb === 'drained')?.gate?.certificate?.code,
    async lines() {
      const { rows } = await readHistory(made.database, { limit: 200, run })
      return rows
        .filter(row => row.action.startsWith('certificate'))
        .map(row => `${row.action} ${String(row.numbers['by'] ?? '')}`.trim())
        .toReversed()
    },
    state: async () => (await made.orders.get(run)).state,
    recheck: () => recheck({ certificates: made.certificates, worldOf: id => made.system.world(id), lease: lease(), clock, log }, 7),
  }
}

test('the step that has counted a route empty certifies it, with what it counted, and the run shows it', async context => {
  const { run, certificates, said, lines } = await finished(context)
  const [one, ...others] = await certificates.list(link.id)
  assert.deepEqual(others, [])
  assert.ok(one !== undefined)
  const { link: id, route, run: by, epoch, issued, terminal, late } = one
  assert.deepEqual([id, route, by, epoch, issued, terminal, late], [link.id, 'http', run, 3, 10, 10, 0])
  assert.equal(one.expiresAt.getTime() - one.issuedAt.getTime(), validMs)
  assert.deepEqual([await said(), await lines()], ['certificate_valid', ['certificate issued']])
})

test('an engine that is killed beside the certificate issues it once', async context => {
  const { orders, drive, certificates, database } = await setup(context)
  const { run } = await orders.apply(link.id, {}, 'test')
  // Each write is lost once.
  let lost = false
  await drive(run, (_, when) => when === 'before' && (lost = !lost))
  const { rows } = await readHistory(database, { limit: 200, run })
  assert.equal(rows.filter(row => row.action === 'certificate issued').length, 1)
  assert.equal((await certificates.list(null)).length, 1)
})

test('what relies on it counts again; as long as it stands nothing is issued anew', async context => {
  const { run, orders, drive, state, lines } = await finished(context)
  await orders.complete(run, 'test')
  await drive(run)
  assert.deepEqual([await state(), await lines()], ['completed', ['certificate issued']])
})

test('one that has expired is issued anew when the count is clean, and the run goes on', async context => {
  const { run, orders, drive, later, said, state, lines } = await finished(context)
  later(validMs)
  assert.equal(await said(), 'certificate_expired')
  await orders.complete(run, 'test')
  await drive(run)
  assert.deepEqual([await state(), await lines()], ['completed', ['certificate issued', 'certificate issued']])
})

test('a run that was drained before there were certificates is counted and certified when it completes', async context => {
  const { run, orders, drive, database, state, certificates } = await finished(context)
  await database.query('delete from certificate')
  await orders.complete(run, 'test')
  await drive(run)
  assert.deepEqual([await state(), (await certificates.list(null)).length], ['completed', 1])
})

test('a stray refuses the step that relies on it and says what strayed; after a person has looked it is counted and issued anew', async context => {
  const { run, system, orders, drive, said, state, lines } = await finished(context)
  system.strays = 1
  const before = system.orders.length
  await orders.complete(run, 'test')
  await drive(run)
  const refused = await orders.get(run)
  assert.deepEqual([refused.state, refused.waits_for?.code, refused.waits_for?.params['fact']], ['failed', 'certificate_stray', 'a-fact'])
  assert.deepEqual([system.orders.length, await said()], [before, 'certificate_stray'], 'nothing was taken away')
  await orders.resume(run, 'test')
  await drive(run)
  assert.equal(await state(), 'completed')
  assert.deepEqual(await lines(), ['certificate issued', 'certificate revoked certificate_stray', 'certificate issued'])
})

test('an engine that is killed while it refuses refuses again: nobody has looked yet', async context => {
  const { run, system, orders, drive, state } = await finished(context)
  system.strays = 1
  await orders.complete(run, 'test')
  let killed = 0
  await drive(run, (write, when) => when === 'before' && write > 1 && killed++ < 5)
  assert.ok(killed > 5)
  assert.equal(await state(), 'failed')
})

test('the look at all that stand revokes one that does not hold any more, and an order to complete is no look', async context => {
  const { run, system, orders, drive, recheck: again, said, state, lines } = await finished(context)
  await again()
  assert.deepEqual(await lines(), ['certificate issued'])
  system.strays = 2
  await again()
  await again()
  assert.deepEqual([await said(), await lines()], ['certificate_stray', ['certificate issued', 'certificate revoked certificate_stray']])
  await orders.complete(run, 'test')
  await drive(run)
  assert.equal(await state(), 'failed')
})

test('facts that are open again revoke it, and while they are open no look helps', async context => {
  const { run, system, orders, drive, state, lines } = await finished(context)
  system.outstanding = 100
  await orders.complete(run, 'test')
  await drive(run)
  assert.equal((await orders.get(run)).waits_for?.code, 'certificate_open')
  await orders.resume(run, 'test')
  // It waits for them now, and goes on when they have arrived.
  await drive(run)
  assert.equal(await state(), 'completed')
  assert.deepEqual(await lines(), ['certificate issued', 'certificate revoked certificate_open', 'certificate issued'])
})

test('a run that goes back states for the old route again: its certificate does not stand, and the way forward counts anew', async context => {
  const { run, orders, drive, stall, system, recheck: again, said, lines } = await finished(context)
  await orders.revert(run, 'test')
  system.away = 'deployer'
  await stall(run)
  system.away = null
  await again()
  await orders.apply(link.id, { to: 'event' }, 'test')
  await drive(run)
  assert.equal(await said(), 'certificate_valid')
  assert.deepEqual(await lines(), ['certificate issued', 'certificate revoked certificate_more', 'certificate issued'])
})

test('what cannot be counted is waited for: it neither stands nor falls', async context => {
  const { run, system, orders, drive, stall, state, lines, recheck: again } = await finished(context)
  system.unsure = { code: 'drained_unknown', params: { service: 'hiring', instances: 'hiring-1' } }
  await again()
  await orders.complete(run, 'test')
  await stall(run)
  const waiting = await orders.get(run)
  assert.deepEqual([waiting.state, waiting.waits_for?.code], ['waiting', 'drained_unknown'])
  system.unsure = null
  await drive(run)
  assert.deepEqual([await state(), await lines()], ['completed', ['certificate issued']])
})

test('a service that is away while all are looked at revokes nothing', async context => {
  const { system, lines, recheck: again } = await finished(context)
  system.away = 'hiring'
  await again()
  assert.deepEqual(await lines(), ['certificate issued'])
})

test('operators see them, of all links or of one', async context => {
  const { certificates } = await finished(context)
  const server = await aServer(certificateRoutes(certificates, clock.now), { operatorTokenDigest: tokenDigest('secret') })
  const get = async (url: string) => (await server.inject({ method: 'GET', url, headers: { authorization: 'Bearer secret' } })).json()
  const [row] = await get('/api/certificates')
  assert.deepEqual([row.link, row.route, row.state, row.issued, row.revoked_by], [link.id, 'http', 'valid', 10, null])
  assert.deepEqual(await get('/api/certificates?link=COMM-030'), [])
  assert.equal((await get('/api/certificates?links=COMM-030')).code, 'parameter_invalid')
})
