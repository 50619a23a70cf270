import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readHistory } from '../history/history.ts'
import { LeaseLost } from '../lease/lease.ts'
import { plan } from '../plan/plan.ts'
import { openOrders } from './orders.ts'
import { openRuns } from './postgres.ts'
import { advance } from './runner.ts'
import { clock, lease, setup, title, toEvent } from '../../tests/running.ts'
import { creditLink as link } from '../../tests/small-world.ts'

test('a run pauses between two moves, and goes on', async context => {
  const { orders, drive } = await setup(context)
  const { run } = await orders.apply(link.id, {}, 'test')
  await orders.pause(run, 'test')
  assert.equal(await drive(run), 0)
  assert.equal((await orders.get(run)).state, 'paused')
  await assert.rejects(orders.pause(run, 'test'), {
    code: 'run_state',
    message: /is paused and cannot pause now; it takes: resume, revert/,
  })
  await assert.rejects(orders.complete(run, 'test'), { code: 'run_state' })
  await orders.resume(run, 'test')
  await drive(run)
  assert.equal((await orders.get(run)).state, 'finished')
})

test('a run holds its link and event: a second one is refused and told what the first takes', async context => {
  const { orders, drive } = await setup(context)
  const { run } = await orders.apply(link.id, {}, 'test')
  await assert.rejects(orders.apply(link.id, {}, 'test'), { code: 'run_exists', message: new RegExp(`${run} .*is running`) })
  await drive(run)
  await assert.rejects(orders.apply(link.id, { to: 'event' }, 'test'), { code: 'run_exists', message: /has finished.*cutover complete/ })
})

test('of two that begin a run at once, one does', async context => {
  const { orders } = await setup(context)
  const both = await Promise.allSettled([orders.apply(link.id, {}, 'anna'), orders.apply(link.id, {}, 'boris')])
  assert.deepEqual(both.map(one => one.status).toSorted(), ['fulfilled', 'rejected'])
})

test('a run is not begun when its steps do not follow from each other: the step and the condition are named', async context => {
  const { system, orders, runs } = await setup(context)
  const without = toEvent.steps.filter(one => one.id !== '4a')
  const broken = plan({ id: link.id, link, to: 'event', procedure: 'Procedure 3', title }, without)
  const strict = openOrders({ links: [link], planFor: () => broken, runs, world: system.world(null), certified: async () => new Map() })
  await assert.rejects(strict.apply(link.id, {}, 'test'), {
    code: 'plan_refused',
    message: /step 5 \(route\): "consumer COMM-040" must be act there, and would be record\. Nothing was done/,
  })
  assert.deepEqual(system.orders, [])
  assert.deepEqual(await strict.list(10), [])
  assert.deepEqual((await orders.plan(link.id, 'event')).refusals, [])
})

test('what is not there is refused: link, plan, step, run, a plan that has changed', async context => {
  const { orders } = await setup(context)
  await assert.rejects(orders.apply('COMM-04', {}, 'test'), { code: 'link_unknown', message: /Did you mean COMM-040/ })
  await assert.rejects(orders.apply(link.id, { to: 'http' }, 'test'), { code: 'plan_unknown' })
  await assert.rejects(orders.apply(link.id, { until: '9' }, 'test'), {
    code: 'parameter_invalid',
    message: /steps: 1, 2, 3, 4, 4a, 5, 5a, 6/,
  })
  await assert.rejects(orders.apply(link.id, { hash: 'other' }, 'test'), { code: 'plan_stale' })
  for (const id of ['R-9999', 'R-x', '7', ''])
    await assert.rejects(orders.get(id), { code: 'run_unknown', message: new RegExp(`no run "${id}"`) })
})

test('what another engine has taken over is not written', async context => {
  const { database, orders, ports, stored } = await setup(context)
  const { run } = await orders.apply(link.id, {}, 'test')
  const over = lease(async () => {
    throw new LeaseLost('term 7 is over')
  })
  await assert.rejects(advance(ports(run, openRuns(database, over, clock.now)), await stored(run), 7), LeaseLost)
  assert.ok((await orders.get(run)).steps.every(step => step.state === 'pending'))
})

test('an order that comes while the engine makes a move is not lost', async context => {
  const { orders, ports, stored } = await setup(context)
  const { run } = await orders.apply(link.id, {}, 'test')
  const seen = await stored(run)
  await orders.pause(run, 'test')
  await assert.rejects(advance(ports(run), seen, 7), { name: 'RunMoved' })
  assert.equal((await orders.get(run)).state, 'paused')
})

test('a build that knows other steps under the name does not touch the run, and says so', async context => {
  const { system, runs, orders, ports, stored } = await setup(context)
  const { run } = await orders.apply(link.id, {}, 'test')
  const other = { ...toEvent, hash: 'other' }
  assert.ok(((await advance(ports(run, runs, other), await stored(run), 7)) ?? 0) > 0)
  assert.deepEqual(system.orders, [])
  const foreign = openOrders({ links: [link], planFor: () => other, runs, world: system.world(null), certified: async () => new Map() })
  const seen = await foreign.get(run)
  assert.equal(seen.waits_for?.code, 'plan_changed')
  assert.equal(seen.state, 'waiting')
})

test('a run leaves a chain of lines with the numbers that each gate saw, and no payloads', async context => {
  const { database, orders, drive } = await setup(context)
  const { run } = await orders.apply(link.id, {}, 'test')
  await drive(run)
  const history = await readHistory(database, { limit: 100, run })
  assert.equal(history.intact, true)
  const lines = history.rows.toReversed()
  assert.deepEqual([lines[0]?.action, lines[0]?.who, lines.at(-1)?.action], ['run started', 'test', 'run finished'])
  const gate = lines.find(line => line.action === 'gate passed' && line.step === '4 parity')
  assert.deepEqual(gate?.numbers, { coverage: 100, different: 0, extra: 0, late: 0, missing: 0, pairs: 60 })
  assert.deepEqual(
    lines.filter(line => line.step === '5 route').map(line => line.action),
    ['step begun', 'step applied', 'gate passed'],
  )
})
