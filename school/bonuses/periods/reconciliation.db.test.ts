import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { type MonthEnd, startMonthEnd } from '../../../tests/month-end.ts'
import { periodAfter } from './period.ts'

const started: MonthEnd[] = []
after(async () => {
  await Promise.all(started.map(one => one.stop()))
})
async function start(): Promise<MonthEnd> {
  const one = await startMonthEnd()
  started.push(one)
  return one
}

const rowsOf = (text: string): string[][] =>
  text
    .trimEnd()
    .split('\r\n')
    .map(line => line.split(','))

/** Two closed periods and an open one: a1 is paid twice, a2 is below zero, a3 is refused and carried. */
async function twoMonths(): Promise<{ bonuses: MonthEnd; first: string; second: string; third: string }> {
  const bonuses = await start()
  const first = await bonuses.open()
  await bonuses.book('a1', 1_000)
  await bonuses.book('a2', -500)
  await bonuses.close()
  await bonuses.deliver()
  await bonuses.book('a1', 400)
  await bonuses.book('a1', -100)
  await bonuses.book('a3', 50)
  const { next: third } = await bonuses.close()
  await bonuses.misbehave('refuses', 2)
  await bonuses.deliver()
  await bonuses.call('finance', 'POST', `/periods/${periodAfter(first)}/payouts/a1/retry`)
  await bonuses.deliver()
  return { bonuses, first, second: periodAfter(first), third }
}

test('a month follows a month, over the year as well', () => {
  assert.deepEqual(['2026-11', '2026-12', '0999-12'].map(periodAfter), ['2026-12', '2027-01', '1000-01'])
  assert.throws(() => periodAfter('2026-13'), /a year and a month/)
})

test('a reconciliation adds every account up anew: opening, credits, debits, paid, closing, and what is carried on', async () => {
  const { bonuses, first, second, third } = await twoMonths()
  const { body } = await bonuses.call('finance', 'GET', `/periods/${second}/reconciliation`)
  const { accounts, totals, ...rest } = body
  const zero = { opening: 0, credits: 0, debits: 0, paid: 0, closing: 0, held: 0, payout: null, payout_state: null, carried: 0 }
  assert.deepEqual(accounts, [
    {
      ...zero,
      account: 'a1',
      opening: 1_000,
      credits: 400,
      debits: 100,
      paid: 1_000,
      closing: 300,
      payout: 300,
      payout_state: 'confirmed',
    },
    { ...zero, account: 'a2', opening: -500, closing: -500, carried: -500 },
    { ...zero, account: 'a3', credits: 50, closing: 50, payout: 50, payout_state: 'refused', carried: 50 },
    { ...zero, account: 'bonus-fund', opening: -500, credits: 100, debits: 450, closing: -850, carried: null },
    { ...zero, account: 'paid-out', paid: -1_000, closing: 1_000, carried: null },
  ])
  const none = { count: 0, amount: 0 }
  const payouts = { pending: none, confirmed: { count: 1, amount: 300 }, refused: { count: 1, amount: 50 }, carried: none, conflict: none }
  assert.deepEqual(totals, { accounts: 5, opening: 0, credits: 550, debits: 550, paid: 0, closing: 0, held: 0, carried: -450, payouts })
  assert.deepEqual(
    { ...rest, closed_at: 'then' },
    {
      period: second,
      state: 'closed',
      closed_at: 'then',
      balanced: true,
      mismatched: [],
      late: 0,
      agrees: true,
      finance: { agreed: 1, agreed_total: 300, unconfirmed: { count: 0, accounts: [] }, differences: { count: 0, samples: [] } },
      finance_unknown: null,
      next: null,
    },
  )
  for (const period of [first, third]) {
    const answer = (await bonuses.call('finance', 'GET', `/periods/${period}/reconciliation`)).body
    assert.deepEqual([answer['balanced'], (answer['totals'] as { closing: number }).closing], [true, 0], period)
  }
  const open = (await bonuses.call('finance', 'GET', `/periods/${third}/reconciliation`)).body
  assert.deepEqual([open['agrees'], open['finance_unknown']], [null, 'the period is open: nothing of it is owed yet'])
})

test('a reconciliation as CSV has the same numbers, and pages have all accounts once', async () => {
  const { bonuses, second } = await twoMonths()
  for (const [path, headers] of [
    ['?format=csv', {}],
    ['', { accept: 'text/csv' }],
  ] as const) {
    const answer = await bonuses.call('finance', 'GET', `/periods/${second}/reconciliation${path}`, undefined, headers)
    assert.match(answer.headers.get('content-type') ?? '', /^text\/csv/)
    assert.equal(answer.headers.get('content-disposition'), `attachment; filename="reconciliation-${second}.csv"`)
    const [head, ...rows] = rowsOf(answer.text)
    assert.deepEqual(head?.slice(0, 3), ['account', 'opening', 'credits'])
    assert.deepEqual(rows[0], ['a1', '1000', '400', '100', '1000', '300', '0', '300', 'confirmed', '0'])
    assert.equal(
      rows.reduce((sum, row) => sum + Number(row[5]), 0),
      0,
    )
  }
  const seen: string[] = []
  for (let path = '?limit=2'; ;) {
    const { body } = await bonuses.call('finance', 'GET', `/periods/${second}/reconciliation${path}`)
    seen.push(...(body['accounts'] as { account: string }[]).map(one => one.account))
    if (body['next'] === null) break
    path = `?limit=2&after=${body['next'] as string}`
  }
  assert.deepEqual(seen, ['a1', 'a2', 'a3', 'bonus-fund', 'paid-out'])
})

test('what the finance service has done and the books do not know, and the other way round, is found by reconciliation and by verify', async () => {
  const { bonuses, first } = await twoMonths()
  await bonuses.paymentsDatabase.query(`delete from payment where period_id = $1`, [first])
  await bonuses.paymentsDatabase.query(
    `insert into payment (payment_key, period_id, account_id, asked, amount, reference) values ('x', $1, 'a2', 7, 7, 'F-x')`,
    [first],
  )
  const { body } = await bonuses.call('finance', 'GET', `/periods/${first}/reconciliation`)
  assert.equal(body['agrees'], false)
  const { samples } = (body['finance'] as { differences: { samples: { fault: string; account: string }[] } }).differences
  assert.deepEqual(
    samples.map(one => `${one.fault} ${one.account}`),
    ['only_here a1', 'only_there a2'],
  )
  const { checks } = (await bonuses.call('operator', 'GET', '/operator/checks')).body as {
    checks: { check: string; wrong: number; samples: string[] }[]
  }
  assert.deepEqual(
    checks.map(check => check.wrong),
    [0, 2],
  )
  assert.match(checks[1]?.samples[0] ?? '', /^\d{4}-\d\d a1 only_here: 1000 is booked here, and nothing was paid there$/)
})

test('a payment for a period that is not closed here, as after a restore from a backup, is found by verify and never booked', async () => {
  const bonuses = await start()
  const period = await bonuses.open()
  await bonuses.book('a1', 1_000)
  const key = `Payout:${period}:a1`
  await bonuses.paymentsDatabase.query(
    `insert into payment (payment_key, period_id, account_id, asked, amount, reference) values ($1, $2, 'a1', 900, 900, 'F-lost')`,
    [key, period],
  )
  const wrong = async (): Promise<number | undefined> =>
    ((await bonuses.call('operator', 'GET', '/operator/checks')).body['checks'] as { wrong: number }[])[1]?.wrong
  assert.equal(await wrong(), 1)
  await bonuses.close()
  await bonuses.deliver()
  assert.deepEqual(await bonuses.states(), { [key]: 'conflict 1000' })
  assert.equal(await wrong(), 1)
})

test('while the finance service is away the books are shown, nothing is called agreed, and verify says that it does not know', async () => {
  const { bonuses, first } = await twoMonths()
  await bonuses.paymentsDatabase.query('alter table payment rename to gone')
  const { status, body } = await bonuses.call('finance', 'GET', `/periods/${first}/reconciliation`)
  assert.deepEqual([status, body['balanced'], body['agrees'], body['finance']], [200, true, null, null])
  assert.match(String(body['finance_unknown']), /does not say what it has paid \(it answered 500\)/)
  assert.equal((await bonuses.call('operator', 'GET', '/operator/checks')).status, 503)
})

test('a fact that happened in a closed period is booked in the open one, and the statement says so', async () => {
  const bonuses = await start()
  const first = await bonuses.open()
  const then = new Date().toISOString()
  await bonuses.book('a1', 100, { happenedAt: then })
  const { next, closed_at } = await bonuses.close()
  const after = new Date(Date.parse(closed_at) + 1).toISOString()
  await bonuses.book('a1', 200, { happenedAt: then })
  await bonuses.book('a1', 300, { happenedAt: after })
  await bonuses.book('a1', 400, { happenedAt: '1971-01-01T00:00:00Z' })
  await bonuses.book('a1', 500)
  await bonuses.close()
  await bonuses.book('a1', 600, { happenedAt: after })
  const { body } = await bonuses.call('m1', 'GET', '/accounts/a1/statement')
  assert.deepEqual(
    (body['bookings'] as { amount: number; period: string; late_for: string | null }[]).map(({ amount, period, late_for }) => [
      amount,
      period,
      late_for,
    ]),
    [
      [600, periodAfter(next), next],
      [500, next, null],
      [400, next, first],
      [300, next, null],
      [200, next, first],
      [100, first, null],
    ],
  )
  const late = async (period: string): Promise<unknown> =>
    (await bonuses.call('finance', 'GET', `/periods/${period}/reconciliation`)).body['late']
  assert.deepEqual([await late(first), await late(next), await late(periodAfter(next))], [0, 2, 1])
})

test('a statement as CSV has every booking, oldest first, with the balance after it; of one period from its opening balance', async () => {
  const { bonuses, first, second } = await twoMonths()
  // An id that a spreadsheet would take for a formula stays text.
  await bonuses.book('a1', 5, { businessKey: 'k', taskId: '-1+1', candidateId: 'c9' })
  const all = rowsOf((await bonuses.call('m1', 'GET', '/accounts/a1/statement?format=csv')).text)
  const column = (rows: string[][], name: string): (string | undefined)[] => rows.slice(1).map(row => row[all[0]?.indexOf(name) ?? -1])
  assert.deepEqual(column(all, 'amount'), ['1000', '-1000', '400', '-100', '-300', '5'])
  assert.deepEqual(column(all, 'balance'), ['1000', '0', '400', '300', '0', '5'])
  assert.deepEqual(column(all, 'payout_of'), ['', first, '', '', second, ''])
  assert.equal(column(all, 'task_id').at(-1), `"'-1+1"`)
  const own = rowsOf((await bonuses.call('finance', 'GET', `/accounts/a1/statement?format=csv&period=${second}`)).text)
  assert.deepEqual(
    [column(own, 'amount'), column(own, 'balance')],
    [
      ['-1000', '400', '-100'],
      ['0', '400', '300'],
    ],
  )
})

test('a month end is for finance alone, a confirmation for the finance service alone; what is not a period is refused by name', async () => {
  const bonuses = await start()
  const period = await bonuses.open()
  const routes = [
    ['GET', '/periods'],
    ['POST', `/periods/${period}/close`],
    ['GET', `/periods/${period}/reconciliation`],
    ['GET', `/periods/${period}/reconciliation?format=csv`],
    ['GET', `/periods/${period}/payouts`],
    ['POST', `/periods/${period}/payouts/a1/retry`],
  ] as const
  for (const as of ['m1', 'candidate', 'admin', 'operator', 'hiring', 'finance-service'])
    for (const [method, path] of routes) assert.equal((await bonuses.call(as, method, path)).status, 403, `${as} ${path}`)
  const payment = { key: `Payout:${period}:a1`, period, account: 'a1', amount: 1, reference: 'F-1' }
  for (const as of ['finance', 'm1', 'operator', 'hiring', 'bonuses'])
    assert.equal((await bonuses.call(as, 'POST', '/payouts/confirmations', payment)).status, 403, as)
  const confirm = (changes: object) => bonuses.call('finance-service', 'POST', '/payouts/confirmations', { ...payment, ...changes })
  assert.equal((await confirm({})).body['code'], 'payout_unknown')
  for (const [changes, pointer] of [
    [{ amount: -1 }, '/amount'],
    [{ amount: 1.5 }, '/amount'],
    [{ amount: '1' }, '/amount'],
    [{ key: 'a b' }, '/key'],
    [{ extra: 1 }, '/extra'],
  ] as const) {
    const { status, body } = await confirm(changes)
    assert.deepEqual([status, (body['errors'] as { pointer: string }[])[0]?.pointer], [400, pointer])
  }
  for (const wrong of ['2026-13', '2026', "2026-11'"])
    assert.equal((await bonuses.call('finance', 'POST', `/periods/${wrong}/close`)).status, 400, wrong)
  assert.equal((await bonuses.call('finance', 'POST', '/periods/2031-01/close')).body['code'], 'period_unknown')
  assert.equal((await bonuses.call('finance', 'GET', '/accounts/a1/statement?period=2031-01')).body['code'], 'period_unknown')
  assert.deepEqual((await bonuses.call('finance', 'GET', '/periods')).body['periods'], [
    { period, state: 'open', closed_at: null, closed_by: null },
  ])
})
