import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock, systemRandom } from 'cutover/process/clock'
import { flip } from 'cutover/switch'
import { unknownIn } from '../../tests/doctoring.ts'
import { Counted } from '../../tests/counting.ts'
import { openSmallSystem, type SmallSystem } from '../../tests/small-system.ts'
import { type TraceAnswer, type TraceFact, traceSaid, type TraceStand } from '../api/trace.ts'
import { allFiles } from './files.ts'

const root = join(import.meta.dirname, '../..')
const looksMax = 200

async function trace(system: SmallSystem, id: string): Promise<TraceAnswer> {
  const { status, body } = await system.call<TraceAnswer>('POST', '/api/trace', { id })
  assert.equal(status, 200, JSON.stringify(body))
  for (const one of [...body.facts.flatMap(fact => [...fact.lines, ...fact.now]), ...body.rows])
    assert.doesNotMatch(traceSaid(one), /\{\w+\}/)
  const files = [...body.facts.flatMap(fact => fact.lines), ...body.rows].map(line => line.file)
  assert.deepEqual(
    files.filter(file => !existsSync(join(root, file))),
    [],
  )
  assert.deepEqual(
    body.facts.flatMap(fact => fact.now.flatMap(one => one.commands.flatMap(unknownIn))),
    [],
  )
  return body
}

/** The one fact of an id, once it stands as expected: what becomes of it takes its time. */
async function standing(system: SmallSystem, id: string, code: TraceStand['code']): Promise<TraceFact> {
  for (let look = 0; ; look++) {
    const { facts } = await trace(system, id)
    const [one] = facts
    assert.ok(one !== undefined && facts.length === 1)
    if (one.now[0]?.code === code) return one
    assert.ok(look < looksMax, JSON.stringify(one.now))
    await systemClock.sleep(50)
  }
}
const stepsOf = (fact: TraceFact): string[] => fact.lines.map(line => `${line.service} ${line.code}`)

test('every file that a step names is there', () => {
  assert.deepEqual(
    allFiles().filter(file => !existsSync(join(root, file))),
    [],
  )
})

test('the whole way of facts, whatever became of them', { timeout: 120_000 }, async context => {
  const system = await openSmallSystem(context)
  const { adding, counting, state, call } = system

  // By HTTP: found by its id, by its business key, and by its entity.
  const first = await state('one')
  const told = await standing(system, first, 'now_done')
  assert.deepEqual([told.event, told.key], ['Counted', 'Counted:one'])
  assert.deepEqual(
    stepsOf(told).filter(step => !step.endsWith('compared')),
    ['counting stated', 'counting row', 'counting stamped', 'adding received', 'adding outcome'],
  )
  assert.deepEqual(told.now[0], { link: 'L-1', terminal: true, code: 'now_done', params: { outcome: 'done' }, commands: [] })
  assert.equal(told.lines.find(line => line.code === 'received')?.file, 'cutover/receive/door.ts')
  assert.equal(told.lines.find(line => line.code === 'row')?.file, 'tests/small-system.ts')
  const times = told.lines.map(line => line.at)
  assert.ok(times[0] !== null)
  for (const id of ['Counted:one', 'one']) assert.equal((await standing(system, id, 'now_done')).fact, first)
  // Its effect names no fact: it is told under the key.
  const { rows } = await trace(system, 'one')
  assert.deepEqual(
    rows.map(line => [line.service, line.code, line.params['content'], line.file]),
    [['adding', 'effect', 'amount 1, row one', 'tests/counting.ts']],
  )

  // Parked: what it waits for, and what helps.
  const parked = await standing(system, await state('two', 'something'), 'now_parked')
  assert.deepEqual(parked.now[0]?.params, { service: 'adding', waits_for: 'something' })
  assert.equal(parked.now[0]?.terminal, false)
  assert.deepEqual(stepsOf(parked).slice(-1), ['adding parked'])

  // A repeat under the same key is another fact, with the first one's effect.
  const repeat = await counting.sender.transaction(async (_, record) => record(Counted, { key: 'one', amount: 1, needs: '' }))
  assert.deepEqual((await standing(system, repeat, 'now_done')).now[0]?.params, { outcome: 'duplicate' })
  assert.deepEqual(
    (await trace(system, 'Counted:one')).facts.map(fact => fact.fact),
    [repeat, first],
  )

  // Refused by a rule, which the receipt names.
  adding.adding.refused.add('no')
  const refused = await standing(system, await state('no'), 'now_done')
  assert.deepEqual(refused.lines.find(line => line.code === 'outcome_rule')?.params, { outcome: 'rejected', rule: 'refused-key' })

  // Dead: found by the number of its dead letter as well.
  const dead = systemRandom.uuid()
  const letter = {
    factId: dead,
    code: 'handler_error',
    error: 'Personal',
    attempts: 5,
    bytes: Buffer.from('{"Personal":1}'),
    headers: {},
    origin: 'o',
  }
  await adding.stores.receive.transaction(tx => adding.stores.receive.bury(tx, 'L-1', [letter]))
  const buried = await standing(system, dead, 'now_dead')
  const id = String(buried.now[0]?.params['id'])
  assert.deepEqual(buried.now[0]?.commands, [`npx cutover dead-letters show adding:${id}`])
  assert.match(traceSaid(buried.lines.at(-1) as never), /^could not be handled: handler_error, after 5 attempts; dead letter \d+, open$/)
  for (const letter of [id, `adding:${id}`]) assert.equal((await standing(system, letter, 'now_dead')).fact, dead)
  assert.doesNotMatch(JSON.stringify(buried), /Personal/)

  // A run: its lines.
  const run = (await call<{ run: string }>('POST', '/api/plans/L-1/apply', {})).body.run
  const lines = (await trace(system, run)).rows
  assert.deepEqual([lines[0]?.params['action'], lines[0]?.file, lines[0]?.link], ['run started', 'engine/run/orders.ts', 'L-1'])

  // What nobody knows.
  for (const unknown of [systemRandom.uuid(), 'nothing-of-the-kind', 'R-999', '12345678', `counting:${id}`]) {
    const { status, body } = await call<{ code: string; detail: string }>('POST', '/api/trace', { id: unknown })
    assert.deepEqual([status, body.code], [404, 'trace_unknown'], unknown)
    assert.match(body.detail, new RegExp(`no fact, key, entity.* has the id ${unknown}`))
  }
  for (const bad of ['', 'a b', 'x\u0000', 'x'.repeat(401), '%']) assert.equal((await call('POST', '/api/trace', { id: bad })).status, 400)

  // While a service is away, what it knows is said to be missing, and nobody is called unknown.
  await adding.server.stop()
  const partly = await trace(system, first)
  assert.deepEqual(
    partly.away.map(one => one.service),
    ['adding'],
  )
  assert.deepEqual([partly.facts[0]?.now[0]?.code, partly.facts[0]?.now[0]?.commands], ['now_unknown', ['npx cutover status']])
  assert.equal((await call('POST', '/api/trace', { id: 'nothing-of-the-kind' })).status, 503)
})

test('a fact that is compared in shadow, and one that came by event', { timeout: 120_000 }, async context => {
  const system = await openSmallSystem(context, 'all')
  const { counting, state, call } = system
  await flip(counting.stores.switch, { link: 'L-1', route: 'http', shadow: true, term: 0 }, systemClock, systemRandom)
  const shadow = await state('shadow')
  for (let look = 0; !(await standing(system, shadow, 'now_done')).lines.some(line => line.code === 'paired'); look++) {
    assert.ok(look < looksMax)
    await systemClock.sleep(100)
  }
  const paired = await standing(system, shadow, 'now_done')
  assert.ok(stepsOf(paired).includes('counting stamped_shadow') && stepsOf(paired).includes('adding recorded'), stepsOf(paired).join())
  assert.equal(paired.lines.find(line => line.code === 'received')?.params['via'], 'http')

  assert.equal((await call('POST', '/api/links/L-1/switch', { to: 'event' })).status, 200)
  const told = await standing(system, await state('event'), 'now_done')
  assert.deepEqual(
    stepsOf(told).filter(step => !step.endsWith('compared')),
    ['counting stated', 'counting row', 'counting stamped', 'counting published', 'adding received', 'adding outcome'],
  )
  assert.deepEqual(told.lines.find(line => line.code === 'published')?.params, { topic: 'counting.counted', partition: '0' })
  assert.equal(told.lines.find(line => line.code === 'received')?.file, 'cutover/consumer/consumer.ts')
})
