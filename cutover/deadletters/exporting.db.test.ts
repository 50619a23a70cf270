import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aFact, Counted } from '../../tests/counting.ts'
import { freshDatabase } from '../../tests/database.ts'
import { openDeadLetters } from '../../tests/dead-letters.ts'
import { openPostgresLog } from '../broker/postgres/log.ts'
import { toHeaders } from '../contract/headers.ts'
import { openLog } from '../process/log.ts'

test('an export has the original as it came, and what happened to it in the names that other tools read', async context => {
  const log = openLog({ service: 'test', instance: '1', level: 'silent' })
  const broker = openPostgresLog({ url: (await freshDatabase()).url, name: 'test', log })
  context.after(() => broker.close())
  const { bury, database, order, finish, states } = await openDeadLetters({ broker })
  context.after(() => database.close())
  const fact = aFact('a')
  const headers = { ...toHeaders(fact), ce_id: 'x' }
  const letter = await bury(Buffer.from(fact.bytes), headers, fact.factId)
  const broken = Buffer.from([0, 0xff])
  await bury(broken, toHeaders(aFact('b')))
  const topicId = '01980000-0000-7000-8000-000000000001'
  await database.query('update dead_letter set origin = $2 where id = $1', [letter, `${topicId}/2/41`])

  const job = await finish(await order('export', { link: 'L-1' }))
  assert.deepEqual([job.state, job.outcomes, await states()], ['done', { exported: 2 }, ['open', 'open']])
  const name = `${Counted.topic}.adding.L-1.dlq`
  const topic = await broker.topic(name)
  assert.ok(topic !== undefined)
  const [first, second] = await broker.fetch(topic, [{ partition: 0, offset: 0n }], 10, 0)
  assert.deepEqual([first?.key, first?.value], ['a', fact.bytes])
  const shown = first?.headers ?? {}
  for (const [header, value] of Object.entries(headers)) assert.equal(shown[header], value, header)
  const wanted = {
    'kafka_dlt-original-topic': Counted.topic,
    'kafka_dlt-original-partition': '2',
    'kafka_dlt-original-offset': '41',
    'kafka_dlt-original-consumer-group': 'adding.L-1',
    'kafka_dlt-exception-fqcn': 'cutover.handler_error',
    '__connect.errors.topic': Counted.topic,
    '__connect.errors.partition': '2',
    '__connect.errors.offset': '41',
    '__connect.errors.exception.class.name': 'cutover.handler_error',
    'cutover-attempts': '5',
    'cutover-link': 'L-1',
    'cutover-failure-kind': 'business',
  }
  for (const [header, value] of Object.entries(wanted)) assert.equal(shown[header], value, header)
  for (const header of [
    'kafka_dlt-exception-message',
    'kafka_dlt-exception-stacktrace',
    '__connect.errors.exception.message',
    'cutover-first-failed-at',
  ])
    assert.ok((shown[header] ?? '').length > 0, header)
  // What a log of texts cannot hold is written as base64, and says so.
  assert.deepEqual([second?.value, second?.headers['cutover-encoding']], [broken.toString('base64'), 'base64'])
  assert.equal(second?.headers['kafka_dlt-original-partition'], undefined)
})
