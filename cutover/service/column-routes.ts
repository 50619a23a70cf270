import { compareColumns } from '../columns/fill.ts'
import type { ColumnChange } from '../contract/columns.ts'
import { reportOn } from '../columns/report.ts'
import type { ColumnStep } from '../columns/store.ts'
import { isTransient } from '../database/database.ts'
import { Problem } from '../failure/problem.ts'
import type { RouteDefinition } from '../http/server.ts'
import { underTerm } from '../switch/switch.ts'
import type { Stores } from './stores.ts'

const name = { type: 'string', minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9_.:-]+$' } as const
const term = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER } as const
/** What can be ordered, in the steps of a table, each of which is a transaction. */
const orders = {
  expand: ['expand'],
  retract: ['retract'],
  guard: ['guard'],
  unguard: ['unguard'],
  check: ['constrain', 'validate'],
  relax: ['relax'],
  tighten: ['tighten'],
  quarantine: ['quarantine'],
  restore: ['restore'],
  drop: ['drop'],
} as const satisfies Readonly<Record<string, readonly ColumnStep[]>>

const closed = (properties: object): object => ({
  type: 'object',
  additionalProperties: false,
  required: Object.keys(properties),
  properties,
})

/** What plans see and order about columns that change. */
export function columnRoutes(options: {
  readonly service: string
  readonly changes: readonly ColumnChange[]
  readonly stores: Pick<Stores, 'columns' | 'switch'>
  /** Writes down what this instance has seen of old columns, before anybody reads it. */
  readonly told: () => Promise<void>
}): RouteDefinition[] {
  const { service, changes, stores } = options
  const operator = { policy: 'operator', tags: ['operator'] } as const

  function of(change: string | undefined): readonly ColumnChange[] {
    const found = changes.filter(one => one.change === change)
    if (found.length === 0) throw new Problem('change_unknown', { detail: `${service} has no columns that change by ${change ?? ''}` })
    return found
  }

  const standing = async (change: string): Promise<object> => {
    await options.told()
    const tables = await Promise.all(
      of(change).map(async one => {
        const found = await stores.columns.stand(one)
        if (found === null) return []
        const { quietMs, ...stand } = found
        const job = await stores.columns.job(one)
        const fill =
          job === null
            ? null
            : {
                state: job.state,
                direction: job.direction,
                asked_by: job.askedBy,
                total: job.total,
                filled: job.filled,
                took_ms: Math.round(job.tookMs),
              }
        return [{ table: one.table, column: one.old, ...stand, quiet_ms: quietMs, fill }]
      }),
    )
    // A copy that was not made has no columns to change.
    return { change, tables: tables.flat() }
  }

  return [
    {
      ...operator,
      method: 'GET',
      path: '/operator/columns/{change}',
      operationId: 'operatorColumns',
      summary: 'How a change of columns stands in each table of this service: added, guarded, filled, who still reaches for the old one.',
      params: closed({ change: name }),
      handle: async ({ params: { change = '' } }) => ({ body: await standing(change) }),
    },
    {
      ...operator,
      method: 'GET',
      path: '/operator/columns/{change}/comparison',
      operationId: 'compareColumns',
      summary: 'Compares the old and the new columns of every row. Keys of rows that differ, never values.',
      params: closed({ change: name }),
      async handle({ params: { change = '' } }) {
        const tables = await Promise.all(
          of(change).map(async one => ({ table: one.table, ...(await compareColumns(stores.columns, one)) })),
        )
        return { body: { change, tables } }
      },
    },
    {
      ...operator,
      method: 'GET',
      path: '/operator/columns/{change}/report',
      operationId: 'reportColumns',
      summary: 'How the values that are stored now come out of the lens of a change: counts and keys, never values.',
      params: closed({ change: name }),
      async handle({ params: { change = '' } }) {
        const tables = await Promise.all(
          of(change).map(async one => ({ table: one.table, column: one.old, ...(await reportOn(stores.columns, one)) })),
        )
        return { body: { change, tables } }
      },
    },
    {
      ...operator,
      method: 'POST',
      path: '/operator/columns',
      operationId: 'orderColumns',
      repeats: { noKey: 'repeating the order changes nothing' },
      summary: 'One step of a change of columns, in all tables of this service that it concerns. Repeating it changes nothing.',
      body: closed({ change: name, do: { enum: Object.keys(orders) }, term }),
      async handle(request) {
        const order = request.body as { change: string; do: keyof typeof orders; term: number }
        for (const [change, step] of of(order.change).flatMap(one => orders[order.do].map(step => [one, step] as const))) {
          // A transaction each: a table that is in use holds up no other.
          const work = stores.columns.transaction(async tx => {
            await underTerm(stores.switch, tx, order.term)
            await stores.columns.step(tx, change, step)
          })
          await work.catch((cause: unknown) => {
            if (!isTransient(cause)) throw cause
            throw new Problem('unavailable', {
              detail: `the table ${change.table} is in use just now. Nothing was done to it; try again`,
              retryable: true,
              cause,
            })
          })
        }
        return { body: await standing(order.change) }
      },
    },
    {
      ...operator,
      method: 'POST',
      path: '/operator/columns/filling',
      operationId: 'fillColumns',
      repeats: { noKey: 'repeating the order changes nothing' },
      summary:
        'Begins to fill the new columns of rows that were there before, or the old one of rows that were written without it; or gives that up.',
      body: closed({ change: name, do: { enum: ['fill', 'fill_back', 'cancel'] }, asked_by: name, term }),
      async handle(request) {
        const order = request.body as { change: string; do: 'fill' | 'fill_back' | 'cancel'; asked_by: string; term: number }
        for (const change of of(order.change)) {
          await stores.columns.transaction(async tx => {
            await underTerm(stores.switch, tx, order.term)
            if (order.do === 'cancel') await stores.columns.cancel(tx, change, order.asked_by)
            else await stores.columns.begin(tx, change, order.do === 'fill' ? 'forward' : 'back', order.asked_by)
          })
        }
        return { body: await standing(order.change) }
      },
    },
  ]
}
