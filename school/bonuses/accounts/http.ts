import type { Database } from 'cutover/database'
import { Problem } from 'cutover/failure'
import type { HttpRequest, RouteDefinition } from 'cutover/http/server'
import type { LinkReader } from 'cutover/service'
import { closed, id, pageLimit } from '../../contracts/bounds.ts'
import type { Manager } from '../../contracts/http/manager.ts'
import { checkBooks } from '../ledger/ledger.ts'

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

export const accountRoutes = (database: Database, managers: LinkReader<Manager>): RouteDefinition[] => [
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
    summary: 'The bookings of an account, newest first, from before `before`.',
    policy: { persons: ['manager', 'finance'] },
    params: closed({ id }),
    query: {
      type: 'object',
      additionalProperties: false,
      properties: { before: { type: 'string', pattern: '^[0-9]{1,18}$' }, limit: pageLimit },
    },
    async handle(request) {
      const account = await accountOf(database, request)
      const limit = Number(request.query['limit'] ?? 50)
      const { rows } = await database.query<{ position: string }>(
        `select position::text as position, reason, task_id, candidate_id, rating, booked_at,
                (case when credit_account = $1 then amount else -amount end)::float8 as amount
           from ledger where (credit_account = $1 or debit_account = $1) and position < $2 order by ledger.position desc limit $3`,
        [account.account_id, request.query['before'] ?? '999999999999999999', limit],
      )
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
