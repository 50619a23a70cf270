import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Database, openDatabase } from 'cutover/database'
import { installMigrations } from 'cutover/database/install'
import { extendProblems } from 'cutover/failure'
import { openServer } from 'cutover/http/server'
import type { Caller } from 'cutover/http/tokens'
import { openLog } from 'cutover/process/log'
import { freshDatabase } from '../../../tests/database.ts'
import { aReader } from '../../../tests/reading.ts'
import type { Manager } from '../../contracts/http/manager.ts'
import { problems } from '../../contracts/problems.ts'
import { fund, post } from '../ledger/ledger.ts'
import { accountRoutes } from './http.ts'
import { wholeTitles } from '../../../tests/titles.ts'

extendProblems(problems)

const open: Database[] = []
after(async () => {
  await Promise.all(open.map(database => database.close()))
})

type Get = (caller: Caller, url: string) => Promise<{ status: number; body: Record<string, unknown> }>

/** Management knows m1. */
const managers = aReader<Manager>('COMM-070')
managers.rows.set('m1', { row: { manager_id: 'm1', first_name: 'Ada', last_name: 'Byron', account_id: 'a1' }, revision: 1 })

async function serve(): Promise<{ database: Database; get: Get }> {
  const { url } = await freshDatabase()
  const database = openDatabase({ url, name: 'test', connectionsMax: 4, onIdleError: () => undefined })
  open.push(database)
  await installMigrations(database, [{ name: 'bonuses', folder: fileURLToPath(new URL('../db', import.meta.url)) }])
  await database.query(`insert into account (account_id, manager_id) values ('a1', 'm1'), ('a2', 'm2')`)
  const log = openLog({ service: 'test', instance: '1', level: 'fatal' })
  let caller: Caller
  const verifier = { verify: async () => caller }
  const server = await openServer({
    service: 'test',
    port: 0,
    routes: accountRoutes(database, managers, wholeTitles),
    verifier,
    log,
    ready: async () => ({}),
  })
  return {
    database,
    async get(as, path) {
      caller = as
      const answer = await server.inject({ method: 'GET', url: path, headers: { authorization: 'Bearer any' } })
      return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() }
    },
  }
}

const manager = (subject: string): Caller => ({ kind: 'person', subject, role: 'manager' })
const finance: Caller = { kind: 'person', subject: 'f1', role: 'finance' }
const candidate: Caller = { kind: 'person', subject: 'm1', role: 'candidate' }

test('a manager sees their own account, finance sees all, and what is not yours does not exist', async () => {
  const { get } = await serve()
  const account = { account_id: 'a1', manager_id: 'm1', balance: 0 }
  assert.deepEqual(await get(manager('m1'), '/accounts/a1'), { status: 200, body: account })
  assert.deepEqual(await get(finance, '/accounts/a1'), { status: 200, body: account })
  for (const path of ['/accounts/a1', '/accounts/a1/statement', '/accounts/a9', `/accounts/${fund}`]) {
    const refused = await get(manager('m2'), path)
    assert.deepEqual([refused.status, refused.body['code']], [404, 'account_unknown'], path)
  }
  assert.equal((await get(candidate, '/accounts/a1')).status, 403)
  assert.equal((await get(finance, '/operator/ledger')).status, 403)
})

test('a statement shows every booking once, newest first, with its sign, page by page', async () => {
  const { database, get } = await serve()
  const entry = { reason: 'task completed', candidateId: 'c1', creatorId: 'm1', rating: 50, policyVersion: 1 }
  for (let n = 1; n <= 7; n++) {
    const [debit, credit] = n % 3 === 0 ? ['a1', fund] : [fund, 'a1']
    const own = { businessKey: `k${n}`, factId: `01890000-0000-7000-8000-00000000000${n}`, taskId: `t${n}`, debit, credit, amount: n * 100 }
    await database.transaction(tx => post([{ ...entry, ...own }], tx))
  }
  const seen: number[] = []
  for (let path = '/accounts/a1/statement?limit=3'; ;) {
    const { body } = await get(manager('m1'), path)
    seen.push(...(body['bookings'] as { amount: number }[]).map(booking => booking.amount))
    if (body['next'] === null) break
    path = `/accounts/a1/statement?limit=3&before=${body['next'] as string}`
  }
  assert.deepEqual(seen, [700, -600, 500, 400, -300, 200, 100])
  assert.equal((await get(finance, '/accounts/a1')).body['balance'], 1_000)
})

test('a statement names whose account it is, and is right without the name while nobody knows it', async () => {
  const { get } = await serve()
  const nameAt = async (path: string): Promise<unknown> => (await get(finance, path)).body['name']
  assert.equal(await nameAt('/accounts/a1/statement'), 'Ada Byron')
  assert.equal(await nameAt('/accounts/a2/statement'), null)
  assert.equal(await nameAt(`/accounts/${fund}/statement`), null)
  managers.away = true
  const { status, body } = await get(finance, '/accounts/a1/statement')
  managers.away = false
  assert.deepEqual([status, body['name'], body['balance']], [200, null, 0])
})

test('a page of no rows or of too many, and a parameter that does not exist, are refused by name', async () => {
  const { get } = await serve()
  for (const [query, pointer] of [
    ['limit=0', '/limit'],
    ['limit=201', '/limit'],
    ['limit=x', '/limit'],
    ['before=-1', '/before'],
    ['after=1', '/after'],
  ] as const) {
    const { status, body } = await get(finance, `/accounts/a1/statement?${query}`)
    assert.deepEqual([status, (body['errors'] as { pointer: string }[])[0]?.pointer], [400, pointer], query)
  }
})
