import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { pino } from 'pino'
import { freshDatabase } from '../../../tests/database.ts'
import { type Database, openDatabase } from '../../database/database.ts'
import { type LogRecord, OffsetOutOfRange, partitionOf } from '../broker.ts'
import { brokerConformance } from '../conformance.ts'
import type { Subject } from '../conformance/subject.ts'
import { openPostgresLog } from './log.ts'
import { appendRecords } from './records.ts'
import { maintainRecords, type Retention } from './retention.ts'

const log = pino({ level: 'silent' })
const retention: Retention = { spanMinutes: 60, keepHours: 48 }
const connected: { close(): Promise<void> }[] = []
after(async () => {
  for (const one of connected.toReversed()) await one.close()
})

/** Polling far apart: whoever needs to be woken has to be rung for. */
const pollMs = 600_000

const connect = (url: string): Database => {
  const database = openDatabase({ url, name: 'test', connectionsMax: 4, onIdleError: () => undefined })
  connected.push(database)
  return database
}

/** Gives all records that are there the age at which retention takes them. */
async function age(database: Database): Promise<void> {
  await database.query(
    `do $$ begin
       execute format('create table record_past (like record including indexes)');
       execute format('alter table record attach partition record_past for values from (%L) to (%L)', now() - interval '80 hours', now() - interval '60 hours');
     end $$`,
  )
  await database.query(`update record set appended_at = appended_at - interval '70 hours'`)
}

async function subject(): Promise<Subject & { url: string; database: Database }> {
  const { url } = await freshDatabase()
  const database = connect(url)
  return {
    url,
    database,
    open: (name = 'test') => openPostgresLog({ url, name, log, retention, pollMs }),
    async expire() {
      await age(database)
      await maintainRecords(database, retention)
    },
    async dieAppending(topic, records) {
      const dies = database.transaction(async tx => {
        assert.equal(await appendRecords(tx, topic, records), true)
        throw new Error('died')
      })
      await assert.rejects(dies, /died/)
    },
  }
}

brokerConformance('postgres', subject)

const spans = async (database: Database): Promise<{ from: Date; until: Date }[]> => {
  const { rows } = await database.query<{ from: Date; until: Date }>(
    `select substring(bound from $$FROM \\('([^']+)'\\)$$)::timestamptz as "from", substring(bound from $$TO \\('([^']+)'\\)$$)::timestamptz as until
       from (select pg_get_expr(c.relpartbound, c.oid) as bound from pg_inherits i join pg_class c on c.oid = i.inhrelid
              where i.inhparent = 'record'::regclass) b order by 1`,
  )
  return rows
}

test('there is a table for now and the hours to come, however the span is changed', async () => {
  const { open, database } = await subject()
  const broker = open()
  connected.push(broker)
  await broker.topics()
  for (const spanMinutes of [60, 7, 90]) {
    await maintainRecords(database, { spanMinutes, keepHours: 48 })
    const all = await spans(database)
    assert.ok((all[0]?.from ?? new Date()) < new Date())
    assert.ok((all.at(-1)?.until.getTime() ?? 0) > Date.now() + 3 * spanMinutes * 60_000)
    all.slice(1).forEach((span, index) => assert.deepEqual(span.from, all[index]?.until))
  }
})

test('an append that meets no table for its hour makes one', async () => {
  const { open, database } = await subject()
  const broker = open()
  connected.push(broker)
  const topic = await broker.createTopic('t', 1)
  const { rows } = await database.query<{ name: string }>(
    `select relname as name from pg_inherits join pg_class on oid = inhrelid where inhparent = 'record'::regclass`,
    [],
  )
  for (const { name } of rows) await database.query(`drop table ${name}`)
  await broker.append('t', [{ key: 'k', value: '1', headers: {} }])
  assert.equal((await broker.fetch(topic, [{ partition: 0, offset: 0n }], 10, 0)).length, 1)
})

test('processes that maintain at once do not hinder each other, and appends go on', async () => {
  const { open, database } = await subject()
  const broker = open()
  connected.push(broker)
  await broker.createTopic('t', 2)
  await broker.append('t', [{ key: 'k', value: '1', headers: {} }])
  await age(database)
  await Promise.all([
    ...Array.from({ length: 6 }, () => maintainRecords(database, { spanMinutes: 60, keepHours: 48 })),
    ...Array.from({ length: 20 }, (_, n) => broker.append('t', [{ key: `k${n}`, value: '2', headers: {} }])),
  ])
  await maintainRecords(database, retention)
  const bounds = await broker.bounds('t')
  assert.equal(
    bounds.reduce((sum, one) => sum + Number(one.end - one.start), 0),
    20,
  )
})

test('a record that somebody removed behind the log is not skipped', async () => {
  const { open, database } = await subject()
  const broker = open()
  connected.push(broker)
  const topic = await broker.createTopic('t', 1)
  await broker.append(
    't',
    Array.from({ length: 5 }, (_, n) => ({ key: 'k', value: String(n), headers: {} })),
  )
  const fetch = (offset: bigint): Promise<readonly LogRecord[]> => broker.fetch(topic, [{ partition: 0, offset }], 10, 0)
  const gap = (resume: bigint) => (error: unknown) => error instanceof OffsetOutOfRange && error.gap.resume === resume
  await database.query('delete from record where "offset" = 2')
  // What is there before it is read; then it is told, with where reading could go on.
  assert.deepEqual(
    (await fetch(0n)).map(one => one.value),
    ['0', '1'],
  )
  await assert.rejects(fetch(2n), gap(3n))
  await database.query('delete from record')
  await assert.rejects(fetch(0n), gap(5n))
  assert.deepEqual(await fetch(5n), [])
})

test('a gap behind the log is told although another partition has records', async () => {
  const { open, database } = await subject()
  const broker = open()
  connected.push(broker)
  const topic = await broker.createTopic('t', 2)
  const keyOf = (partition: number): string => ['a', 'b', 'c', 'd'].find(key => partitionOf(key, 2) === partition) ?? ''
  await broker.append('t', [
    { key: keyOf(0), value: '1', headers: {} },
    { key: keyOf(1), value: '2', headers: {} },
  ])
  await database.query('delete from record r using topic_partition p where p.id = r.partition_id and p.partition = 0')
  const from = [0, 1].map(partition => ({ partition, offset: 0n }))
  await assert.rejects(
    broker.fetch(topic, from, 10, 0),
    error => error instanceof OffsetOutOfRange && error.partition === 0 && error.gap.resume === 1n,
  )
})

test('who has unread records of half their time is told, and what is dropped unread is named', async () => {
  const { open, database } = await subject()
  const broker = open()
  connected.push(broker)
  const topic = await broker.createTopic('t', 1)
  const at = (offset: bigint) => [{ partition: 0, offset }]
  await broker.append('t', [
    { key: 'k', value: '1', headers: {} },
    { key: 'k', value: '2', headers: {} },
  ])
  assert.deepEqual(await broker.progress('slow', topic, at(0n)), [])
  await age(database)
  const [overdue] = await broker.progress('slow', topic, at(1n))
  assert.deepEqual([overdue?.partition, overdue?.keepMs], [0, 48 * 3_600_000])
  assert.ok((overdue?.ageMs ?? 0) > 48 * 3_600_000)
  assert.deepEqual(await broker.progress('quick', topic, at(2n)), [])
  assert.deepEqual(await maintainRecords(database, retention), [{ reader: 'slow', topic: 't', partition: 0, records: 1 }])
  assert.deepEqual(await maintainRecords(database, retention), [])
})

test('acks of the leader: the append does not wait for the disk, and is read like any other', async () => {
  const { open, database } = await subject()
  const broker = open()
  connected.push(broker)
  const topic = await broker.createTopic('t', 1)
  await broker.append('t', [{ key: 'k', value: '1', headers: {} }], 'leader')
  await broker.append('t', [{ key: 'k', value: '2', headers: {} }], 'all')
  assert.deepEqual(
    (await broker.fetch(topic, [{ partition: 0, offset: 0n }], 10, 0)).map(one => one.value),
    ['1', '2'],
  )
  // It holds for that transaction only: the next one on the same connection waits again.
  const { rows } = await database.query<{ on: string }>(`select current_setting('synchronous_commit') as on`)
  assert.equal(rows[0]?.on, 'on')
})

test('a log that is away fails, and works as soon as it is there', async () => {
  const { open, database } = await subject()
  const broker = open()
  connected.push(broker)
  await database.query('create table topic (somebody_elses int)')
  await assert.rejects(broker.createTopic('t', 1), /0001_log could not be run/)
  await database.query('drop table topic')
  assert.equal((await broker.createTopic('t', 1)).partitions, 1)
})

test('a topic that is deleted leaves no record behind', async () => {
  const { open, database } = await subject()
  const broker = open()
  connected.push(broker)
  for (const name of ['stays', 'goes', 'goes from quarantine']) {
    await broker.createTopic(name, 2)
    await broker.append(
      name,
      Array.from({ length: 10 }, (_, n) => ({ key: `k${n}`, value: name, headers: {} })),
    )
  }
  await broker.quarantineTopic('goes from quarantine')
  await broker.deleteTopic('goes from quarantine')
  await broker.deleteTopic('goes')
  const { rows } = await database.query<{ value: string; count: number }>(
    'select value, count(*)::int as count from record group by value',
    [],
  )
  assert.deepEqual(rows, [{ value: 'stays', count: 10 }])
})

test('retention goes on in quarantine, so that what is restored tells what is gone', async () => {
  const { open, database } = await subject()
  const broker = open()
  connected.push(broker)
  const topic = await broker.createTopic('t', 1)
  await broker.append('t', [{ key: 'k', value: '1', headers: {} }])
  await broker.quarantineTopic('t')
  await age(database)
  await maintainRecords(database, retention)
  await broker.restoreTopic('t')
  await assert.rejects(broker.fetch(topic, [{ partition: 0, offset: 0n }], 10, 0), OffsetOutOfRange)
  assert.deepEqual(await broker.bounds('t'), [{ partition: 0, start: 1n, end: 1n }])
})
