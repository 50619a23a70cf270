import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wordLink as link } from '../../tests/copying.ts'
import { anInstance, aReading, openScene } from '../../tests/scene.ts'
import { isInverse, type Inverse, type Verb } from '../plan/verb.ts'
import type { Reading } from '../plan/world.ts'
import { compareReads, readFrom, standing } from './read.ts'

const inverseOf = ({ inverse }: Verb): Inverse => (isInverse(inverse) ? inverse : assert.fail('there is no way back'))
const reading = (id: string, epoch: number) => anInstance(id, [], { readings: { 'L-2': epoch } })

test('the gate waits until the switch stands as it was ordered, and tells how it stands', async () => {
  const verb = readFrom(link, 'replica', true)
  const { world, scene } = openScene({ instances: { adding: [reading('adding-1', 9)] } })
  for (const other of [aReading('http'), aReading('replica'), aReading('http', { compares: true })]) {
    scene.reading = other
    const { verdict, waitsFor } = await verb.settled(world, {})
    assert.deepEqual(
      [verdict, waitsFor],
      ['not_enough_evidence', { code: 'read_now', params: { service: 'adding', standing: standing(other), epoch: 1 } }],
    )
  }
  await verb.apply(world, {})
  const { verdict, figures } = await verb.settled(world, {})
  assert.deepEqual([scene.orders, verdict, figures.map(one => one.value)], [['read replica, compared'], 'pass', [2]])
})

test('the gate waits for the instance that still reads under an older epoch, and names it', async () => {
  const verb = readFrom(link, 'http', false)
  const { world, scene } = openScene({ reading: aReading('replica') })
  await verb.apply(world, {})
  scene.instances = { adding: [reading('adding-1', 2), reading('adding-2', 1), anInstance('old', [], { build: null })] }
  const held = await verb.settled(world, {})
  assert.deepEqual(
    [held.verdict, held.waitsFor],
    ['not_enough_evidence', { code: 'read_waits', params: { instances: 'adding-2, old', epoch: 2 } }],
  )
  scene.instances = { adding: [reading('adding-1', 2), reading('adding-2', 2)] }
  assert.equal((await verb.settled(world, {})).verdict, 'pass')
  scene.instances = { adding: [] }
  assert.equal((await verb.settled(world, {})).waitsFor?.code, 'deploy_waits_none')
})

const verbs: readonly (readonly [string, Verb])[] = [
  ['a turn', readFrom(link, 'replica', false)],
  ['a comparison', compareReads(link, 'http', { reads: 10 })],
]
for (const [what, verb] of verbs) {
  test(`the way back of ${what} turns the switch to how it stood before, whatever that was`, async () => {
    const answers: readonly Reading['answers'][] = ['http', 'replica']
    for (const before of answers.flatMap(one => [false, true].map(compares => aReading(one, { compares })))) {
      const { world, scene } = openScene({ reading: before })
      const memo = (await verb.prepare?.(world)) ?? assert.fail()
      await verb.apply(world, memo)
      scene.orders.length = 0
      assert.equal(await inverseOf(verb).rehearse(world, memo), null)
      await inverseOf(verb).apply(world, memo)
      assert.deepEqual(scene.orders, [`try read ${standing(before)}`, `read ${standing(before)}`])
      assert.equal(standing(scene.reading), standing(before))
    }
  })

  test(`the way back of ${what} is tried before anything depends on it, and waits for reads of the epoch that ends`, async () => {
    const inverse = inverseOf(verb)
    const { world, scene } = openScene({ reading: aReading('http', { epoch: 3 }), refuses: 'adding-2: deploy with call:L-2 first' })
    const memo = { answers: 'http', compares: false }
    assert.deepEqual(await inverse.rehearse(world, memo), {
      code: 'step_refused',
      params: { reason: 'adding-2: deploy with call:L-2 first' },
    })
    scene.instances = { adding: [reading('adding-1', 2)] }
    assert.deepEqual((await inverse.settled(world, memo)).waitsFor, { code: 'read_waits', params: { instances: 'adding-1', epoch: 3 } })
    scene.instances = { adding: [reading('adding-1', 3)] }
    assert.equal((await inverse.settled(world, memo)).verdict, 'pass')
  })
}

test('reads are compared with whoever answers kept as the plan says, and rows are looked at only when the reads are good', async () => {
  const verb = compareReads(link, 'replica', { reads: 10 })
  const { world, scene } = openScene({ reading: aReading('replica') })
  assert.equal((await verb.look(world)).code, 'compare_now_off')
  await verb.apply(world, {})
  assert.deepEqual(scene.orders, ['read replica, compared'])
  const none = { stale: 0, missing: 0, extra: 0, failed: 0, skipped: 0, lagP50Ms: null, lagP99Ms: null, rate: 1 }
  let looks = 0
  const gate = async (equal: number, different: number, wrongRows: number) => {
    const seen = { ...none, equal, different, inARow: equal }
    const rows = { rows: 3, open: 0, missing: 0, different: wrongRows, extra: 0 }
    const { verdict, waitsFor } = await verb.settled(
      { ...world, readParity: async () => seen, compareCopy: async () => (looks++, rows) },
      {},
    )
    return [verdict, waitsFor?.code]
  }
  assert.deepEqual(await gate(9, 0, 1), ['not_enough_evidence', 'compare_waits'])
  assert.deepEqual(await gate(10, 1, 1), ['fail', 'compare_differs'])
  assert.equal(looks, 0)
  assert.deepEqual(await gate(10, 0, 1), ['fail', 'rows_differ'])
  assert.deepEqual(await gate(10, 0, 0), ['pass', undefined])
})

test('a comparison that found a difference begins anew when it is tried again', async () => {
  const verb = compareReads(link, 'http', { reads: 10 })
  const { world, scene } = openScene({ reading: aReading('http', { compares: true }) })
  scene.readParity = { ...scene.readParity, equal: 40, missing: 1 }
  await verb.apply(world, {})
  assert.deepEqual(scene.orders, ['read http', 'read http, compared'])
  scene.readParity = { ...scene.readParity, missing: 0 }
  scene.orders.length = 0
  await verb.apply(world, {})
  assert.deepEqual(scene.orders, ['read http, compared'])
})
