import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openBreaker } from 'cutover/failure/breaker'
import { systemRandom } from 'cutover/process/clock'
import { Crash, crashing } from '../../../tests/crashing.ts'
import { type MonthEnd, startMonthEnd } from '../../../tests/month-end.ts'
import { type Mode, modeNames, modes } from '../../finance/behaviour.ts'
import { pay } from '../../finance/payments.ts'
import { checkBooks } from '../ledger/ledger.ts'
import { closePeriod } from '../periods/closing.ts'
import { deliverDue } from './delivery.ts'
import { settle } from './payouts.ts'

const started: MonthEnd[] = []
after(async () => {
  await Promise.all(started.map(one => one.stop()))
})
async function start(options: Parameters<typeof startMonthEnd>[0] = {}): Promise<MonthEnd> {
  const one = await startMonthEnd(options)
  started.push(one)
  return one
}

/** What a payment under the key would be, as the finance service says it. */
const payment = (period: string, amount: number, account = 'a1') => ({
  key: `Payout:${period}:${account}`,
  period,
  account,
  amount,
  reference: 'F-1',
})

const paidRows = async ({ database }: MonthEnd): Promise<Record<string, number>> => {
  const { rows } = await database.query<{ key: string; amount: string }>(
    `select business_key as key, amount from ledger where reason = 'pay-out' order by 1`,
  )
  return Object.fromEntries(rows.map(row => [row.key, Number(row.amount)]))
}

const checked = async (bonuses: MonthEnd): Promise<unknown> => {
  const { body } = await bonuses.call('operator', 'GET', '/operator/checks')
  return (body['checks'] as { check: string; open: number; wrong: number }[]).map(
    ({ check, open, wrong }) => `${check}: ${open} open, ${wrong} wrong`,
  )
}
const clean = ['closed periods: 0 open, 0 wrong', 'pay-outs: 0 open, 0 wrong']

/** Waits until every pay-out is settled, whoever brings the word. */
async function settled({ database }: MonthEnd): Promise<void> {
  while ((await database.query(`select from payout where state = 'pending'`)).rowCount > 0) await new Promise(setImmediate)
}

for (const mode of modeNames.filter(mode => mode !== 'refuses' && mode !== 'short')) {
  test(`a finance service that ${modes[mode]}, three times: in the end one payment there, one row here`, async () => {
    const bonuses = await start({ deadlineMs: mode === 'silent' ? 150 : 5_000 })
    const period = await bonuses.open()
    await bonuses.book('a1', 1_000)
    await bonuses.book('a2', 700)
    await bonuses.book('a3', -500)
    await bonuses.close()
    await bonuses.misbehave(mode, 3)
    await bonuses.deliver()
    await settled(bonuses)
    // And whatever was said is said again, late.
    assert.equal(await settle(bonuses.database, payment(period, 1_000)), 'nothing')
    const once = { [`Payout:${period}:a1`]: 1_000, [`Payout:${period}:a2`]: 700 }
    assert.deepEqual([await bonuses.payments(), await paidRows(bonuses)], [once, once])
    assert.deepEqual(await bonuses.balances(), { a1: 0, a2: 0, a3: -500, 'bonus-fund': -1_200, 'paid-out': 1_700 })
    assert.deepEqual(await checkBooks(bonuses.database), { balanced: true, sum: 0, mismatched: [] })
    assert.deepEqual(await checked(bonuses), clean)
  })
}

test('an answer that never comes is not known: the pay-out stays, says so, holds its amount over the next closing, and is paid once', async () => {
  const bonuses = await start({ deadlineMs: 150 })
  const period = await bonuses.open()
  await bonuses.book('a1', 1_000)
  await bonuses.close()
  await bonuses.misbehave('silent')
  await bonuses.deliver(2)
  const [row] = (await bonuses.call('finance', 'GET', `/periods/${period}/payouts`)).body['payouts'] as Record<string, unknown>[]
  assert.deepEqual([row?.['state'], row?.['attempts']], ['pending', 2])
  assert.match(String(row?.['reason']), /^not known: no answer within 150 ms/)
  await bonuses.book('a1', 300)
  const next = await bonuses.close()
  assert.deepEqual([next.payouts, next.payout_total], [1, 300])
  await bonuses.misbehave('pays')
  await bonuses.deliver()
  assert.deepEqual(await paidRows(bonuses), { [`Payout:${period}:a1`]: 1_000, [`Payout:${next.period}:a1`]: 300 })
  assert.deepEqual(await bonuses.payments(), await paidRows(bonuses))
  assert.deepEqual(await checked(bonuses), clean)
})

test('what is refused waits with its reason, for a person who asks again under the same key', async () => {
  const bonuses = await start()
  const period = await bonuses.open()
  await bonuses.book('a1', 1_000)
  await bonuses.close()
  await bonuses.misbehave('refuses', 1)
  await bonuses.deliver()
  const [row] = (await bonuses.call('finance', 'GET', `/periods/${period}/payouts?state=refused`)).body['payouts'] as Record<
    string,
    unknown
  >[]
  assert.match(String(row?.['reason']), /^payout_refused: this stand-in was told to refuse/)
  const retry = `/periods/${period}/payouts/a1/retry`
  assert.equal((await bonuses.call('m1', 'POST', retry)).status, 403)
  assert.equal((await bonuses.call('finance', 'POST', `/periods/${period}/payouts/a2/retry`)).body['code'], 'payout_unknown')
  for (let n = 0; n < 2; n++) {
    const { body } = await bonuses.call('finance', 'POST', retry)
    assert.deepEqual([body['state'], body['retried_by']], ['pending', 'f1'])
  }
  await bonuses.deliver()
  assert.deepEqual(await bonuses.payments(), { [`Payout:${period}:a1`]: 1_000 })
  assert.equal((await bonuses.call('finance', 'POST', retry)).body['code'], 'payout_settled')
  assert.deepEqual(await checked(bonuses), clean)
})

test('what is refused goes into the next closing, once; a payment of it that comes to light afterwards is a conflict and moves no money', async () => {
  const bonuses = await start()
  const period = await bonuses.open()
  await bonuses.book('a1', 1_000)
  await bonuses.close()
  await bonuses.misbehave('refuses', 1)
  await bonuses.deliver()
  await bonuses.book('a1', -300)
  const next = await bonuses.close()
  const [first, second] = [`Payout:${period}:a1`, `Payout:${next.period}:a1`]
  assert.deepEqual(await bonuses.states(), { [first]: 'carried 1000', [second]: 'pending 700' })
  await bonuses.deliver()
  assert.deepEqual(await bonuses.payments(), { [second]: 700 })
  assert.equal((await bonuses.call('finance', 'POST', `/periods/${period}/payouts/a1/retry`)).body['code'], 'payout_settled')
  assert.deepEqual(await checked(bonuses), clean)
  const confirmed = await bonuses.call('finance-service', 'POST', '/payouts/confirmations', payment(period, 1_000))
  assert.deepEqual(confirmed.body, { outcome: 'conflict' })
  assert.deepEqual(await paidRows(bonuses), { [second]: 700 })
  assert.deepEqual(await checked(bonuses), ['closed periods: 0 open, 0 wrong', 'pay-outs: 0 open, 1 wrong'])
})

test('another amount than is owed is shown as a conflict, moves no money, and holds its amount until somebody has looked', async () => {
  const bonuses = await start()
  const period = await bonuses.open()
  await bonuses.book('a1', 1_000)
  await bonuses.close()
  await bonuses.misbehave('short', 1)
  await bonuses.deliver()
  assert.deepEqual([await bonuses.states(), await paidRows(bonuses)], [{ [`Payout:${period}:a1`]: 'conflict 1000' }, {}])
  assert.deepEqual((await bonuses.close()).payouts, 0)
  const { body } = await bonuses.call('finance', 'GET', `/periods/${period}/reconciliation`)
  assert.equal(body['agrees'], false)
  const [difference] = (body['finance'] as { differences: { samples: { fault: string; detail: string }[] } }).differences.samples
  assert.deepEqual([difference?.fault, difference?.detail], ['contradicted', 'the finance service says that it has paid 999, owed is 1000'])
  // Confirmed with the right amount, and then with another: what was booked stands.
  await settle(bonuses.database, payment(period, 1_000))
  assert.equal(await settle(bonuses.database, payment(period, 1_001)), 'contradict')
  assert.deepEqual(await paidRows(bonuses), { [`Payout:${period}:a1`]: 1_000 })
  assert.match(JSON.stringify(await checked(bonuses)), /1 wrong/)
})

test('twenty answers at once, from as many processes, book once', async () => {
  const bonuses = await start()
  const period = await bonuses.open()
  await bonuses.book('a1', 1_000)
  await bonuses.close()
  const said = await Promise.all(Array.from({ length: 20 }, () => settle(bonuses.database, payment(period, 1_000))))
  assert.deepEqual([said.filter(one => one === 'book').length, said.filter(one => one === 'nothing').length], [1, 19])
  assert.deepEqual(await paidRows(bonuses), { [`Payout:${period}:a1`]: 1_000 })
})

test('two processes share what is due: nothing is asked for twice while a lease lasts', async () => {
  const bonuses = await start()
  for (const account of ['a1', 'a2', 'a3']) await bonuses.book(account, 100)
  await bonuses.close()
  const ports = { ...bonuses.delivery, leaseMs: 60_000 }
  const asked = await Promise.all([deliverDue(ports), deliverDue(ports)])
  assert.equal(asked[0] + asked[1], 3)
  assert.equal(await deliverDue(ports), 0)
})

test('while the finance service is away the breaker opens, one at a time finds out, and no attempt is spent on the others', async () => {
  const bonuses = await start()
  for (const account of ['a1', 'a2', 'a3']) await bonuses.book(account, 100)
  await bonuses.close()
  let now = 0
  const clock = { now: () => now, sleep: async () => undefined }
  let calls = 0
  const away = { ...bonuses.delivery.finance, pay: async () => (calls++, { is: 'unknown' as const, reason: 'away' }) }
  const ports = {
    ...bonuses.delivery,
    finance: away,
    breaker: openBreaker({ failuresMax: 3, firstMs: 1_000, maxMs: 1_000 }, clock, systemRandom),
  }
  await deliverDue(ports)
  assert.deepEqual([ports.breaker.state().is, calls], ['open', 3])
  await bonuses.database.query('update payout set next_at = clock_timestamp()')
  assert.equal(await deliverDue(ports), 0)
  now += 1_000
  assert.equal(await deliverDue(ports), 1)
  assert.equal(calls, 4)
  const { rows } = await bonuses.database.query('select sum(attempts)::int as attempts from payout')
  assert.deepEqual(rows, [{ attempts: 4 }])
})

test('killed before or after any statement of a closing and its pay-outs, whatever the finance service does: paid once, booked once', async () => {
  const kinds: readonly Mode[] = ['pays', 'silent', 'fails', 'late']
  for (const mode of kinds) {
    const bonuses = await start({ deadlineMs: mode === 'silent' ? 100 : 5_000 })
    const once: Record<string, number> = {}
    for (const when of ['before', 'after'] as const) {
      for (let at = 0, over = false; !over; at++) {
        const period = await bonuses.open()
        await bonuses.book('a1', 1_000)
        await bonuses.misbehave(mode, 1)
        const crash = crashing(bonuses.database, at, when)
        const ports = { ...bonuses.delivery, database: crash.database }
        const life = async (): Promise<void> => {
          await closePeriod(ports, { period, by: 'f1' }, work => crash.database.transaction(work))
          await deliverDue(ports)
        }
        await life().catch(error => {
          if (!(error instanceof Crash)) throw error
        })
        over = !crash.crashed()
        // The next process.
        await bonuses.close(period)
        await bonuses.deliver()
        await settled(bonuses)
        once[`Payout:${period}:a1`] = 1_000
        assert.deepEqual([await bonuses.payments(), await paidRows(bonuses)], [once, once], `${mode}, ${when} ${at}`)
      }
    }
    assert.ok(Object.keys(once).length > 20)
    assert.deepEqual(await checked(bonuses), clean, mode)
  }
})

test('the finance service that is killed after it has paid remembers it, and how it was told to behave', async () => {
  const bonuses = await start()
  const period = await bonuses.open()
  await bonuses.book('a1', 1_000)
  await bonuses.close()
  // It pays, and dies before its answer: what is left of it is its database.
  const crash = crashing(bonuses.paymentsDatabase, 1, 'after')
  const asked = { period, account: 'a1', amount: 1_000 }
  await assert.rejects(pay(crash.database, `Payout:${period}:a1`, asked, 1_000, systemRandom), Crash)
  await bonuses.deliver()
  assert.deepEqual(await bonuses.payments(), { [`Payout:${period}:a1`]: 1_000 })
  assert.deepEqual(await paidRows(bonuses), { [`Payout:${period}:a1`]: 1_000 })
})
