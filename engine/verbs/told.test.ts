import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wordLink as link } from '../../tests/copying.ts'
import { aDraining, aTelling, openScene } from '../../tests/scene.ts'
import { isInverse, type Inverse, type Verb } from '../plan/verb.ts'
import { produceState, snapshot, stopState } from './told.ts'

const inverseOf = ({ inverse }: Verb): Inverse => (isInverse(inverse) ? inverse : assert.fail('there is no way back'))
const told = { route: 'event', share: 100, shadow: false, epoch: 5 } as const

test('changes are told from the turn of the switch on, without a shadow, and the gate waits for it', async () => {
  const verb = produceState(link, 0)
  const { world, scene } = openScene()
  const before = await verb.settled(world, {})
  assert.deepEqual(
    [(await verb.look(world)).code, before.verdict, before.waitsFor],
    ['tell_now', 'not_enough_evidence', { code: 'route_waits', params: { service: 'counting', link: 'L-2', route: 'http' } }],
  )
  await verb.apply(world, {})
  const { verdict, figures } = await verb.settled(world, {})
  assert.deepEqual([scene.orders, verdict, figures.map(one => [one.name, one.value])], [['turn event'], 'pass', [['figure_epoch', 2]]])
  assert.equal((await verb.look(world)).code, 'tell_now_done')
})

test('the way back stops the telling, and waits until all that was told has arrived', async () => {
  const inverse = inverseOf(produceState(link, 0))
  const { world, scene } = openScene({ switch: told, draining: aDraining({ outstanding: 2, onTheirWay: 2 }) })
  assert.equal(await inverse.rehearse(world, {}), null)
  await inverse.apply(world, {})
  assert.deepEqual(scene.orders, ['try turn http', 'turn http'])
  const held = await inverse.settled(world, {})
  assert.deepEqual([held.verdict, held.waitsFor?.code], ['not_enough_evidence', 'drained_waits'])
  scene.draining = aDraining({ unsure: { code: 'drained_unknown', params: {} } })
  assert.equal((await inverse.settled(world, {})).waitsFor?.code, 'drained_unknown')
  scene.draining = aDraining()
  assert.equal((await inverse.settled(world, {})).verdict, 'pass')
})

test('a switch that would refuse to turn back is told before anything depends on it, with why', async () => {
  for (const verb of [produceState(link, 0), stopState(link)]) {
    const { world, scene } = openScene({ switch: told, refuses: 'counting-2 cannot produce it' })
    const refusal = await inverseOf(verb).rehearse(world, {})
    assert.deepEqual([refusal, scene.orders], [{ code: 'step_refused', params: { reason: 'counting-2 cannot produce it' } }, []])
  }
})

test('the telling ends with the turn of the switch', async () => {
  const verb = stopState(link)
  const { world, scene } = openScene({ switch: told })
  assert.deepEqual([(await verb.look(world)).code, (await verb.settled(world, {})).waitsFor?.code], ['untell_now', 'route_waits'])
  await verb.apply(world, {})
  assert.deepEqual([(await verb.settled(world, {})).verdict, scene.orders], ['pass', ['turn http']])
  assert.equal((await verb.look(world)).code, 'untell_now_done')
})

test('the way back from the end of the telling turns the switch first, and then tells everything anew, as another asker than the run', async () => {
  const inverse = inverseOf(stopState(link))
  const { world, scene } = openScene()
  await inverse.rehearse(world, {})
  await inverse.apply(world, {})
  assert.deepEqual(scene.orders, ['try turn event', 'turn event', 'tell for R-1:back'])
})

test('the way back is not over before all that was told anew has arrived, and what was told before does not count for it', async () => {
  const inverse = inverseOf(stopState(link))
  const gate = async (telling: ReturnType<typeof aTelling>) => {
    const { verdict, waitsFor } = await inverse.settled(openScene({ telling }).world, {})
    return [verdict, waitsFor?.code]
  }
  for (const before of [aTelling('none', null, 0), aTelling('done', 'R-1', 10, true), aTelling('done', 'R-9:back', 10, true)])
    assert.deepEqual(await gate(before), ['not_enough_evidence', 'snapshot_waits'])
  assert.deepEqual(await gate(aTelling('telling', 'R-1:back', 4)), ['not_enough_evidence', 'snapshot_waits'])
  assert.deepEqual(await gate(aTelling('told', 'R-1:back', 10)), ['not_enough_evidence', 'snapshot_waits'])
  assert.deepEqual(await gate(aTelling('done', 'R-1:back', 10)), ['not_enough_evidence', 'snapshot_waits_arrival'])
  assert.deepEqual(await gate(aTelling('done', 'R-1:back', 10, true)), ['pass', undefined])
})

test('a snapshot is told for its run, and says how far it is and how long the rest will take', async () => {
  const verb = snapshot(link)
  const { world, scene } = openScene()
  assert.deepEqual(await verb.look(world), { code: 'snapshot_now', params: {} })
  await verb.apply(world, {})
  scene.telling = aTelling('telling', 'R-1', 4)
  const { verdict, waitsFor, etaMs, figures } = await verb.settled(world, {})
  assert.deepEqual(
    [scene.orders, verdict, waitsFor, etaMs],
    [['tell for R-1'], 'not_enough_evidence', { code: 'snapshot_waits', params: { copied: 4, total: 10 } }, 1_500],
  )
  assert.deepEqual(figures, [{ name: 'figure_told', value: 4, wanted: 10, rule: 'at_least' }])
  assert.equal((await verb.look(world)).code, 'snapshot_now_before')
})

test('nothing is said of how long it will take before the first page, and more rows than there were at first are no trouble', async () => {
  const verb = snapshot(link)
  const gate = (telling: ReturnType<typeof aTelling>) => verb.settled(openScene({ telling }).world, {})
  assert.equal((await gate(aTelling('telling', 'R-1', 0))).etaMs, null)
  assert.equal((await gate(aTelling('telling', 'R-1', 12))).etaMs, 0)
  const { verdict, figures } = await gate(aTelling('done', 'R-1', 8, true))
  assert.deepEqual(
    [verdict, figures.map(one => [one.value, one.wanted])],
    ['pass', [[8, 8]]],
    'fewer rows than there were at first are all',
  )
})

test('the snapshot of another run does not count for this one, and is no harm to its way back', async () => {
  const verb = snapshot(link)
  const { world, scene } = openScene({ telling: aTelling('done', 'R-9', 10, true) })
  assert.equal((await verb.settled(world, {})).verdict, 'not_enough_evidence')
  assert.equal(await inverseOf(verb).rehearse(world, {}), null)
  await inverseOf(verb).apply(world, {})
  assert.deepEqual([scene.orders, (await inverseOf(verb).settled(world, {})).verdict], [['cancel for R-1'], 'pass'])
})
