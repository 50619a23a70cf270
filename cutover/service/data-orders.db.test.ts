import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { aWord, idOf } from '../../tests/copying.ts'
import { type DataService, openDataService } from '../../tests/data-service.ts'
import type { OperatorAnswer } from '../../tests/operator-calls.ts'
import { readVerdicts } from '../reading/store.ts'

const open: DataService[] = []
after(async () => {
  await Promise.all(open.map(({ database }) => database.close()))
})

async function setup(): Promise<DataService> {
  const service = await openDataService()
  open.push(service)
  return service
}

const code = ({ status, body }: OperatorAnswer): unknown[] => [status, body['code']]

test('the switch turns only when every live instance can ask whom it will make it ask; who cannot is named', async () => {
  const { database, stores, copy, turn, stand, turns, declare } = await setup()
  await copy('create')
  await declare('1', 'call:L-2', 'act:L-2')
  await declare('2', 'act:L-9', 'record:L-2')
  // A build that knows of no capabilities wrote something else.
  await database.query(
    `insert into instance (id, until, capabilities) values ('old', now() + interval '1 hour', '["act:L-2", "call:L-2"]')`,
  )
  const before = await stand()
  for (const [order, wanted] of [
    [{ answers: 'replica' }, 'act:L-2'],
    [{ answers: 'replica', compares: true }, 'call:L-2'],
    [{ compares: true }, 'call:L-2'],
  ] as const) {
    for (const dry_run of [true, false]) {
      const answer = await turn({ ...order, dry_run })
      const { capability, instances, detail } = answer.body
      assert.deepEqual([...code(answer), capability, instances], [409, 'capability_missing', wanted, ['2', 'old']])
      assert.match(String(detail), new RegExp(`^2, old of the reader: deploy with ${wanted} first`))
    }
  }
  assert.deepEqual([await stand(), turns()], [before, 0])
  await stores.consumer.leave('2')
  await declare('old', 'act:L-2')
  assert.equal((await turn({ answers: 'replica' })).status, 200)
  const back = await turn({ answers: 'http' })
  assert.deepEqual([...code(back), back.body['capability'], back.body['instances']], [409, 'capability_missing', 'call:L-2', ['old']])
})

test('a dry run answers what would be, and leaves nothing: no turn, no term, nobody told', async () => {
  const { copy, turn, stand, turns } = await setup()
  await copy('create')
  const before = await stand()
  const answer = { link: 'L-2', answers: 'replica', compares: true, epoch: 2, changed: true }
  for (let again = 0; again < 2; again++)
    assert.deepEqual((await turn({ answers: 'replica', compares: true, term: 9, dry_run: true })).body, { ...answer, dry_run: true })
  assert.deepEqual([await stand(), turns()], [before, 0])
  assert.deepEqual((await turn({ answers: 'replica', compares: true, term: 9 })).body, { ...answer, dry_run: false })
  assert.equal(turns(), 1)
})

test('an order that is repeated changes nothing: no epoch, and nobody is told again', async () => {
  const { copy, turn, stand, turns } = await setup()
  await copy('create')
  await turn({ compares: true })
  const once = await stand()
  const again = await turn({ compares: true })
  assert.deepEqual([again.body['epoch'], again.body['changed'], await stand(), turns()], [2, false, once, 1])
  await turn({})
  for (const order of ['create', 'quarantine', 'restore', 'quarantine', 'drop', 'drop']) {
    const first = await copy(order)
    const stood = await stand()
    assert.equal(first.status, 200, order)
    assert.equal((await copy(order)).status, 200, order)
    assert.deepEqual(await stand(), stood, order)
  }
})

test('what is repeated needs no evidence again: a switch that stands like this is not asked what instances declare', async () => {
  const { copy, turn, declare } = await setup()
  await copy('create')
  await turn({ compares: true })
  await declare('1')
  assert.deepEqual([(await turn({ compares: true })).status, (await turn({ compares: true, dry_run: true })).status], [200, 200])
})

test('the reading tells who answers and how the copy stands: its state, its rows, how long it is quiet, and who reached for it', async () => {
  const { database, reader, get, copy, turn } = await setup()
  const reading = async (): Promise<Readonly<Record<string, unknown>>> => (await get('/operator/readings/L-2')).body
  const http = { answers: 'http', compares: false, epoch: 1 }
  assert.deepEqual(await reading(), { ...http, copy: { state: 'absent', rows: 0, quiet_ms: null, touches: [] } })
  assert.deepEqual((await copy('create')).body, await reading())
  await database.transaction(tx => reader.store.keep(tx, [{ row: aWord(1, 'one'), revision: 1, removed: false }]))
  await turn({ compares: true })
  const present = { state: 'present', rows: 1, quiet_ms: null, touches: [] }
  assert.deepEqual(await reading(), { answers: 'http', compares: true, epoch: 2, copy: present })
  await turn({})
  const hidden = (await copy('quarantine')).body['copy'] as { quiet_ms: unknown }
  assert.deepEqual(hidden, { state: 'quarantined', rows: 1, quiet_ms: hidden.quiet_ms, touches: [] })
  assert.equal(typeof hidden.quiet_ms, 'number')
  await database.query(`update replica_quarantine set quiet_since = now() - interval '1 hour'`)
  await assert.rejects(reader.store.find([idOf(1)]))
  await assert.rejects(reader.store.list(null, 1))
  const touched = (await reading())['copy'] as { quiet_ms: number; touches: { last_at: string }[] }
  assert.deepEqual(
    touched.touches.map(one => ({ ...one, last_at: '' })),
    [{ who: 'test', what: 'read', count: 2, last_at: '' }],
  )
  assert.ok(touched.quiet_ms < 3_600_000, 'whoever reached for it begins the quiet time anew')
  assert.deepEqual((await copy('restore')).body['copy'], { ...present, touches: touched.touches })
  assert.deepEqual((await copy('drop')).body['copy'], { state: 'absent', rows: 0, quiet_ms: null, touches: [] })
})

test('while somebody has the table an order says that it can be given again, and nothing was done', async () => {
  const { database, copy, stand } = await setup()
  await copy('create')
  const before = await stand()
  await database.transaction(async tx => {
    await tx.query('table word_copy')
    for (const order of ['quarantine', 'drop']) {
      const answer = await copy(order, 8)
      assert.deepEqual([...code(answer), answer.body['retryable']], [503, 'unavailable', true], order)
    }
  })
  assert.deepEqual(await stand(), before)
  assert.equal((await copy('quarantine')).status, 200)
})

test('compared reads and mismatches are told since the switch was turned; those of before are told no more', async () => {
  const { stores, copy, turn, get } = await setup()
  const none = Object.fromEntries([...readVerdicts, 'skipped'].map(verdict => [verdict, 0]))
  const parity = async (): Promise<Readonly<Record<string, unknown>>> => (await get('/operator/readings/L-2/parity')).body
  const mismatches = async (): Promise<unknown> => (await get('/operator/readings/L-2/mismatches')).body
  await copy('create')
  await turn({ compares: true })
  const counts = { equal: 7, stale: 1, different: 1, missing: 0, extra: 0, failed: 0, skipped: 2 }
  await stores.reading.count('L-2', 2, '1', counts, [{ key: idOf(1), verdict: 'different', columns: ['text'], lagMs: null }])
  const { compares, epoch, in_a_row: inARow, rate: _, ...rest } = await parity()
  assert.deepEqual([compares, epoch, inARow, rest], [true, 2, 0, { ...counts, lag_p50_ms: null, lag_p99_ms: null }])
  const [{ at: _at, ...mismatch }] = (await mismatches()) as [{ at: string }]
  assert.deepEqual(mismatch, { key: idOf(1), verdict: 'different', columns: ['text'], lag_ms: null })
  await turn({ answers: 'replica', compares: true })
  assert.deepEqual(await parity(), { compares: true, epoch: 3, ...none, in_a_row: 0, lag_p50_ms: null, lag_p99_ms: null, rate: 0 })
  assert.deepEqual(await mismatches(), [])
})

interface Job {
  readonly state: string
  readonly [figure: string]: unknown
}

/** Orders of snapshots, and how one stands without the time that it took. */
function telling({ post, get }: DataService) {
  const job = async (link = 'L-4'): Promise<Job> => {
    const { took_ms: tookMs, ...rest } = (await get(`/operator/snapshots/${link}`)).body
    assert.ok(tookMs === undefined || Number.isInteger(tookMs))
    return rest as Job
  }
  const order = (change: 'tell' | 'cancel', run: string, link = 'L-4') => post('/operator/snapshots', { link, run, do: change, term: 1 })
  return { job, order }
}

const begun = (run: string) => ({ state: 'telling', asked_by: run, total: 3, copied: 0, arrived: false })

test('a snapshot is begun once for a run, however often it asks; another run begins it anew', async () => {
  const service = await setup()
  const { job, order } = telling(service)
  const { stores } = service
  assert.deepEqual(await job(), { state: 'none' })
  assert.deepEqual((await order('tell', 'run-1')).status, 200)
  assert.deepEqual(await job(), begun('run-1'))
  await stores.snapshot.transaction(tx => stores.snapshot.told(tx, 'L-4', idOf(2), 2, false))
  await order('tell', 'run-1')
  assert.deepEqual(await job(), { ...begun('run-1'), copied: 2 })
  await order('tell', 'run-2')
  assert.deepEqual(await job(), begun('run-2'))
  assert.equal((await stores.snapshot.job('L-4'))?.cursor, null)
})

test('who asks for the snapshot of another link leaves this one alone, and so does who gives that one up', async () => {
  const { job, order } = telling(await setup())
  await order('tell', 'run-1')
  await order('tell', 'run-1', 'L-5')
  await order('tell', 'run-2', 'L-5')
  await order('cancel', 'run-2', 'L-5')
  assert.deepEqual([await job(), (await job('L-5')).state], [begun('run-1'), 'cancelled'])
})

test('a snapshot is given up by the run that began it and by no other, and can be begun again', async () => {
  const { job, order } = telling(await setup())
  assert.equal((await order('cancel', 'run-1')).status, 200)
  assert.deepEqual(await job(), { state: 'none' })
  await order('tell', 'run-2')
  await order('cancel', 'run-1')
  assert.deepEqual(await job(), begun('run-2'))
  for (let again = 0; again < 2; again++) {
    await order('cancel', 'run-2')
    assert.deepEqual(await job(), { ...begun('run-2'), state: 'cancelled' })
  }
  await order('tell', 'run-2')
  assert.deepEqual(await job(), begun('run-2'))
})

test('what was told has arrived once the sweep of that link has passed its last fact', async () => {
  const service = await setup()
  const { job, order } = telling(service)
  const { database, stores } = service
  await order('tell', 'run-1')
  await stores.snapshot.transaction(tx => stores.snapshot.told(tx, 'L-4', idOf(3), 3, true))
  assert.deepEqual(await job(), { ...begun('run-1'), state: 'told', copied: 3 })
  await database.query(`update snapshot set state = 'done', through = 7`)
  await database.query(`insert into relay_lane (lane, position) values ('sweep:L-4', 6), ('sweep:L-5', 9)`)
  assert.deepEqual(await job(), { ...begun('run-1'), state: 'done', copied: 3 })
  await database.query(`update relay_lane set position = 7 where lane = 'sweep:L-4'`)
  assert.deepEqual(await job(), { ...begun('run-1'), state: 'done', copied: 3, arrived: true })
})
