import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RunView } from '../api/plan.ts'
import { setup } from '../../tests/running.ts'
import { advance } from './runner.ts'
import { creditLink as link } from '../../tests/small-world.ts'

const start = { hiring: ['call:COMM-040'], bonuses: ['serve:COMM-040'], registered: [], route: 'http', shadow: false }
const finished = {
  hiring: ['call:COMM-040', 'produce:COMM-040'],
  bonuses: ['act:COMM-040', 'record:COMM-040', 'serve:COMM-040'],
  registered: ['TaskCompleted v0'],
  route: 'event',
  shadow: false,
}
const completed = { ...finished, hiring: ['produce:COMM-040'], bonuses: ['act:COMM-040', 'record:COMM-040'] }
const states = (view: RunView): string[] => view.steps.map(one => one.state)

test('a run goes forward to its end before anything that cannot be undone, and back to exactly where it began', async context => {
  const { system, orders, drive } = await setup(context)
  assert.deepEqual(system.state(), start)
  const { run } = await orders.apply(link.id, {}, 'test')
  await drive(run)
  const done = await orders.get(run)
  assert.equal(done.state, 'finished')
  assert.deepEqual(states(done), [...Array<string>(8).fill('done'), 'pending', 'pending'])
  assert.deepEqual(done.can, ['revert', 'complete'])
  assert.deepEqual(system.state(), finished)
  const wayBack = done.steps.filter(one => one.inverse !== null).map(one => one.gate?.way_back)
  assert.deepEqual(wayBack, ['open', 'open', 'open', 'open', 'open', 'open'])

  await orders.revert(run, 'test')
  await drive(run)
  assert.equal((await orders.get(run)).state, 'reverted')
  assert.deepEqual(system.state(), start)
})

test('a run completes on order, and does not go back from there', async context => {
  const { system, orders, drive } = await setup(context)
  const { run } = await orders.apply(link.id, {}, 'test')
  await drive(run)
  await orders.complete(run, 'test')
  await drive(run)
  assert.equal((await orders.get(run)).state, 'completed')
  assert.deepEqual(system.state(), completed)
  await assert.rejects(orders.revert(run, 'test'), { code: 'past_no_return', message: /apply COMM-040 --to http/ })
  await assert.rejects(orders.pause(run, 'test'), { code: 'run_state', message: /it takes no orders any more/ })
  await assert.rejects(orders.apply(link.id, { to: 'event' }, 'test'), { code: 'nothing_to_do', message: /apply COMM-040 --to http/ })
})

test('past its point of no return a run is told the way forward', async context => {
  const { orders, drive, stall, system } = await setup(context)
  const { run } = await orders.apply(link.id, {}, 'test')
  await drive(run)
  await orders.complete(run, 'test')
  system.away = 'deployer'
  await stall(run)
  await assert.rejects(orders.revert(run, 'test'), {
    code: 'past_no_return',
    message: /past its point of no return, step 6 \(retire calls\).*apply COMM-040 --to http/,
  })
})

for (const when of ['before', 'after'] as const) {
  test(`a run reaches the same end when the engine is killed right ${when} any of its writes`, async context => {
    const { system, orders, drive } = await setup(context)
    const first = (await orders.apply(link.id, {}, 'test')).run
    const forward = await drive(first)
    await orders.revert(first, 'test')
    const back = await drive(first)
    assert.ok(forward >= 24 && back >= 20, `${forward} and ${back} writes`)
    for (let at = 1; at <= Math.max(forward, back); at++) {
      const { run } = await orders.apply(link.id, {}, 'test')
      await drive(run, (write, now) => write === at && now === when)
      assert.equal((await orders.get(run)).state, 'finished', `forward, write ${at}`)
      assert.deepEqual(system.state(), finished, `forward, write ${at}`)
      await orders.revert(run, 'test')
      await drive(run, (write, now) => write === at && now === when)
      assert.equal((await orders.get(run)).state, 'reverted', `back, write ${at}`)
      assert.deepEqual(system.state(), start, `back, write ${at}`)
    }
  })
}

test('a run reaches the same end when the engine is killed after every single write', async context => {
  const { system, orders, drive } = await setup(context)
  const { run } = await orders.apply(link.id, {}, 'test')
  await drive(run, (_, when) => when === 'after')
  assert.deepEqual(system.state(), finished)
  await orders.complete(run, 'test')
  await drive(run, (_, when) => when === 'after')
  assert.deepEqual(system.state(), completed)
})

test('a run goes back from every step, and forward again', async context => {
  const { system, orders, drive } = await setup(context)
  for (const until of ['1', '2', '3', '4', '4a', '5']) {
    const { run } = await orders.apply(link.id, { until }, 'test')
    await drive(run)
    assert.equal((await orders.get(run)).state, 'paused', until)
    await orders.revert(run, 'test')
    await drive(run)
    assert.deepEqual(system.state(), start, until)
    const again = (await orders.apply(link.id, {}, 'test')).run
    await drive(again)
    assert.deepEqual(system.state(), finished, until)
    await orders.revert(again, 'test')
    await drive(again)
  }
})

test('a run turns forward again half-way back', async context => {
  const { system, orders, drive, stall } = await setup(context)
  const { run } = await orders.apply(link.id, {}, 'test')
  await drive(run)
  await orders.revert(run, 'test')
  system.away = 'deployer'
  await stall(run)
  const waiting = await orders.get(run)
  assert.equal(waiting.state, 'waiting')
  assert.deepEqual(waiting.waits_for, { code: 'service_away', params: { service: 'deployer', reason: 'refused' } })
  assert.equal((system.state() as { route: string }).route, 'http')
  system.away = null
  assert.equal((await orders.apply(link.id, { to: 'event' }, 'test')).run, run)
  await drive(run)
  assert.equal((await orders.get(run)).state, 'finished')
  assert.deepEqual(system.state(), finished)
})

test('a gate that says no stops the run; it tries again on order, or goes back', async context => {
  const { system, orders, drive } = await setup(context)
  system.different = 1
  const { run } = await orders.apply(link.id, {}, 'test')
  await drive(run)
  const no = await orders.get(run)
  assert.equal(no.state, 'failed')
  assert.equal(no.waits_for?.code, 'parity_differs')
  assert.deepEqual(no.can, ['resume', 'revert'])
  assert.equal((system.state() as { route: string }).route, 'http')
  system.different = 0
  await orders.resume(run, 'test')
  await drive(run)
  assert.equal((await orders.get(run)).state, 'finished')
})

test('a run whose gate said no goes back to where it began', async context => {
  const { system, orders, drive } = await setup(context)
  system.different = 1
  const { run } = await orders.apply(link.id, {}, 'test')
  await drive(run)
  await orders.revert(run, 'test')
  await drive(run)
  assert.equal((await orders.get(run)).state, 'reverted')
  assert.deepEqual(system.state(), start)
})

test('a step whose way back would be refused has not settled', async context => {
  const { system, orders, drive, stall } = await setup(context)
  const { run } = await orders.apply(link.id, { until: '2' }, 'test')
  await drive(run)
  await orders.resume(run, 'test')
  await stall(run, () => {
    // From the moment the shadow is on, the switch takes no order.
    if ((system.state() as { shadow: boolean }).shadow) system.refuseTurn = 'the switch is held'
  })
  const held = await orders.get(run)
  assert.equal(held.steps[3]?.state, 'settling')
  assert.equal(held.steps[3]?.gate?.way_back, 'blocked')
  assert.match(String(held.waits_for?.params['reason']), /the switch is held/)
  system.refuseTurn = null
  await drive(run)
  assert.equal((await orders.get(run)).state, 'finished')
})

test('a service that is away makes the step wait and say so; nothing else is done meanwhile', async context => {
  const { system, orders, drive, stall } = await setup(context)
  const { run } = await orders.apply(link.id, { until: '1' }, 'test')
  await drive(run)
  await orders.resume(run, 'test')
  system.away = 'bonuses'
  const before = system.orders.length
  await stall(run)
  const waiting = await orders.get(run)
  assert.equal(waiting.state, 'waiting')
  assert.deepEqual(waiting.waits_for, { code: 'service_away', params: { service: 'bonuses', reason: 'refused' } })
  assert.equal(system.orders.length, before)
  system.away = null
  await drive(run)
  assert.equal((await orders.get(run)).state, 'finished')
})

test('while the engine’s own database is away in the middle of a move, the run does not fail: the move is made again', async context => {
  const { orders, drive, ports, stored } = await setup(context)
  const { run } = await orders.apply(link.id, { until: '1' }, 'test')
  const seen = ports(run)
  const away = (): never => {
    throw Object.assign(new Error('the database system is not yet accepting connections'), { code: 'ECONNREFUSED' })
  }
  const broken = {
    ...seen,
    worldOf: (...of: Parameters<typeof seen.worldOf>) => {
      const world = seen.worldOf(...of)
      return { ...world, registry: { ...world.registry, has: away, add: away } }
    },
  }
  await assert.rejects(advance(broken, await stored(run), 7), { code: 'ECONNREFUSED' })
  assert.equal((await orders.get(run)).state, 'running')
  await drive(run)
  assert.equal((await orders.get(run)).state, 'paused')
})
