import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Counted } from '../../tests/counting.ts'
import { openStating } from '../../tests/stating.ts'
import { type Database, isTransient } from '../database/database.ts'
import { Problem } from '../failure/problem.ts'
import { type KeyedRequest, requestKey } from '../http/idempotency-key.ts'
import type { HttpAnswer, HttpRequest } from '../http/server.ts'
import type { Sender } from '../outbox/sender.ts'
import { type Clock, systemClock } from '../process/clock.ts'
import { openLog } from '../process/log.ts'
import { forgetAnswers } from './forgetting.ts'
import { openOnce, waitMs } from './once.ts'
import { openIdempotencyStore } from './postgres.ts'

const open: Database[] = []
after(async () => {
  await Promise.all(open.map(database => database.close()))
})

const asked: KeyedRequest = { operation: 'count', method: 'POST', path: '/counts', body: { amount: 1 }, caller: null }

function aRequest(text: string | null, more: Partial<KeyedRequest> = {}): HttpRequest {
  const { body } = { ...asked, ...more }
  const key = text === null ? {} : { key: requestKey(text, { ...asked, ...more }) }
  return { body, rawBody: '', params: {}, query: {}, headers: {}, caller: null, signal: new AbortController().signal, ...key }
}

async function setup(clock: Clock = systemClock) {
  const { database, sender } = await openStating()
  open.push(database)
  const store = openIdempotencyStore(database)
  const once = openOnce({ sender, store, clock })
  let effects = 0
  /** Counts under a key of its own: a second effect would be a second row. */
  const count = (request: HttpRequest, meanwhile: () => Promise<void> = async () => undefined): Promise<HttpAnswer> =>
    once(request, async (tx, record) => {
      const key = `n${effects++}`
      await tx.query('insert into effect values ($1, 1)', [key])
      const fact = record(Counted, { key, amount: 1, needs: '' })
      await meanwhile()
      return { status: 201, body: { key, fact }, headers: { location: `/counts/${key}` } }
    })
  const stored = async (table: string): Promise<number> => {
    const { rows } = await database.query<{ count: number }>(`select count(*)::int as count from ${table}`)
    return rows[0]?.count ?? 0
  }
  return {
    database,
    store,
    once,
    count,
    effects: () => stored('effect'),
    facts: () => stored('outbox'),
    keys: () => stored('idempotency_key'),
  }
}

const refusedAs = (code: string, status: number) => (error: unknown) =>
  error instanceof Problem && error.code === code && error.status === status

test('a repeat gets the first answer again, marked, and does nothing: no effect, no fact', async () => {
  const { count, effects, facts } = await setup()
  const first = await count(aRequest('k'))
  const second = await count(aRequest('k'))
  assert.deepEqual(second, { ...first, headers: { ...first.headers, 'idempotency-replayed': 'true', 'idempotent-replay': 'true' } })
  assert.deepEqual([await effects(), await facts()], [1, 1])
  await count(aRequest('another'))
  await count(aRequest(null))
  await count(aRequest(null))
  assert.equal(await effects(), 4)
})

test('the same key with another body, and so with another request, is refused and changes nothing', async () => {
  const { count, effects } = await setup()
  await count(aRequest('k'))
  await assert.rejects(count(aRequest('k', { body: { amount: 2 } })), refusedAs('idempotency_key_reused', 422))
  assert.equal(await effects(), 1)
})

test('another caller’s key and another operation’s are other keys', async () => {
  const { count, effects } = await setup()
  await count(aRequest('k'))
  await count(aRequest('k', { caller: { kind: 'person', subject: 'p', role: 'manager' } }))
  await count(aRequest('k', { operation: 'other' }))
  assert.equal(await effects(), 3)
})

test('an answer without a body, and one without a status, are repeated as they were', async () => {
  const { once } = await setup()
  const answers = { none: {}, gone: { status: 204 }, plain: { body: { 2: 'two', 1: 'one', name: 'Émile' } } }
  for (const [key, answer] of Object.entries(answers)) {
    await once(aRequest(key), async () => answer)
    const again = await once(aRequest(key), () => assert.fail('served twice'))
    assert.equal(again.status, key === 'plain' ? 200 : 204)
    assert.equal(JSON.stringify(again.body), JSON.stringify((answer as HttpAnswer).body))
  }
})

test('of many requests at once one has the effect, and all get its answer', async () => {
  const { count, effects, facts } = await setup()
  const answers = await Promise.all(Array.from({ length: 20 }, () => count(aRequest('k'))))
  assert.equal(new Set(answers.map(answer => JSON.stringify(answer.body))).size, 1)
  assert.equal(answers.filter(answer => answer.headers?.['idempotency-replayed'] === undefined).length, 1)
  assert.deepEqual([await effects(), await facts()], [1, 1])
})

test('a repeat waits for the first to end; when that takes too long it is told so, and may ask again', async () => {
  let now = 0
  const waits: number[] = []
  const asked = Promise.withResolvers<void>()
  const clock: Clock = {
    now: () => now,
    async sleep(ms) {
      waits.push(ms)
      now += ms
      asked.resolve()
      await new Promise(setImmediate)
    },
  }
  const { count, effects } = await setup(clock)
  const [begun, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const first = count(aRequest('k'), async () => {
    begun.resolve()
    await end.promise
  })
  await begun.promise
  const late = count(aRequest('k'))
  await assert.rejects(late, (error: unknown) => refusedAs('in_progress', 409)(error) && (error as Problem).retryable)
  assert.equal(
    waits.reduce((sum, ms) => sum + ms, 0),
    waitMs,
  )
  const patient = count(aRequest('k'))
  end.resolve()
  assert.deepEqual((await patient).body, (await first).body)
  assert.equal(await effects(), 1)
})

test('who waits holds no transaction, so that a flip of the switch can pass', async () => {
  const waiting = Promise.withResolvers<void>()
  const clock: Clock = { now: systemClock.now, sleep: (ms, signal) => (waiting.resolve(), systemClock.sleep(ms, signal)) }
  const { database, count } = await setup(clock)
  const [begun, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const first = count(aRequest('k'), async () => (begun.resolve(), end.promise))
  await begun.promise
  const second = count(aRequest('k'))
  await waiting.promise
  const { rows } = await database.query<{ open: number }>(
    `select count(*)::int as open from pg_stat_activity where datname = current_database() and state = 'idle in transaction'`,
  )
  assert.equal(rows[0]?.open, 1)
  end.resolve()
  await Promise.all([first, second])
})

test('what was refused has used up no key: the same request is judged anew', async () => {
  const { once, count, keys } = await setup()
  const refused = once(aRequest('k'), async () => {
    throw new Problem('not_found', { detail: 'not yet' })
  })
  await assert.rejects(refused, refusedAs('not_found', 404))
  assert.equal(await keys(), 0)
  assert.equal((await count(aRequest('k'))).status, 201)
})

test('a crash between effect and answer undoes both, and the request is served once afterwards', async () => {
  const { database, store, effects } = await setup()
  let crashes = 1
  const sender: Sender = {
    transaction: work =>
      database.transaction(async tx => {
        const result = await work(tx, () => assert.fail('nothing is stated'))
        if (crashes-- > 0) throw Object.assign(new Error('the connection is gone'), { code: 'ECONNRESET' })
        return result
      }),
  }
  const once = openOnce({ sender, store, clock: systemClock })
  const serve = (): Promise<HttpAnswer> =>
    once(aRequest('k'), async tx => {
      await tx.query(`insert into effect values ('a', 1)`)
      return { body: { done: true } }
    })
  await assert.rejects(serve(), isTransient)
  assert.equal(await effects(), 0)
  await serve()
  assert.equal((await serve()).headers?.['idempotency-replayed'], 'true')
  assert.equal(await effects(), 1)
})

test('answers are thrown away after a day, in batches, and younger ones stay', async () => {
  const { database, store, count, keys } = await setup()
  await count(aRequest('old'))
  await database.query(`update idempotency_key set at = now() - interval '24 hours 1 second'`)
  await database.query(
    `insert into idempotency_key (scope, operation, fingerprint, status, at)
     select decode(md5(n::text), 'hex'), 'count', '', 204, now() - interval '3 days' from generate_series(1, 1500) as n`,
  )
  await count(aRequest('young'))
  assert.equal(await store.forget(24, 10), 10)
  const stop = new AbortController()
  const slept: number[] = []
  const clock: Clock = {
    now: systemClock.now,
    async sleep(ms) {
      slept.push(ms)
      if (slept.length === 2) stop.abort()
    },
  }
  await forgetAnswers(store, clock, openLog({ service: 'test', instance: '1', level: 'fatal' }), stop.signal)
  assert.deepEqual(slept, [100, 60_000])
  assert.equal(await keys(), 1)
  assert.equal((await count(aRequest('young'))).headers?.['idempotency-replayed'], 'true')
})
