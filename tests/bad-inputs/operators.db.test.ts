// Section 8.7 of the catalogue, what operators do: the real command line against the engine's real orders, over a system in memory.
import assert from 'node:assert/strict'
import { after, test, type TestContext } from 'node:test'
import { run as command } from '../../cli/program.ts'
import { exitCodes } from '../../cli/exit.ts'
import { tokenDigest } from '../../cutover/http/server.ts'
import { aServer } from '../../cutover/http/testing.ts'
import { plan, type PlanFor } from '../../engine/plan/plan.ts'
import { runRoutes } from '../../engine/run/http.ts'
import { openOrders, type Orders } from '../../engine/run/orders.ts'
import { type Paper, PaperClock, aHome } from '../paper-terminal.ts'
import { setup, type Setup, title, toEvent } from '../running.ts'
import { creditLink as link } from '../small-world.ts'
import { complete, type Elsewhere, type LeftOut } from './catalogue.ts'

const close: (() => Promise<void>)[] = []
after(async () => {
  for (const one of close.toReversed()) await one()
})

type Say = (line: string) => Promise<Paper>

/** Terminals at an engine that takes these orders. */
async function terminals(orders: Orders): Promise<Say> {
  const server = await aServer(runRoutes(orders), { operatorTokenDigest: tokenDigest('secret') })
  await server.start()
  close.push(() => server.stop())
  const home = await aHome(server.url)
  return async line => {
    const said = { out: '', error: '' }
    const code = await command(line.split(' '), {
      environment: { CUTOVER_HOME: home, LANG: 'en_GB.UTF-8' },
      out: text => (said.out += `${text}\n`),
      error: text => (said.error += `${text}\n`),
      screen: null,
      clock: new PaperClock(Date.now()),
      onInterrupt: () => () => undefined,
    })
    return { code, ...said }
  }
}

async function sit(context: TestContext): Promise<Setup & { say: Say }> {
  const engine = await setup(context)
  return { ...engine, say: await terminals(engine.orders) }
}

/** Orders of the same engine by other plans. */
const ordersBy = ({ runs, system }: Setup, planFor: PlanFor, links = [link]): Orders =>
  openOrders({ links, planFor, runs, world: system.world(null), certified: async () => new Map() })

async function theRun(orders: Orders): Promise<string> {
  const [run] = await orders.list(1)
  return run?.run ?? assert.fail('no run has begun')
}

test('row 118: of two terminals that apply at once one begins; the other is told which run it is, with exit code 4', async context => {
  // 4 for 3: 3 means that a check has failed, and here another holds the link. Who began it, and when, `run show` says.
  const { say, orders } = await sit(context)
  const both = await Promise.all([say('apply COMM-040'), say('apply COMM-040')])
  assert.deepEqual(
    both.map(one => one.code).toSorted((a, b) => a - b),
    [exitCodes.fine, exitCodes.held],
  )
  const late = both.find(one => one.code === exitCodes.held)
  const [begun, ...more] = await orders.list(10)
  assert.equal(more.length, 0)
  assert.match(late?.error ?? '', new RegExp(`${begun?.run} .*COMM-040|COMM-040.*${begun?.run}`, 's'))
  const again = await say('apply COMM-040')
  assert.equal(again.code, exitCodes.held)
  assert.match(again.error, new RegExp(`run ${begun?.run} holds COMM-040`))
})

test('row 119: a step whose gate is shut is not passed: 3 with what the gate saw, however often it is asked for, and no option forces it', async context => {
  // 3 for 4: a gate that says no is a check that has failed.
  const { say, orders, drive, system } = await sit(context)
  system.different = 3
  assert.equal((await say('apply COMM-040')).code, exitCodes.fine)
  const run = await theRun(orders)
  await drive(run)
  for (let ask = 0; ask < 2; ask++) {
    const seen = await say(`watch ${run}`)
    assert.equal(seen.code, exitCodes.checkFailed, seen.error)
    assert.match(seen.error, /3 different/)
    assert.equal((await say(`resume ${run}`)).code, exitCodes.fine)
    await drive(run)
    assert.deepEqual([(await orders.get(run)).state, (system.state() as { route: string }).route], ['failed', 'http'])
  }
  for (const line of ['apply COMM-040 --force', `resume ${run} --force`, `complete ${run} --force`])
    assert.equal((await say(line)).code, exitCodes.usage, line)
})

test('row 120: beyond the point of no return a revert is refused with 5, with the step and the way forward', async context => {
  const { say, orders, drive, stall, system } = await sit(context)
  await say('apply COMM-040')
  const run = await theRun(orders)
  await drive(run)
  await orders.complete(run, 'test')
  system.away = 'deployer'
  await stall(run)
  const before = system.state()
  const refused = await say(`revert ${run}`)
  assert.equal(refused.code, exitCodes.waits)
  assert.match(refused.error, /past its point of no return, step 6 .*apply COMM-040 --to http/s)
  assert.deepEqual([system.state(), (await orders.get(run)).heading], [before, 'complete'])
})

test('row 121: a second plan on the link, or on another link of its event, is refused with 4 and the run that holds it', async context => {
  // No cycle of calls is looked for: no door of the library calls another service while its caller waits.
  const engine = await sit(context)
  const { say, orders, system } = engine
  const other = { ...link, id: 'COMM-041' }
  const both: PlanFor = (of, to) =>
    to === 'event' ? plan({ id: of.id, link: of, to, procedure: 'Procedure 3', title }, toEvent.steps.slice(0, 1)) : undefined
  const sayOther = await terminals(ordersBy(engine, both, [link, other]))
  await say('apply COMM-040')
  const run = await theRun(orders)
  const orderedBefore = system.orders.length
  for (const refused of [await say('apply COMM-040 --to event'), await sayOther('apply COMM-041')]) {
    assert.equal(refused.code, exitCodes.held, refused.error)
    assert.match(refused.error, new RegExp(run))
  }
  assert.deepEqual([(await orders.list(10)).length, system.orders.length], [1, orderedBefore])
})

test('row 122: a plan that lacks a deployment is refused with 3 at its step, and one with an unknown step with 64', async context => {
  // Plans of columns are judged by what their tables allow (cutover/columns); the engine has no plans of them that could be wrong.
  const engine = await sit(context)
  const lacking = plan(
    { id: link.id, link, to: 'event', procedure: 'Procedure 3', title },
    toEvent.steps.filter(one => one.id !== '4a'),
  )
  const say = await terminals(ordersBy(engine, () => lacking))
  const refused = await say('apply COMM-040 --to event')
  assert.equal(refused.code, exitCodes.checkFailed)
  assert.match(refused.error, /step 5 \(route\): "consumer COMM-040" must be act there, and would be record/)
  const unknown = await engine.say('apply COMM-040 --until 9')
  assert.equal(unknown.code, exitCodes.usage)
  assert.match(unknown.error, /no step 9; its steps are 1, 2, 3, 4, 4a, 5, 5a, 6/)
  assert.deepEqual([engine.system.orders, await engine.orders.list(10)], [[], []])
})

test('row 123: while a service is silent the step waits, names it and is not failed; it goes on when the service is back', async context => {
  // No role of a database is taken from who is silent: an instance with an old epoch commits nothing, whenever it comes back.
  const { say, orders, drive, stall, system } = await sit(context)
  await say('apply COMM-040')
  const run = await theRun(orders)
  system.away = 'bonuses'
  await stall(run)
  const ordered = await say('apply COMM-040')
  assert.equal(ordered.code, exitCodes.unreachable)
  assert.match(ordered.error, /bonuses/)
  const shown = await say(`run show ${run}`)
  assert.match(shown.out, /bonuses/)
  assert.equal((await orders.get(run)).state, 'waiting')
  system.away = null
  await drive(run)
  assert.equal((await orders.get(run)).state, 'finished')
})

const leftOut: readonly LeftOut[] = [
  {
    row: 126,
    input: 'the wrong environment',
    because:
      'no environment has a name that its orders carry: CUTOVER_HOME says which is meant, and the token of one is refused by any other',
  },
]
const elsewhere: readonly Elsewhere[] = [
  {
    row: 124,
    input: 'a second engine, and one that was overtaken',
    file: 'engine/lease/lease.db.test.ts',
    claims: [
      'one acts; when it stops, the other does, under a higher term, and what the first still writes is refused',
      "'engine_standby'",
    ],
  },
  {
    row: 124,
    input: 'an order under a stale term',
    file: 'cutover/service/dead-letter-routes.db.test.ts',
    claims: ['an engine that was overtaken orders nothing', "'term_stale'"],
  },
  {
    row: 125,
    input: 'a clock that is off',
    file: 'tests/broken-worlds.ts',
    claims: ["'clock_off'"],
    otherwise: 'the doctor warns; no clock decides what a run may do',
  },
  {
    row: 127,
    input: 'Ctrl-C',
    file: 'cli/watch.test.ts',
    claims: ['Ctrl-C detaches with 130', 'goes on without you'],
  },
  {
    row: 127,
    input: 'an engine that goes on alone, whatever ends',
    file: 'engine/run/runs.db.test.ts',
    claims: ['a run reaches the same end when the engine is killed after every single write'],
  },
  {
    row: 128,
    input: 'a full disk',
    file: 'cutover/backlog/capacity.test.ts',
    claims: ['a disk that is 95 % full takes no more facts, and says so'],
    otherwise: 'plans are not refused at 90 %: a run that makes room, or goes back, needs no more of the disk',
  },
]
complete('operators', [118, 119, 120, 121, 122, 123], leftOut, elsewhere)
