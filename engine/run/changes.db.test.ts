import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lockOf, plan, type ChangePlan, step, touchedBy } from '../plan/plan.ts'
import { refusalsOf } from '../plan/state.ts'
import { transitionsOf } from '../plan/plan.ts'
import { observeChange } from '../world/observe.ts'
import { compareColumns } from '../verbs/compare-columns.ts'
import { dropColumn, quarantineColumn } from '../verbs/drop-column.ts'
import { expandColumns } from '../verbs/expand-columns.ts'
import { fillColumns } from '../verbs/fill-columns.ts'
import { checkColumns, guardColumns } from '../verbs/guard-columns.ts'
import { relaxColumn } from '../verbs/relax-column.ts'
import { tellVersion } from '../verbs/tell-version.ts'
import { quietColumn, unusedColumn } from '../verbs/unused-column.ts'
import { versionHandled, versionStated } from '../verbs/version-able.ts'
import { dualWrite, readNew, writeNew } from '../verbs/write-columns.ts'
import { setup, title } from '../../tests/running.ts'
import { openChangeWorld } from '../../tests/small-change.ts'
import { creditEvent } from '../../tests/small-world.ts'

const event = { ...creditEvent, name: 'PersonChanged', service: 'people', versions: [...creditEvent.versions, ...creditEvent.versions] }
const head = {
  id: 'X-1',
  to: 'new',
  change: { services: ['people'], events: [{ event, version: 1 }] },
  procedure: 'X',
  title,
} as const
const of = ['X-1', 'people'] as const
const columns: ChangePlan = plan(head, [
  step('1', title, expandColumns(...of)),
  step('2', title, dualWrite(...of), guardColumns(...of)),
  step('3', title, fillColumns(...of), compareColumns(...of), checkColumns(...of), readNew(...of)),
  step('4', title, relaxColumn(...of), unusedColumn(...of, 1), writeNew(...of, null)),
  step('5', title, quarantineColumn(...of), quietColumn(...of, 1)),
  step('6', title, dropColumn(...of)),
])

/** Which steps of a plan do not follow from how the system stands at first. */
async function refusedIn(made: ChangePlan): Promise<string[]> {
  const state = await observeChange(openChangeWorld(made).world(null), made.id, made.change)
  return refusalsOf(transitionsOf(made), state).map(one => `${one.step} ${one.verb}: ${one.about}`)
}

test('a change is planned and made by its name, and has one way', async context => {
  const { orders, drive } = await setup(context, false, { change: columns })
  const shown = await orders.plan('X-1', undefined)
  assert.deepEqual([shown.link, shown.from, shown.to, shown.refusals, shown.run], ['X-1', 'old', 'new', [], null])
  for (const request of [{ to: 'event' }, { portions: [5] }] as const)
    await assert.rejects(orders.apply('X-1', request, 'test'), { code: 'parameter_invalid', message: /X-1 is a change, which has one way/ })
  await assert.rejects(orders.plan('X-2', undefined), { code: 'link_unknown', message: /Did you mean X-1/ })

  const { run } = await orders.apply('X-1', {}, 'test')
  assert.equal((await orders.plan('X-1', undefined)).run, run)
  await drive(run)
  assert.equal((await orders.get(run)).state, 'finished')
  await assert.rejects(orders.apply('X-1', {}, 'test'), { code: 'run_exists', message: /has finished/ })
  await orders.complete(run, 'test')
  await drive(run)
  const { state, from, to } = await orders.get(run)
  assert.deepEqual([state, from, to], ['completed', 'old', 'new'])
  assert.deepEqual((await orders.plan('X-1', undefined)).from, 'new')
  await assert.rejects(orders.apply('X-1', {}, 'test'), { code: 'nothing_to_do', message: /has been made already/ })
})

test('a change that goes back is turned forward again half-way, and a gate that says no undoes nothing', async context => {
  const { system, orders, drive, stall } = await setup(context, false, { change: columns })
  const start = system.state()
  system.different = 1
  const { run } = await orders.apply('X-1', {}, 'test')
  await drive(run)
  const no = await orders.get(run)
  assert.deepEqual([no.state, no.waits_for?.code], ['failed', 'compare_columns_differ'])
  system.different = 0
  await orders.resume(run, 'test')
  await drive(run)
  const finished = system.state()
  await orders.revert(run, 'test')
  system.away = 'deployer'
  await stall(run)
  system.away = null
  assert.equal((await orders.apply('X-1', {}, 'test')).run, run)
  await drive(run)
  assert.deepEqual(system.state(), finished)
  await orders.revert(run, 'test')
  await drive(run)
  assert.deepEqual(system.state(), start)
})

test('a change holds its columns and events, and itself', () => {
  const made = plan(head, [step('1', title, expandColumns(...of), versionStated(event.name, 1, 'people'))])
  assert.equal(lockOf(made), 'change X-1')
  assert.deepEqual(touchedBy(made), ['change X-1', 'columns X-1 people', 'event PersonChanged'])
})

test('a plan that fills before the writers do is refused before anything is done, as are others that lose something', async () => {
  assert.deepEqual(await refusedIn(columns), [])
  // As the procedure is written: the rows in between would stay empty.
  const filled = plan(head, [
    step('1', title, expandColumns(...of)),
    step('8', title, fillColumns(...of)),
    step('9', title, dualWrite(...of)),
  ])
  assert.deepEqual(await refusedIn(filled), ['8 fill columns: guard of X-1 in people'])
  // A version that nobody is known to handle.
  const told = plan(head, [step('13', title, tellVersion(event, 1, ['people']))])
  assert.deepEqual(await refusedIn(told), [
    '13 tell version: registered PersonChanged v1',
    '13 tell version: able to state PersonChanged v1',
    '13 tell version: people handles PersonChanged v1',
  ])
  const handled = plan(head, [step('12', title, versionHandled(event.name, 1, 'people'))])
  assert.deepEqual(await refusedIn(handled), ['12 handle version: registered PersonChanged v1'])
  // A column that is demanded, still used, and holds the only form that an open fact of the old version needs.
  const early = plan(head, [step('17', title, writeNew(...of, { event: event.name, version: 0 })), step('18', title, dropColumn(...of))])
  assert.deepEqual(await refusedIn(early), [
    '17 write new: columns of X-1 written and read in people',
    '17 write new: old column of X-1 demanded in people',
    '17 write new: unused X-1 in people',
    '17 write new: drained PersonChanged v0',
    '18 drop column: old column of X-1 in people',
    '18 drop column: quiet old column of X-1 in people',
  ])
})
