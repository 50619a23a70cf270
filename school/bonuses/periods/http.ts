import type { Database } from 'cutover/database'
import { Problem } from 'cutover/failure'
import type { HttpAnswer, HttpRequest, RouteDefinition } from 'cutover/http/server'
import type { Once } from 'cutover/service'
import { closed, pageLimit } from '../../contracts/bounds.ts'
import { type Cell, csvAnswer, formatParameter, wantsCsv } from '../csv/csv.ts'
import { type Comparison, compareWithFinance } from '../payouts/comparison.ts'
import type { Finance } from '../payouts/finance.ts'
import { closePeriod, type ClosingPorts, demandPeriod } from './closing.ts'
import { periodId } from './period.ts'
import { type AccountLine, accountLines, booksOf } from './reconciliation.ts'

const periodsMax = 200
const csvPageSize = 5_000
const samplesMax = 100
const params = closed({ id: periodId })
const finance = { persons: ['finance'] } as const

export const periodRoutes = (ports: ClosingPorts & { readonly finance: Finance; readonly once: Once }): RouteDefinition[] => [
  {
    method: 'GET',
    path: '/periods',
    operationId: 'listPeriods',
    summary: 'The periods, latest first: the one that is open, and those that are closed.',
    policy: finance,
    handle: async () => ({ body: { periods: await periods(ports.database) } }),
  },
  {
    method: 'POST',
    path: '/periods/{id}/close',
    operationId: 'closePeriod',
    repeats: { key: 'accepted' },
    summary: 'Closes the open period, opens the next and stores what is to be paid out. The same again changes nothing.',
    policy: finance,
    params,
    handle(request) {
      const by = request.caller?.kind === 'person' ? request.caller.subject : ''
      const asked = { period: String(request.params['id']), by }
      return closePeriod(ports, asked, close => ports.once(request, async tx => ({ body: await close(tx) })))
    },
  },
  {
    method: 'GET',
    path: '/periods/{id}/reconciliation',
    operationId: 'reconcilePeriod',
    summary: 'What every account did in a period, added up anew, and compared with what the finance service says that it has paid.',
    policy: finance,
    params,
    query: {
      type: 'object',
      additionalProperties: false,
      properties: { after: { type: 'string', maxLength: 64 }, limit: pageLimit, format: formatParameter },
    },
    handle: request => reconcile(ports, request),
  },
]

interface PeriodRow {
  readonly period: string
  readonly state: 'open' | 'closed'
  readonly closed_at: Date | null
  readonly closed_by: string | null
}

async function periods(database: Database): Promise<readonly PeriodRow[]> {
  const { rows } = await database.query<PeriodRow>(
    `select period_id as period, case when closed_at is null then 'open' else 'closed' end as state, closed_at, closed_by
       from period order by period_id desc limit $1`,
    [periodsMax],
  )
  return rows
}

const head: readonly (keyof AccountLine)[] = [
  'account',
  'opening',
  'credits',
  'debits',
  'paid',
  'closing',
  'held',
  'payout',
  'payout_state',
  'carried',
]

async function reconcile({ database, finance }: ClosingPorts & { readonly finance: Finance }, request: HttpRequest): Promise<HttpAnswer> {
  const period = String(request.params['id'])
  await demandPeriod(database, period)
  if (wantsCsv(request)) return csvAnswer(`reconciliation-${period}`, head, csvPages(database, period))
  const limit = Number(request.query['limit'] ?? 50)
  const [{ rows }, books, accounts] = await Promise.all([
    database.query<{ closed_at: Date | null }>('select closed_at from period where period_id = $1', [period]),
    booksOf(database, period),
    accountLines(database, period, (request.query['after'] as string | undefined) ?? '', limit),
  ])
  const closedAt = rows[0]?.closed_at ?? null
  const compared = closedAt === null ? 'the period is open: nothing of it is owed yet' : await compare(database, finance, period)
  const known = typeof compared === 'string' ? null : compared
  return {
    body: {
      period,
      state: closedAt === null ? 'open' : 'closed',
      closed_at: closedAt,
      ...books,
      // True only when both sides were asked and nothing differs.
      agrees: known === null ? null : known.differences.length === 0,
      finance: known === null ? null : shortened(known),
      finance_unknown: typeof compared === 'string' ? compared : null,
      accounts,
      next: accounts.length === limit ? (accounts.at(-1)?.account ?? null) : null,
    },
  }
}

/** The comparison, or why there is none: the books are shown all the same. */
async function compare(database: Database, finance: Finance, period: string): Promise<Comparison | string> {
  try {
    return await compareWithFinance(database, finance, period)
  } catch (error) {
    if (error instanceof Problem && error.code === 'unavailable') return error.message
    throw error
  }
}

const shortened = ({ unconfirmed, differences, ...rest }: Comparison) => ({
  ...rest,
  unconfirmed: { count: unconfirmed.length, accounts: unconfirmed.slice(0, samplesMax) },
  differences: { count: differences.length, samples: differences.slice(0, samplesMax) },
})

async function* csvPages(database: Database, period: string): AsyncGenerator<readonly (readonly Cell[])[]> {
  for (let after = ''; ;) {
    const lines = await accountLines(database, period, after, csvPageSize)
    yield lines.map(line => head.map(name => line[name]))
    const last = lines.at(-1)
    if (last === undefined || lines.length < csvPageSize) return
    after = last.account
  }
}
