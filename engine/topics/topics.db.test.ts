import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Counted } from '../../tests/counting.ts'
import { WordChanged } from '../../tests/copying.ts'
import { openSmallSystem } from '../../tests/small-system.ts'
import type { HistoryAnswer } from '../api/contract.ts'
import type { TopicRow, TopicsApplyAnswer, TopicsView } from '../api/topics.ts'

const path = '/api/topics'

test('topics that routes need are made as their contracts say; nothing that is there is changed', { timeout: 60_000 }, async context => {
  const { adding, broker, counting, call } = await openSmallSystem(context)
  const rowOf = async (event: string): Promise<TopicRow> =>
    (await call<TopicsView>('GET', path)).body.topics.find(one => one.event === event) ?? assert.fail()
  const apply = async (body: object = {}): Promise<Record<string, string>> => {
    const answer = await call<TopicsApplyAnswer>('POST', path, body)
    assert.equal(answer.status, 200)
    return Object.fromEntries(answer.body.topics.map(one => [one.event, one.outcome]))
  }
  const routed = (link: string, route: string): Promise<unknown> =>
    counting.database.query('update switch_link set route = $2 where link = $1', [link, route])

  await context.test('what no route needs is not made', async () => {
    assert.deepEqual(await apply(), { Counted: 'unneeded', WordChanged: 'unneeded' })
    assert.deepEqual(await broker.topics(), [])
    const row = await rowOf('Counted')
    assert.deepEqual([row.state, row.partitions, row.wanted, row.id, row.records], ['absent', null, Counted.partitions, null, null])
  })

  await context.test('a dry run says what would be made, and makes nothing', async () => {
    await routed('L-1', 'event')
    assert.deepEqual(await apply({ dry_run: true }), { Counted: 'created', WordChanged: 'unneeded' })
    assert.deepEqual(await broker.topics(), [])
  })

  await context.test('made once, with its partitions, and told as it stands', async () => {
    assert.equal((await apply())['Counted'], 'created')
    const topic = (await broker.topic(Counted.topic)) ?? assert.fail()
    assert.equal(topic.partitions, Counted.partitions)
    assert.equal((await apply())['Counted'], 'kept')
    await broker.append(Counted.topic, [{ key: 'a', value: '{}', headers: {} }])
    const row = await rowOf('Counted')
    assert.deepEqual([row.state, row.id, row.records, row.needed_by], ['open', topic.id, 1, ['L-1']])
    assert.equal(row.bounds.length, Counted.partitions)
  })

  await context.test('one with other partitions stays as it is, and is told', async () => {
    await broker.createTopic(WordChanged.topic, WordChanged.partitions + 1)
    await routed('L-2', 'event')
    assert.equal((await apply())['WordChanged'], 'differs')
    assert.equal((await broker.topic(WordChanged.topic))?.partitions, WordChanged.partitions + 1)
  })

  await context.test('one that was hidden or dropped on purpose is not opened', async () => {
    await broker.quarantineTopic(Counted.topic)
    assert.equal((await apply())['Counted'], 'hidden')
    assert.equal((await rowOf('Counted')).state, 'quarantined')
    await broker.deleteTopic(Counted.topic)
    assert.equal((await apply())['Counted'], 'hidden')
    assert.deepEqual([await broker.topic(Counted.topic), await broker.touches(Counted.topic)], [undefined, []])
  })

  await context.test('a reader that is away is named, and the rest is told', async () => {
    await adding.server.stop()
    const { away, topics } = (await call<TopicsView>('GET', path)).body
    assert.deepEqual(
      away.map(one => one.service),
      ['adding'],
    )
    assert.equal(topics.length, 2)
    assert.equal((await apply())['WordChanged'], 'differs')
  })

  await context.test('what cannot be known is not made', async () => {
    await counting.server.stop()
    assert.deepEqual(await apply(), { Counted: 'unknown', WordChanged: 'unknown' })
  })

  await context.test('only what was made is in the history, before and after', async () => {
    const { rows } = (await call<HistoryAnswer>('GET', '/api/history?limit=100')).body
    assert.deepEqual(
      rows.toReversed().map(({ action, numbers }) => [action, numbers['event'], numbers['partitions']]),
      [
        ['topic asked', 'Counted', Counted.partitions],
        ['topic done', 'Counted', Counted.partitions],
      ],
    )
  })
})
