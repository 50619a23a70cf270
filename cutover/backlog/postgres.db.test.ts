import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openStating } from '../../tests/stating.ts'
import type { Database } from '../database/database.ts'
import { openBacklogStore } from './postgres.ts'

const open: Database[] = []
after(async () => {
  await Promise.all(open.map(database => database.close()))
})

const event = { lane: 'event', link: null }
const http = { lane: 'http:L-1', link: 'L-1' }
const other = { lane: 'http:L-2', link: 'L-2' }

async function setup() {
  const stating = await openStating()
  open.push(stating.database)
  return { ...stating, store: openBacklogStore(stating.database) }
}

test('an outbox that nothing was ever drawn from has no extent, and a lane that never ran has passed nothing', async () => {
  const { store } = await setup()
  assert.deepEqual(await store.extent(['event'], 10), { drawn: 0, passed: { event: 0 }, retries: 0 })
})

test('the extent is the newest position, what each lane has passed, and the retries as far as they are asked for', async () => {
  const { database, state, store } = await setup()
  for (const key of ['a', 'b', 'c']) await state(key)
  await database.query(`insert into relay_lane (lane, position) values ('event', 3), ('http:L-1', 1), ('sweep:L-1', 0)`)
  await database.query(`insert into http_retry (link, position, fact_id, last_error) select 'L-1', position, fact_id, '' from outbox`)
  assert.deepEqual(await store.extent(['event', 'http:L-1'], 2), { drawn: 3, passed: { event: 3, 'http:L-1': 1 }, retries: 2 })
})

test('a carrier counts its own facts only: those of its link by http, or those that are published', async () => {
  const { database, state, store } = await setup()
  for (const key of ['a', 'b', 'c', 'd']) await state(key)
  await database.query('update outbox set publish = true where position in (2, 3)')
  assert.deepEqual(await Promise.all([http, other, event].map(one => store.count(one, 1, 100))), [3, 0, 2])
  assert.equal(await store.count(http, 0, 2), 2)
})

test('what waits for a lane comes with its age, with who holds it, and with whether there is more than was looked at', async () => {
  const { database, state, store } = await setup()
  for (const key of ['a', 'b', 'c']) await state(key)
  await database.query(`update outbox set created_at = created_at - interval '1 minute' where position = 2`)
  await database.query(
    `insert into relay_lane (lane, position, holder, until) values ('http:L-1', 1, '2', now() + interval '1 minute'), ('event', 0, '1', now())`,
  )
  const [one, two, three] = await store.waiting([http, event, other])
  assert.ok(one !== undefined && one.oldestMs !== null && one.oldestMs >= 60_000, String(one?.oldestMs))
  assert.deepEqual(
    [{ ...one, oldestMs: 0 }, two, three],
    [
      { ...http, position: '1', holder: '2', facts: 2, more: false, oldestMs: 0 },
      { ...event, position: '0', holder: null, facts: 0, more: false, oldestMs: null },
      { ...other, position: '0', holder: null, facts: 0, more: false, oldestMs: null },
    ],
  )
})

test('retries and what is set aside are told by link', async () => {
  const { database, state, store } = await setup()
  for (const key of ['a', 'b']) await state(key)
  await database.query(
    `insert into http_retry (link, position, fact_id, last_error, attempts, next_at)
     select 'L-1', position, fact_id, '', position, now() + position * interval '1 minute' from outbox`,
  )
  const [retries] = await store.retries()
  assert.deepEqual([retries?.link, retries?.count, retries?.attempts], ['L-1', 2, 2])
  assert.ok(retries !== undefined && retries.nextInMs > 50_000 && retries.nextInMs <= 60_000)
  await database.query(
    `insert into dead_letter (side, link, code, error, attempts, bytes, headers, origin, state)
     values ('relay', 'L-1', '', '', 1, '', '', '1', 'open'), ('relay', 'L-1', '', '', 1, '', '', '2', 'resolved')`,
  )
  await database.query(
    `insert into parked (link, fact_id, waits_for, next_at, headers, bytes) values ('L-2', gen_random_uuid(), '', now(), '', '')`,
  )
  assert.deepEqual(await store.setAside(), [
    { link: 'L-1', dead: 1, parked: 0 },
    { link: 'L-2', dead: 0, parked: 1 },
  ])
})
