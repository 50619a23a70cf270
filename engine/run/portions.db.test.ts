import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setup, toEvent, toEventBy } from '../../tests/running.ts'
import { creditLink as link } from '../../tests/small-world.ts'
import { readHistory } from '../history/history.ts'
import { portion } from '../verbs/portion.ts'
import { openOrders } from './orders.ts'

const portions = [5, 25]
const start = { hiring: ['call:COMM-040'], bonuses: ['serve:COMM-040'], registered: [], route: 'http', shadow: false }
const finished = {
  hiring: ['call:COMM-040', 'produce:COMM-040'],
  bonuses: ['act:COMM-040', 'record:COMM-040', 'serve:COMM-040'],
  registered: ['TaskCompleted v0'],
  route: 'event',
  shadow: false,
}
const parts = (orders: readonly string[]): string[] => orders.filter(one => one.startsWith('route '))

test('a plan by portions moves a part of the keys at a time, then all, and goes back to exactly where it began', async context => {
  const { system, orders, drive } = await setup(context)
  const { run } = await orders.apply(link.id, { portions }, 'test')
  await drive(run)
  const done = await orders.get(run)
  assert.equal(done.state, 'finished')
  assert.deepEqual(
    done.steps.map(one => one.step),
    ['1', '2', '3', '3', '4', '4a', '4b', '4c', '5', '5a', '6', '6'],
  )
  assert.deepEqual(system.state(), finished)
  assert.deepEqual(parts(system.orders), [
    'route http with shadow',
    'route event for 5 % with shadow',
    'route event for 25 % with shadow',
    'route event',
  ])
  await orders.revert(run, 'test')
  await drive(run)
  assert.equal((await orders.get(run)).state, 'reverted')
  assert.deepEqual(system.state(), start)
})

for (const when of ['before', 'after'] as const) {
  test(`a run by portions reaches the same end when the engine is killed right ${when} any of its writes`, async context => {
    const { system, orders, drive } = await setup(context)
    const first = (await orders.apply(link.id, { portions }, 'test')).run
    const forward = await drive(first)
    await orders.revert(first, 'test')
    const back = await drive(first)
    assert.ok(forward >= 30 && back >= 26, `${forward} and ${back} writes`)
    for (let at = 1; at <= Math.max(forward, back); at++) {
      const { run } = await orders.apply(link.id, { portions }, 'test')
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

test('a run goes back from a portion: the old route carries all keys again', async context => {
  const { system, orders, drive } = await setup(context)
  for (const until of ['4b', '4c']) {
    const { run } = await orders.apply(link.id, { portions, until }, 'test')
    await drive(run)
    assert.deepEqual((system.state() as { share: number }).share, until === '4b' ? 5 : 25)
    const seen = await orders.plan(link.id, undefined)
    // It is still on its way: most keys go by HTTP.
    assert.deepEqual([seen.from, seen.to, seen.run, seen.portions], ['http', 'event', run, portions])
    await orders.revert(run, 'test')
    await drive(run)
    assert.deepEqual(system.state(), start, until)
  }
})

test('the way back from a portion waits for what was stated for the new route', async context => {
  const { system, orders, drive, stall } = await setup(context)
  const { run } = await orders.apply(link.id, { portions, until: '4b' }, 'test')
  await drive(run)
  system.outstanding = 1_000
  await orders.revert(run, 'test')
  await stall(run)
  const waiting = await orders.get(run)
  assert.deepEqual([waiting.state, waiting.waits_for?.code], ['waiting', 'drained_waits'])
  assert.equal((system.state() as { route: string }).route, 'http')
  system.outstanding = 0
  await drive(run)
  assert.deepEqual(system.state(), start)
})

test('a dead letter among the first stops the run; it tries again on order', async context => {
  const { system, orders, drive } = await setup(context)
  system.dead = 1
  const { run } = await orders.apply(link.id, { portions }, 'test')
  await drive(run)
  const no = await orders.get(run)
  assert.deepEqual([no.state, no.waits_for?.code], ['failed', 'portion_dead'])
  assert.equal((system.state() as { share: number }).share, 5)
  system.dead = 0
  await orders.resume(run, 'test')
  await drive(run)
  assert.deepEqual(system.state(), finished)
})

test('a gate of a portion asks for twenty facts that were stated since and have arrived', async context => {
  const world = (await setup(context)).system.world(null)
  const stands = { route: 'event', share: 5, shadow: true, epoch: 7 } as const
  const look = (issued: number, outstanding: number, dead: number): ReturnType<ReturnType<typeof portion>['settled']> =>
    portion(link, 'event', 0, 5).settled(
      {
        ...world,
        switchOf: async () => stands,
        draining: async (_, route, since) => {
          assert.deepEqual([route, since], ['event', 7])
          const late = { count: 0, fact: null, epoch: null }
          const rest = { outstanding, onTheirWay: 0, retrying: 0, parked: 0, dead, late, unsure: null }
          return { route, share: 5, since: 7, issued, newest: 7, ...rest }
        },
      },
      {},
    )
  const verdicts = await Promise.all([look(24, 5, 0), look(25, 5, 0), look(2, 5, 0), look(100, 1, 1)])
  assert.deepEqual(
    verdicts.map(one => one.verdict),
    ['not_enough_evidence', 'pass', 'not_enough_evidence', 'fail'],
  )
  assert.deepEqual(verdicts[2]?.figures[0], { name: 'figure_terminal', value: 0, wanted: 20, rule: 'at_least' })
})

test('while a route has a share of the keys, neither is drained', async context => {
  const { system, orders, drive } = await setup(context)
  const { run } = await orders.apply(link.id, { portions, until: '4b' }, 'test')
  await drive(run)
  const drain = toEvent.steps.flatMap(one => one.verbs).find(verb => verb.name === 'drained')
  const gate = await drain?.settled(system.world(null), {})
  assert.deepEqual([gate?.verdict, gate?.waitsFor?.code], ['fail', 'drained_share'])
  assert.equal((await drain?.look(system.world(null)))?.code, 'drained_share')
})

test('a run finds its plan again by the portions that are stored with it, and its history names them', async context => {
  const { database, orders, drive } = await setup(context)
  const { run, hash } = await orders.apply(link.id, { portions }, 'test')
  assert.equal(hash, toEventBy(portions).hash)
  assert.equal(new Set([hash, toEvent.hash, toEventBy([5]).hash, toEventBy([5, 26]).hash]).size, 4)
  await drive(run)
  const seen = await orders.get(run)
  assert.deepEqual(seen.steps[6]?.does, { code: 'portion', params: { service: 'hiring', route: 'event', link: link.id, share: 5 } })
  const started = (await readHistory(database, { limit: 100, run })).rows.at(-1)
  assert.deepEqual([started?.action, started?.numbers['portions']], ['run started', '5,25'])
})

test('a run by portions that is on its way back is turned forward again, whether they are named or not', async context => {
  const { system, orders, drive, stall } = await setup(context)
  for (const request of [{ portions }, { to: 'event' as const }]) {
    const { run } = await orders.apply(link.id, { portions }, 'test')
    await drive(run)
    await orders.revert(run, 'test')
    system.away = 'deployer'
    await stall(run)
    system.away = null
    await assert.rejects(orders.apply(link.id, { portions: [5] }, 'test'), { code: 'run_exists' })
    assert.equal((await orders.apply(link.id, request, 'test')).run, run)
    await drive(run)
    assert.deepEqual(system.state(), finished)
    await orders.revert(run, 'test')
    await drive(run)
  }
})

test('portions that cannot be meant begin nothing: out of bounds, not rising, too many, or on a data link', async context => {
  const { system, orders, runs } = await setup(context)
  for (const wrong of [[0], [100], [101], [5, 5], [25, 5], [1, 2, 3, 4, 5, 6]]) {
    await assert.rejects(orders.apply(link.id, { portions: wrong }, 'test'), { code: 'parameter_invalid', message: /portion/ })
    await assert.rejects(orders.plan(link.id, 'event', wrong), { code: 'parameter_invalid' })
  }
  const data = { ...link, kind: 'data' as const }
  const copying = openOrders({ links: [data], planFor: () => toEvent, runs, world: system.world(null), certified: async () => new Map() })
  await assert.rejects(copying.apply(link.id, { portions }, 'test'), { code: 'parameter_invalid', message: /COMM-040 is a data link/ })
  assert.equal((await copying.plan(link.id, 'event')).hash, toEvent.hash)
  assert.deepEqual(system.orders, [])
})
