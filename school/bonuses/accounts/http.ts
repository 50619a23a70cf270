import type { Columns } from 'cutover/columns/access'
import type { Database } from 'cutover/database'
import { Problem } from 'cutover/failure'
import type { HttpRequest, RouteDefinition } from 'cutover/http/server'
import type { LinkReader } from 'cutover/service'
import { closed, id, pageLimit } from '../../contracts/bounds.ts'
import type { Manager } from '../../contracts/http/manager.ts'
import { csvAnswer, formatParameter, wantsCsv } from '../csv/csv.ts'
import { checkBooks } from '../ledger/ledger.ts'
import { demandPeriod } from '../periods/closing.ts'
import { periodId } from '../periods/period.ts'
import { latest, statementHead, statementPages } from './statement.ts'

/** A manager sees their own account and no other; finance sees all. */
const ownerOf = (request: HttpRequest): string | null =>
  request.caller?.kind === 'person' && request.caller.role === 'manager' ? request.caller.subject : null

async function accountOf(
  database: Database,
  request: HttpRequest,
): Promise<{ account_id: string; manager_id: string | null; balance: number }> {
  const { rows } = await database.query<{ account_id: string; manager_id: string | null; balance: string }>(
    'select account_id, manager_id, balance from account where account_id = $1 and ($2::text is null or manager_id = $2)',
    [request.params['id'], ownerOf(request)],
  )
  const account = rows[0]
  if (account === undefined) throw new Problem('account_unknown', { detail: 'there is no account with this id, or it is not yours' })
  return { ...account, balance: Number(account.balance) }
}

/** Whose account it is; null while that is not to be had: a statement is right without. */
async function nameOf(managers: LinkReader<Manager>, managerId: string | null): Promise<string | null> {
  if (managerId === null) return null
  const kept = await managers.get(managerId).catch(() => null)
  return kept === null ? null : `${kept.row.first_name} ${kept.row.last_name}`
}

export const accountRoutes = (database: Database, managers: LinkReader<Manager>, titles: Columns): RouteDefinition[] => [
  {
    method: 'GET',
    path: '/accounts/{id}',
    operationId: 'getAccount',
    summary: 'A bonus account and its balance in minor units.',
    policy: { persons: ['manager', 'finance'] },
    params: closed({ id }),
    handle: async request => ({ body: await accountOf(database, request) }),
  },
  {
    method: 'GET',
    path: '/accounts/{id}/statement',
    operationId: 'getStatement',
    summary:
      'The bookings of an account: newest first from before `before`; as CSV all of them, oldest first, each with the balance after it.',
    policy: { persons: ['manager', 'finance'] },
    params: closed({ id }),
    query: {
      type: 'object',
      additionalProperties: false,
      properties: {
        before: { type: 'string', pattern: '^[0-9]{1,18}$' },
        limit: pageLimit,
        period: periodId,
        format: formatParameter,
      },
    },
    async handle(request) {
      const account = await accountOf(database, request)
      const period = request.query['period'] as string | undefined
      if (period !== undefined) await demandPeriod(database, period)
      if (wantsCsv(request)) {
        const name = ['statement', account.account_id, ...(period === undefined ? [] : [period])].join('-')
        return csvAnswer(name, statementHead, statementPages(database, titles, account.account_id, period))
      }
      const limit = Number(request.query['limit'] ?? 50)
      const before = request.query['before'] as string | undefined
      const rows = await latest(database, titles, account.account_id, {
        limit,
        ...(before === undefined ? {} : { before }),
        ...(period === undefined ? {} : { period }),
      })
      const name = await nameOf(managers, account.manager_id)
      return { body: { ...account, name, bookings: rows, next: rows.length === limit ? (rows.at(-1)?.position ?? null) : null } }
    },
  },
  {
    method: 'GET',
    path: '/operator/ledger',
    operationId: 'operatorLedger',
    summary: 'Whether the books are right: balances sum to zero, and each equals its recomputation.',
    policy: 'operator',
    tags: ['operator'],
    handle: async () => ({ body: await checkBooks(database) }),
  },
]
