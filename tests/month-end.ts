// Bonuses with its month end and the stand-in for the finance service, each with a database of its own, over real HTTP.
import { fileURLToPath } from 'node:url'
import { type Database, openDatabase } from '../cutover/database/database.ts'
import { installMigrations } from '../cutover/database/install.ts'
import { openBreaker } from '../cutover/failure/breaker.ts'
import { extendProblems, Problem } from '../cutover/failure/problem.ts'
import { type HttpClient, openClient } from '../cutover/http/client.ts'
import { openServer, type Server, type RouteDefinition } from '../cutover/http/server.ts'
import type { Caller, Verifier } from '../cutover/http/tokens.ts'
import { openOnce } from '../cutover/idempotency/once.ts'
import { openIdempotencyStore } from '../cutover/idempotency/postgres.ts'
import type { Sender } from '../cutover/outbox/sender.ts'
import { systemClock, systemRandom } from '../cutover/process/clock.ts'
import { openLog } from '../cutover/process/log.ts'
import { accountRoutes } from '../school/bonuses/accounts/http.ts'
import { checkRoutes } from '../school/bonuses/checks.ts'
import { type Entry, fund, post } from '../school/bonuses/ledger/ledger.ts'
import { deliverDue, type DeliveryPorts } from '../school/bonuses/payouts/delivery.ts'
import { type Finance, openFinance as openFinanceClient } from '../school/bonuses/payouts/finance.ts'
import { payoutRoutes } from '../school/bonuses/payouts/http.ts'
import { type Closed, closePeriod } from '../school/bonuses/periods/closing.ts'
import { periodRoutes } from '../school/bonuses/periods/http.ts'
import type { Manager } from '../school/contracts/http/manager.ts'
import { problems } from '../school/contracts/problems.ts'
import { type Mode, tell } from '../school/finance/behaviour.ts'
import { openFinance } from '../school/finance/service.ts'
import { freshDatabase } from './database.ts'
import { aReader } from './reading.ts'
import { wholeTitles } from './titles.ts'

extendProblems(problems)
const log = openLog({ service: 'test', instance: '1', level: 'fatal' })

/** Who calls, by what stands in the token's place. */
const callers: Readonly<Record<string, Caller>> = {
  finance: { kind: 'person', subject: 'f1', role: 'finance' },
  m1: { kind: 'person', subject: 'm1', role: 'manager' },
  candidate: { kind: 'person', subject: 'c1', role: 'candidate' },
  admin: { kind: 'person', subject: 'x1', role: 'admin' },
  operator: { kind: 'operator' },
  bonuses: { kind: 'service', service: 'bonuses', link: null },
  hiring: { kind: 'service', service: 'hiring', link: null },
  'finance-service': { kind: 'service', service: 'finance', link: null },
}
const verifier: Verifier = {
  async verify(token) {
    const caller = callers[token]
    if (caller === undefined) throw new Problem('token_invalid', { detail: 'nobody' })
    return caller
  },
}

export interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly body: Record<string, unknown>
}

export interface MonthEnd {
  readonly database: Database
  readonly paymentsDatabase: Database
  readonly finance: Finance
  readonly url: string
  readonly delivery: DeliveryPorts
  /** The period that is open. */
  open(): Promise<string>
  book(account: string, amount: number, changes?: Partial<Entry>): Promise<string>
  close(period?: string): Promise<Closed>
  misbehave(mode: Mode, calls?: number | null): Promise<void>
  /** Makes due what waits, and asks, until nothing is asked for any more or `rounds` are over. */
  deliver(rounds?: number): Promise<void>
  /** State and amount of each pay-out, by key. */
  states(): Promise<Record<string, string>>
  /** What was paid at the finance service, by key. */
  payments(): Promise<Record<string, number>>
  balances(): Promise<Record<string, number>>
  call(as: string, method: string, path: string, body?: object, headers?: Record<string, string>): Promise<Answered>
  stop(): Promise<void>
}

const listening = async (service: string, routes: readonly RouteDefinition[]): Promise<Server> => {
  const server = await openServer({ service, port: 0, routes, verifier, log, ready: async () => ({}), stopGraceMs: 100 })
  await server.start()
  return server
}

async function aDatabase(line: string): Promise<Database> {
  const { url } = await freshDatabase()
  const database = openDatabase({ url, name: 'test', connectionsMax: 24, onIdleError: () => undefined })
  await installMigrations(database, [
    { name: 'cutover', folder: fileURLToPath(new URL('../cutover/sql', import.meta.url)) },
    { name: line, folder: fileURLToPath(new URL(`../school/${line}/db`, import.meta.url)) },
  ])
  return database
}

const client = (url: string, token: string, deadlineMs: number): HttpClient =>
  openClient({ baseUrls: [url], token: async () => token, deadlineMs, connectionsMax: 16 })

/** Accounts a1, a2 and a3 of managers m1, m2 and m3. A call of the finance service is waited for `deadlineMs`. */
export async function startMonthEnd({ deadlineMs = 5_000, lateMs = 0 } = {}): Promise<MonthEnd> {
  const [database, paymentsDatabase] = await Promise.all([aDatabase('bonuses'), aDatabase('finance')])
  await database.query(`insert into account (account_id, manager_id) values ('a1', 'm1'), ('a2', 'm2'), ('a3', 'm3')`)

  const ports = { database, clock: systemClock, random: systemRandom }
  // Each calls the other: the way back is known when bonuses listens.
  const back = Promise.withResolvers<HttpClient>()
  const standIn = openFinance({
    database: paymentsDatabase,
    bonuses: { request: async call => (await back.promise).request(call), close: async () => undefined },
    clock: systemClock,
    random: systemRandom,
    log,
    lateMs,
  })
  const payer = await listening('finance', standIn.routes)
  const toFinance = client(payer.url, 'bonuses', deadlineMs)
  const finance = openFinanceClient(toFinance)
  // The month end states no facts.
  const sender: Sender = { transaction: work => database.transaction(tx => work(tx, () => 'nothing is stated here')) }
  const once = openOnce({ sender, store: openIdempotencyStore(database), clock: systemClock })
  const bonuses = await listening('bonuses', [
    ...accountRoutes(database, aReader<Manager>('COMM-070'), wholeTitles),
    ...periodRoutes({ ...ports, finance, once }),
    ...payoutRoutes(database, once),
    ...checkRoutes(database, finance),
  ])
  const confirming = client(bonuses.url, 'finance-service', 5_000)
  back.resolve(confirming)
  const breaker = openBreaker({ failuresMax: 1_000, firstMs: 1, maxMs: 1 }, systemClock, systemRandom)
  const delivery: DeliveryPorts = { ...ports, finance, breaker, log, leaseMs: 0 }
  let booked = 0

  async function open(): Promise<string> {
    const { rows } = await database.query<{ period_id: string }>('select period_id from period where closed_at is null', [])
    return rows[0]?.period_id ?? 'none'
  }

  return {
    database,
    paymentsDatabase,
    finance,
    url: bonuses.url,
    delivery,
    open,
    async book(account, amount, changes = {}) {
      const [debit, credit] = amount < 0 ? [account, fund] : [fund, account]
      const key = changes.businessKey ?? `Test:${++booked}`
      const own = { businessKey: key, factId: systemRandom.uuid(), taskId: key, candidateId: 'c1', creatorId: 'm1' }
      const entry: Entry = {
        ...own,
        reason: 'task completed',
        debit,
        credit,
        amount: Math.abs(amount),
        rating: 50,
        policyVersion: 1,
        ...changes,
      }
      await database.transaction(tx => post([entry], tx))
      return key
    },
    close: async period => closePeriod(ports, { period: period ?? (await open()), by: 'f1' }, work => database.transaction(work)),
    misbehave: (mode, calls = null) => tell(paymentsDatabase, { mode, calls }),
    async deliver(rounds = 20) {
      for (let round = 0; round < rounds; round++) {
        await database.query(`update payout set next_at = clock_timestamp() where state = 'pending'`)
        if ((await deliverDue(delivery)) === 0) return
      }
    },
    async states() {
      const { rows } = await database.query<{ key: string; says: string }>(
        `select payout_key as key, state || ' ' || amount as says from payout order by 1`,
      )
      return Object.fromEntries(rows.map(row => [row.key, row.says]))
    },
    async payments() {
      const { rows } = await paymentsDatabase.query<{ key: string; amount: string }>(
        'select payment_key as key, amount from payment order by 1',
      )
      return Object.fromEntries(rows.map(row => [row.key, Number(row.amount)]))
    },
    async balances() {
      const { rows } = await database.query<{ id: string; balance: string }>('select account_id as id, balance from account order by 1')
      return Object.fromEntries(rows.map(row => [row.id, Number(row.balance)]))
    },
    async call(as, method, path, body, headers = {}) {
      const answer = await fetch(`${bonuses.url}${path}`, {
        method,
        headers: { authorization: `Bearer ${as}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await answer.text()
      const isJson = /json/.test(answer.headers.get('content-type') ?? '')
      return { status: answer.status, headers: answer.headers, text, body: isJson ? (JSON.parse(text) as Record<string, unknown>) : {} }
    },
    async stop() {
      await standIn.running.stop()
      await Promise.all([toFinance.close(), confirming.close()])
      await Promise.all([payer.stop(), bonuses.stop()])
      await Promise.all([database.close(), paymentsDatabase.close()])
    },
  }
}
