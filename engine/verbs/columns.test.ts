import assert from 'node:assert/strict'
import { test } from 'node:test'
// Knows the problems of services that refuse.
import '../services/directory.ts'
import { isInverse, type Inverse, type Verb } from '../plan/verb.ts'
import type { ColumnsStand, VersionDraining, World } from '../plan/world.ts'
import { compareColumns } from './compare-columns.ts'
import { dropColumn } from './drop-column.ts'
import { fillColumns } from './fill-columns.ts'
import { expandColumns } from './expand-columns.ts'
import { knowColumns } from './know-columns.ts'
import { quietColumn, unusedColumn } from './unused-column.ts'
import { writeNew } from './write-columns.ts'

const inverseOf = ({ inverse }: Verb): Inverse => (isInverse(inverse) ? inverse : assert.fail('there is no way back'))
const aTable = (more: Partial<ColumnsStand> = {}): ColumnsStand => ({
  table: 'task',
  column: 'title',
  added: 'present',
  guard: 'new_rows',
  old: 'present',
  relaxed: false,
  rows: 10,
  filled: 4,
  quietMs: null,
  uses: [],
  fill: null,
  ...more,
})
const aJob = (more: Partial<NonNullable<ColumnsStand['fill']>> = {}): ColumnsStand['fill'] => ({
  state: 'filling',
  askedBy: 'R-1',
  total: 6,
  filled: 2,
  tookMs: 1_000,
  ...more,
})
const drainedOf = (more: Partial<VersionDraining> = {}): VersionDraining => ({
  told: 1,
  issued: 5,
  outstanding: 0,
  onTheirWay: 0,
  retrying: 0,
  parked: 0,
  dead: 0,
  unsure: null,
  ...more,
})

/** A service of one table, and what is ordered of it. */
function openScene(start: { tables: ColumnsStand[]; count?: VersionDraining; nowMs?: number }) {
  const orders: string[] = []
  const scene = { count: drainedOf(), nowMs: 0, able: true, ...start, orders }
  const world = {
    run: 'R-1',
    now: () => scene.nowMs,
    columns: async () => scene.tables,
    columnsTo: async (_: string, __: string, step: string) => void orders.push(step),
    fill: async (_: string, __: string, order: string, askedBy: string) => void orders.push(`${order} ${askedBy}`),
    compareColumns: async () => [{ table: 'task', rows: 10, different: 2, keys: ['t-1', 't-2'] }],
    ignorantOf: async () => (scene.able ? [] : ['http://127.0.0.1:1']),
    drainingVersion: async () => scene.count,
    instances: async () => [{ id: '1', build: 'b', readings: {}, capabilities: scene.able ? ['write-new:X-1'] : [] }],
    deployer: {
      deploy: async (_: string, { add, remove }: { add: string[]; remove: string[] }) =>
        void orders.push(`+${add.join(' ')} -${remove.join(' ')}`),
    },
  } as unknown as World
  return { scene, world }
}

test('filling tells how far it has come and how long it takes, and ends when no row is empty', async () => {
  const verb = fillColumns('X-1', 'people')
  const { scene, world } = openScene({
    tables: [aTable({ fill: aJob() }), aTable({ table: 'copy', filled: 10, fill: aJob({ state: 'done', filled: 6 }) })],
  })
  await verb.apply(world, {})
  assert.deepEqual(scene.orders, ['fill R-1'])
  const gate = await verb.settled(world, {})
  assert.deepEqual(
    [gate.verdict, gate.waitsFor?.params, gate.etaMs],
    ['not_enough_evidence', { service: 'people', filled: 8, total: 12 }, 2_000],
  )
  // Of another run, or done with a row that is empty all the same, is not done.
  scene.tables = [aTable({ filled: 10, fill: aJob({ state: 'done', askedBy: 'R-0' }) })]
  assert.equal((await verb.settled(world, {})).verdict, 'not_enough_evidence')
  scene.tables = [aTable({ filled: 9, fill: aJob({ state: 'done', filled: 6 }) })]
  assert.equal((await verb.settled(world, {})).verdict, 'not_enough_evidence')
  scene.tables = [aTable({ filled: 10, fill: aJob({ state: 'done', filled: 6 }) })]
  assert.equal((await verb.settled(world, {})).verdict, 'pass')
})

test('columns that were there before a run stay there after it', async () => {
  const verb = expandColumns('X-1', 'people')
  const { scene, world } = openScene({ tables: [aTable()] })
  const memo = (await verb.prepare?.(world)) ?? {}
  await inverseOf(verb).apply(world, memo)
  assert.deepEqual([memo, scene.orders], [{ had: true }, []])
  await inverseOf(verb).apply(world, { had: false })
  assert.deepEqual(scene.orders, ['retract'])
})

test('rows that differ fail the gate, and are named by their keys', async () => {
  const gate = await compareColumns('X-1', 'people').settled(openScene({ tables: [] }).world, {})
  assert.deepEqual([gate.verdict, gate.waitsFor?.params['keys']], ['fail', 'task t-1, task t-2'])
})

test('an instance that does not know the change holds the gate and is named', async () => {
  const { scene, world } = openScene({ tables: [] })
  scene.able = false
  const gate = await knowColumns('X-1', 'people').settled(world, {})
  assert.deepEqual([gate.verdict, gate.waitsFor?.params['instances']], ['not_enough_evidence', 'http://127.0.0.1:1'])
})

test('a reader in a path that is rarely used holds the old column, and is named with the place and the time', async () => {
  const verb = unusedColumn('X-1', 'people', 5)
  const { scene, world } = openScene({ tables: [aTable()] })
  const memo = (await verb.prepare?.(world)) ?? {}
  // That nobody was seen in the first moment is no evidence.
  assert.equal((await verb.settled(world, memo)).waitsFor?.code, 'quiet_waits')
  scene.nowMs = 60_000
  scene.tables = [
    aTable({ quietMs: 1_000, uses: [{ who: 'people-1', what: 'reports/yearly.ts:7', count: 1, at: '2026-01-01T00:00:59Z' }] }),
  ]
  const held = await verb.settled(world, memo)
  assert.deepEqual(held.waitsFor, {
    code: 'unused_waits_used',
    params: { service: 'people', who: 'people-1', what: 'reports/yearly.ts:7', at: '2026-01-01T00:00:59Z' },
  })
  scene.tables = [aTable({ ...scene.tables[0], quietMs: 5_000 })]
  assert.equal((await verb.settled(world, memo)).verdict, 'pass')
  // What was hidden a moment ago was not left alone for long, whenever it was used last.
  const quiet = quietColumn('X-1', 'people', 5)
  assert.equal((await quiet.settled(world, (await quiet.prepare?.(world)) ?? {})).verdict, 'not_enough_evidence')
})

test('a column that somebody reached for in quarantine is not dropped', async () => {
  const verb = dropColumn('X-1', 'people')
  const hidden = aTable({
    old: 'quarantined',
    uses: [{ who: 'people-1', what: 'reports/yearly.ts:7', count: 1, at: '2026-01-01T00:00:59Z' }],
  })
  const { scene, world } = openScene({ tables: [hidden] })
  await assert.rejects(verb.apply(world, {}), {
    code: 'service_refused',
    message: /instance people-1 of people has reached .*reports\/yearly\.ts:7.*Nothing was dropped/,
  })
  assert.deepEqual(scene.orders, [])
  scene.tables = [aTable({ old: 'quarantined' })]
  await verb.apply(world, {})
  assert.deepEqual(scene.orders, ['drop'])
})

test('the old form is not given up while a fact of the old version is open, dead letters included', async () => {
  const verb = writeNew('X-1', 'people', { event: 'PersonChanged', version: 0 })
  const { scene, world } = openScene({ tables: [aTable()], count: drainedOf({ outstanding: 1, dead: 1 }) })
  await assert.rejects(verb.apply(world, {}), { code: 'drained_doubtful', retryable: true })
  scene.count = drainedOf({ told: 0 })
  await assert.rejects(verb.apply(world, {}), { code: 'drained_doubtful', retryable: false })
  assert.deepEqual(scene.orders, [])
  scene.count = drainedOf()
  await verb.apply(world, {})
  assert.deepEqual(scene.orders, ['+write-new:X-1 -'])
})

test('on the way back every instance writes the old column before it is filled from the new ones', async () => {
  const inverse = inverseOf(writeNew('X-1', 'people', null))
  const { scene, world } = openScene({ tables: [aTable()] })
  assert.equal((await inverse.settled(world, {})).waitsFor?.code, 'undeploy_waits')
  assert.deepEqual(scene.orders, [])
  scene.able = false
  assert.equal((await inverse.settled(world, {})).waitsFor?.code, 'fill_waits')
  scene.tables = [aTable({ fill: aJob({ state: 'done', askedBy: 'R-1:back' }) })]
  assert.equal((await inverse.settled(world, {})).verdict, 'pass')
  assert.deepEqual(scene.orders, ['fill_back R-1:back', 'fill_back R-1:back'])
  // What the service could do before the run it can still do after it.
  assert.equal((await inverse.settled(world, { had: true })).verdict, 'pass')
})
