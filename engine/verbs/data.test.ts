import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LinkContract } from 'cutover/contract'
import { otherLink, wordLink } from '../../tests/copying.ts'
import type { ReadParity, TopicStand, World } from '../plan/world.ts'
import { quiet } from './quiet.ts'
import { judgeReads, judgeRows } from './read.ts'
import { removed } from './removed.ts'
import { quarantineTopic } from './topic.ts'

const none: ReadParity = {
  equal: 0,
  stale: 0,
  different: 0,
  missing: 0,
  extra: 0,
  failed: 0,
  skipped: 0,
  inARow: 0,
  lagP50Ms: null,
  lagP99Ms: null,
  rate: 0,
}
const reads = (seen: Partial<ReadParity>) => judgeReads('L-2', { ...none, ...seen }, { reads: 100 })

test('reads are enough once as many in a row were equal or stale, and a single wrong one fails the gate', () => {
  assert.equal(reads({ equal: 90, stale: 10, inARow: 100 }).verdict, 'pass')
  for (const wrong of ['different', 'missing', 'extra'] as const) {
    const { verdict, waitsFor } = reads({ equal: 500, [wrong]: 1, inARow: 200 })
    assert.deepEqual([verdict, waitsFor?.code], ['fail', 'compare_differs'])
  }
})

test('too few reads hold the gate, with when they will do, or that there is no traffic', () => {
  const { verdict, etaMs } = reads({ equal: 60, failed: 3, inARow: 50, rate: 10 })
  assert.deepEqual([verdict, etaMs], ['not_enough_evidence', 5_000])
  assert.equal(reads({}).waitsFor?.code, 'compare_waits_traffic')
})

test('rows that are on their way are no difference; any other is', () => {
  const stand = { rows: 9, open: 4, missing: 0, different: 0, extra: 0 }
  assert.equal(judgeRows('L-2', stand).verdict, 'pass')
  for (const wrong of ['missing', 'different', 'extra']) assert.equal(judgeRows('L-2', { ...stand, [wrong]: 1 }).verdict, 'fail')
})

interface Seen {
  topic: TopicStand
  copy: Awaited<ReturnType<World['reading']>>['copy']
  capabilities: Record<string, string[]>
  otherRoute: 'http' | 'event'
  ordered: string[]
}

function worldOf(seen: Partial<Seen> = {}): { world: World; seen: Seen } {
  const all: Seen = {
    topic: { state: 'quarantined', quietMs: 60_000, touches: [] },
    copy: { state: 'quarantined', rows: 3, quietMs: 60_000, touches: [] },
    capabilities: {},
    otherRoute: 'http',
    ordered: [],
    ...seen,
  }
  const world: Partial<World> = {
    topic: async () => all.topic,
    reading: async () => ({ answers: 'http', compares: false, epoch: 1, copy: all.copy }),
    links: () => [wordLink, otherLink],
    switchOf: async () => ({ route: all.otherRoute, share: 100, shadow: false, epoch: 1 }),
    series: async () => [],
    instances: async service => [{ id: `${service}-1`, capabilities: all.capabilities[service] ?? [], build: 'b', readings: {} }],
    topicTo: async (_, change) => void all.ordered.push(change),
  }
  return { world: world as World, seen: all }
}

const link: LinkContract = wordLink

test('what is hidden is quiet when all of it was left alone for long enough', async () => {
  const gate = quiet(link, 30)
  assert.equal((await gate.settled(worldOf().world, {})).verdict, 'pass')
  const younger = worldOf({ topic: { state: 'quarantined', quietMs: 10_000, touches: [] } })
  const { verdict, etaMs } = await gate.settled(younger.world, {})
  assert.deepEqual([verdict, etaMs], ['not_enough_evidence', 20_000])
})

test('whoever reached for what is hidden holds the gate and is named, however long ago', async () => {
  const touches = [{ who: 'nightly', what: 'read', count: 2 }]
  const { waitsFor } = await quiet(link, 30).settled(worldOf({ copy: { state: 'quarantined', rows: 3, quietMs: 9e9, touches } }).world, {})
  assert.deepEqual(waitsFor, { code: 'quiet_waits_touched', params: { who: 'nightly (read)', count: 2 } })
})

test('what the old route has left behind is named: capabilities of either side, and the copy', async () => {
  const capabilities = { counting: ['produce:L-2', 'serve:L-2'], adding: ['act:L-2', 'act:L-3'] }
  const { waitsFor } = await removed(link, 'event').settled(worldOf({ capabilities }).world, {})
  assert.equal(waitsFor?.params['left'], 'produce:L-2 in counting-1, act:L-2 in adding-1, the copy (quarantined)')
  const clean = worldOf({ capabilities: { counting: ['serve:L-2'] }, copy: { state: 'absent', rows: 0, quietMs: null, touches: [] } })
  assert.equal((await removed(link, 'event').settled(clean.world, {})).verdict, 'pass')
})

test('a topic that another link still uses is kept, and the step says so', async () => {
  const open: TopicStand = { state: 'open', quietMs: null, touches: [] }
  for (const use of [{ otherRoute: 'event' as const }, { capabilities: { reading: ['act:L-3'] } }]) {
    const { world, seen } = worldOf({ topic: open, ...use })
    const verb = quarantineTopic(link)
    await verb.apply(world, {})
    assert.deepEqual([(await verb.look(world)).code, (await verb.settled(world, {})).verdict, seen.ordered], ['topic_kept', 'pass', []])
  }
  const { world, seen } = worldOf({ topic: open })
  await quarantineTopic(link).apply(world, {})
  assert.deepEqual(seen.ordered, ['quarantine'])
})
