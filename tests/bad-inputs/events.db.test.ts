// Section 8.4 of the catalogue: what comes out of the real log to the real consumers of bonuses.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { NewRecord } from '../../cutover/broker/broker.ts'
import { toHeaders } from '../../cutover/contract/headers.ts'
import type { Message } from '../../cutover/contract/message.ts'
import { linkOf } from '../../school/contracts/links.ts'
import { openSchool, type School, type SchoolService } from './school.ts'
import { figure } from '../tables.ts'
import { complete, type Elsewhere, type LeftOut } from './catalogue.ts'
import { bookings, completed, eventOf, failed, openAccount } from './facts.ts'
import { openStating } from '../stating.ts'
import { until } from './people.ts'

const { topic, partitions } = eventOf(linkOf('COMM-050'))
let school: School
let bonuses: SchoolService
before(async () => {
  school = await openSchool()
  bonuses = school.services.bonuses
  await openAccount(bonuses.database)
  await school.log.createTopic(topic, partitions)
  await bonuses.start()
})
after(() => school.close())

interface Changed {
  readonly key?: string
  readonly value?: string
  /** Those that are undefined are left out. */
  readonly headers?: Readonly<Record<string, string | undefined>>
}

function recordOf(fact: Message, { key, value, headers }: Changed = {}): NewRecord {
  const all = { ...toHeaders(fact), ...headers }
  return {
    key: key ?? fact.orderKey,
    value: value ?? fact.bytes,
    headers: Object.fromEntries(Object.entries(all).flatMap(([name, text]) => (text === undefined ? [] : [[name, text]]))),
  }
}

/** The value with other members in its meta. */
const withMeta = (fact: Message, meta: string): string => fact.bytes.replace('"event_version":0', meta)

interface Row {
  readonly row: number
  readonly input: string
  /** What is wrong about a fact that would else be booked. */
  readonly wrong: (fact: Message) => Changed
  /** The code of the dead letter, or what the fact is parked for. */
  readonly dead?: string
  readonly parked?: string
}

const noHeaders = (fact: Message): Record<string, undefined> =>
  Object.fromEntries(Object.keys(toHeaders(fact)).map(name => [name, undefined]))
const noise = randomBytes(200).toString('latin1').replaceAll('\u0000', '\u0001')

const rows: readonly Row[] = [
  {
    row: 11,
    input: 'a hundred thousand nested arrays in an open schema',
    wrong: fact => ({ value: fact.bytes.replace('"payload":{', `"payload":{"more":${'['.repeat(100_000)}${']'.repeat(100_000)},`) }),
    dead: 'json_too_deep',
  },
  { row: 61, input: 'random bytes', wrong: () => ({ value: noise }), dead: 'not_json' },
  { row: 61, input: 'random bytes without any header', wrong: fact => ({ value: noise, headers: noHeaders(fact) }), dead: 'not_json' },
  { row: 61, input: 'JSON cut off in the middle', wrong: fact => ({ value: fact.bytes.slice(0, 40) }), dead: 'not_json' },
  { row: 62, input: 'an empty value', wrong: () => ({ value: '' }), dead: 'empty_value' },
  { row: 62, input: 'an empty value without any header', wrong: fact => ({ value: '', headers: noHeaders(fact) }), dead: 'empty_value' },
  // The embedded log has a key on every record, so that an empty one stands for none; and the order key is not all that can be wrong.
  { row: 63, input: 'no key', wrong: () => ({ key: '' }), dead: 'key_mismatch' },
  { row: 63, input: 'a wrong key', wrong: () => ({ key: 'another' }), dead: 'key_mismatch' },
  {
    row: 63,
    input: 'a business key that its payload does not have',
    wrong: () => ({ headers: { 'cutover-business-key': 'TaskFailed:t:new' } }),
    dead: 'key_mismatch',
  },
  {
    row: 64,
    input: 'an event that nobody knows',
    wrong: fact => ({ value: fact.bytes.replace('"TaskFailed"', '"TaskExploded"'), headers: { 'cutover-event': 'TaskExploded' } }),
    dead: 'event_unknown',
  },
  {
    row: 65,
    input: 'a known event in the topic of another',
    wrong(fact) {
      const { candidate_id: candidate } = (JSON.parse(fact.bytes) as { payload: { candidate_id: string } }).payload
      const other = completed(fact.orderKey, candidate, { route: 'event', factId: fact.factId })
      return { value: other.bytes, headers: toHeaders(other) }
    },
    dead: 'wrong_topic',
  },
  {
    row: 66,
    input: 'v1 at a consumer of v0',
    wrong: fact => ({ value: withMeta(fact, '"event_version":1'), headers: { 'cutover-version': '1' } }),
    parked: 'version:TaskFailed:1',
  },
  ...['"0"', '-1', '1.5', '1e9', 'null'].map((version): Row => {
    return {
      row: 68,
      input: `the version ${version}`,
      wrong: fact => ({ value: withMeta(fact, `"event_version":${version}`) }),
      dead: 'version_invalid',
    }
  }),
  {
    row: 68,
    input: 'no version',
    wrong: fact => ({ value: fact.bytes.replace('"event_version":0,', '') }),
    dead: 'version_invalid',
  },
  ...['-1', '1.5', '1e9', 'one', undefined].map((version): Row => {
    return {
      row: 68,
      input: `the header of the version ${version}`,
      wrong: () => ({ headers: { 'cutover-version': version } }),
      dead: 'version_invalid',
    }
  }),
  // The embedded log knows no access rules: whoever is not allowed to write there is found when it is read.
  {
    row: 69,
    input: 'a producer that does not own the event',
    wrong: () => ({ headers: { 'cutover-source': 'elsewhere' } }),
    dead: 'producer_unknown',
  },
  { row: 70, input: 'no stamps', wrong: () => ({ headers: { 'cutover-stamps': undefined } }), parked: 'stamp_unknown:COMM-050' },
  {
    row: 70,
    input: 'a stamp of another link only',
    wrong: () => ({ headers: { 'cutover-stamps': '{"COMM-040":{"route":"event","epoch":1}}' } }),
    parked: 'stamp_unknown:COMM-050',
  },
  // An epoch ahead of what is known here is no reason to wait: receivers learn the epochs of a sender from its stamps, and
  // tell the highest back to a sender that has fallen below it.
  {
    row: 70,
    input: 'a stamp of a route that nobody knows',
    wrong: () => ({ headers: { 'cutover-stamps': '{"COMM-050":{"route":"pigeon","epoch":1}}' } }),
    parked: 'stamp_unknown:COMM-050',
  },
  {
    row: 71,
    input: 'v1 in its header and v0 in its body',
    wrong: () => ({ headers: { 'cutover-version': '1' } }),
    dead: 'version_mismatch',
  },
]

interface Kept {
  readonly code: string
  readonly bytes: Buffer
  readonly attempts: number
  readonly state: string
  readonly origin: string
  readonly headers: string
}

const letters = async (): Promise<Kept[]> =>
  (await bonuses.database.query<Kept>('select code, bytes, attempts, state, origin, headers from dead_letter order by id')).rows
const hasReceipt = async (fact: Message): Promise<boolean> =>
  (await figure(bonuses.database, `select count(*) from receipt where fact_id = '${fact.factId}'`)) > 0

for (const [at, { row, input, wrong, ...expected }] of rows.entries()) {
  test(`row ${row}: ${input} is ${expected.dead === undefined ? `parked for ${expected.parked}` : `dead as ${expected.dead}`}, and the partition goes on`, async () => {
    const task = `t${row}-${at}`
    const [bad, good] = [failed(task, 'bad', { route: 'event' }), failed(task, 'good', { route: 'event' })]
    const record = recordOf(bad, wrong(bad))
    const before = await letters()
    await school.log.append(topic, [record])
    await school.log.append(topic, [recordOf(good)])
    // One that is in another partition than its key says goes on there as well.
    const beside = failed(record.key, `beside-${at}`, { route: 'event' })
    await school.log.append(topic, [recordOf(beside, { key: record.key })])
    await until(async () => (await hasReceipt(good)) && (record.key === '' || (await hasReceipt(beside))))
    const found = (await letters()).slice(before.length)
    if (expected.dead === undefined) {
      assert.deepEqual(found, [])
      const { rows: parked } = await bonuses.database.query('select waits_for, bytes from parked where fact_id = $1', [bad.factId])
      assert.deepEqual(parked, [{ waits_for: expected.parked, bytes: record.value }])
    } else {
      await until(async () => (await letters()).length > before.length)
      const [letter, ...more] = (await letters()).slice(before.length)
      assert.deepEqual(more, [])
      assert.deepEqual([letter?.code, letter?.state, letter?.attempts], [expected.dead, 'open', 1])
      assert.deepEqual(letter?.bytes, Buffer.from(record.value), 'its bytes are kept as they were')
      assert.deepEqual(JSON.parse(letter?.headers ?? '') as object, expectedHeaders(record, letter?.headers ?? ''))
      assert.match(letter?.origin ?? '', /^[0-9a-f-]{36}\/\d\/\d+$/)
    }
    assert.equal(await hasReceipt(bad), false)
    assert.deepEqual(
      (await bookings(bonuses.database)).filter(one => one.includes(`:${task}:`) && !one.includes(':beside-')),
      [`TaskFailed:${task}:good 500`],
    )
    assert.equal((await bonuses.server.inject('/livez')).statusCode, 200)
  })
}

/** All headers of the record, as they came; the consumer may have taken them for a message's and written them in its own order. */
const expectedHeaders = (record: NewRecord, kept: string): object => {
  const own = JSON.parse(kept) as Record<string, string>
  return { ...own, ...record.headers }
}

test('row 56: one event id with two payloads is a conflict: the first stands, and both are kept and shown', async () => {
  const first = failed('t56', 'c1', { route: 'event' })
  const second = failed('t56', 'c2', { route: 'event', factId: first.factId })
  const last = failed('t56', 'c3', { route: 'event' })
  const before = await letters()
  await school.log.append(topic, [recordOf(first), recordOf(second), recordOf(last)])
  await until(() => hasReceipt(last))
  const [letter] = (await letters()).slice(before.length)
  assert.deepEqual([letter?.code, letter?.bytes.toString()], ['conflict', second.bytes])
  const { rows: kept } = await bonuses.database.query<{ error: string }>('select error from dead_letter order by id desc limit 1')
  assert.match(kept[0]?.error ?? '', /First: TaskFailed:t56:c1\. This: TaskFailed:t56:c2\. The first stands/)
  assert.deepEqual(
    (await bookings(bonuses.database)).filter(one => one.includes(':t56:')),
    ['TaskFailed:t56:c1 500', 'TaskFailed:t56:c3 500'],
  )
})

test('row 32: a field that no contract knows is ignored in an event, counted, and copied nowhere', async () => {
  const fact = failed('t32', 'c1', { route: 'event', more: { manager_phone: 'Ada-Secret', amount: -5, role: 'admin' } })
  await school.log.append(topic, [recordOf(fact)])
  await until(() => hasReceipt(fact))
  assert.deepEqual(
    (await bookings(bonuses.database)).filter(one => one.includes(':t32:')),
    ['TaskFailed:t32:c1 500'],
  )
  assert.match(
    (await bonuses.server.inject('/metrics')).payload,
    /cutover_notices_total\{[^}]*link="COMM-050",notice="unknown_field"[^}]*\} 1\b/,
  )
  const { rows: tables } = await bonuses.database.query<{ name: string }>(
    `select quote_ident(relname) as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'`,
  )
  for (const { name } of tables)
    assert.equal(await figure(bonuses.database, `select count(*) from ${name} t where t::text like '%Ada-Secret%'`), 0, name)
})

test('row 75: a fact over the limit is refused at the append, and nothing is recorded', async () => {
  const { database, state } = await openStating()
  try {
    await assert.rejects(state('x'.repeat(193 * 1024)), { code: 'event_too_large', status: 422 })
    assert.equal(await figure(database, 'select count(*) from outbox'), 0)
  } finally {
    await database.close()
  }
})

const ordered = 'no link of the school is marked as ordered, and such links are not built until one needs them'
const leftOut: readonly LeftOut[] = [
  {
    row: 5,
    input: 'invalid UTF-8 in an event',
    because:
      'both logs hand out text: the embedded one cannot hold any that is invalid, and on Kafka such bytes are read as U+FFFD, not kept as they were',
  },
  { row: 76, input: 'an earlier fact of the key is open', because: ordered },
  { row: 77, input: 'a position below the last applied of its key', because: ordered },
  { row: 78, input: 'a million events of one key', because: 'nothing throttles a key yet; how the others fare is for a benchmark to say' },
]
const replays = 'cutover/deadletters/replay.db.test.ts'
const elsewhere: readonly Elsewhere[] = [
  {
    row: 79,
    input: 'a replay of many',
    file: replays,
    claims: [
      'a dry run tells what would act and what is a repeat, and changes nothing',
      'when the first of a group fails again, the others are left alone and free',
      'more than a hundred need a second person, who is not the first',
    ],
    otherwise: 'with a hundred letters for ten thousand, which is what one job takes at the most',
  },
  {
    row: 80,
    input: 'a replay of a resolved one',
    file: 'cutover/service/dead-letter-routes.db.test.ts',
    claims: ['a replay is a job that is ordered, looked at and repeated under its request', "'already_resolved'"],
  },
  { row: 80, input: 'a replay of a resolved one', file: replays, claims: ["code('already_resolved')"] },
  {
    row: 81,
    input: 'a position below the start of the log',
    file: 'cutover/service/refill.db.test.ts',
    claims: [
      ': the partition stops, is refilled, and goes on; nothing is lost and nothing doubled',
      'while its sender is away a partition with a gap stays where it is and says so; the others are read',
    ],
  },
]
complete('events', [...rows.map(one => one.row), 32, 56, 75], leftOut, elsewhere)
