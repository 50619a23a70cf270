import type { ColumnsCompared, ColumnsStand } from '../plan/world.ts'
import type { LensTable } from '../api/plan.ts'
import { amount, type Fields, list, number, object, orNull, text, texts, wrong } from './fields.ts'

// What services answer about columns that change, and about versions of events.

/** `GET /operator/columns/{change}` */
export const readColumns = (answer: unknown): readonly ColumnsStand[] =>
  list(object(answer, 'columns').tables, 'columns/tables').map((item, at) => {
    const place = `columns/tables/${at}`
    const row = object(item, place)
    return {
      table: text(row.table, `${place}/table`),
      column: text(row.column, `${place}/column`),
      added: word(row.added, `${place}/added`, ['absent', 'present']),
      guard: word(row.guard, `${place}/guard`, ['none', 'new_rows', 'all_rows']),
      old: word(row.old, `${place}/old`, ['present', 'quarantined', 'absent']),
      relaxed: row.relaxed === true,
      rows: amount(row.rows, `${place}/rows`),
      filled: amount(row.filled, `${place}/filled`),
      quietMs: orNull(row.quiet_ms, value => number(value, `${place}/quiet_ms`)),
      uses: readUses(row.uses, place),
      fill: orNull(row.fill, value => readFill(object(value, `${place}/fill`), `${place}/fill`)),
    }
  })

const readUses = (uses: unknown, place: string): ColumnsStand['uses'] =>
  list(uses, `${place}/uses`).map(item => {
    const use = object(item, `${place}/uses`)
    return {
      who: text(use.who, `${place}/who`),
      what: text(use.what, `${place}/what`),
      count: amount(use.count, `${place}/count`),
      at: text(use.last_at, `${place}/last_at`),
    }
  })

const readFill = (row: Fields, place: string): NonNullable<ColumnsStand['fill']> => ({
  state: word(row.state, `${place}/state`, ['filling', 'done', 'cancelled']),
  askedBy: text(row.asked_by, `${place}/asked_by`),
  total: amount(row.total, `${place}/total`),
  filled: amount(row.filled, `${place}/filled`),
  tookMs: number(row.took_ms, `${place}/took_ms`),
})

/** `GET /operator/columns/{change}/comparison` */
export const readCompared = (answer: unknown): readonly ColumnsCompared[] =>
  list(object(answer, 'comparison').tables, 'comparison/tables').map((item, at) => {
    const row = object(item, `comparison/tables/${at}`)
    return {
      table: text(row.table, `comparison/tables/${at}/table`),
      rows: amount(row.rows, `comparison/tables/${at}/rows`),
      different: amount(row.different, `comparison/tables/${at}/different`),
      keys: [...texts(row.keys, `comparison/tables/${at}/keys`)],
    }
  })

/** `GET /operator/columns/{change}/report`, of one service. */
export const readLensTables = (answer: unknown, service: string): readonly LensTable[] =>
  list(object(answer, 'report').tables, 'report/tables').map((item, at) => {
    const place = `report/tables/${at}`
    const row = object(item, place)
    const kind = (value: unknown): LensTable['broken'] => {
      const one = object(value, place)
      return { rows: amount(one.rows, `${place}/rows`), keys: [...texts(one.keys, `${place}/keys`)] }
    }
    return {
      service,
      table: text(row.table, `${place}/table`),
      column: text(row.column, `${place}/column`),
      rows: amount(row.rows, `${place}/rows`),
      equal: amount(row.equal, `${place}/equal`),
      raw: amount(row.raw, `${place}/raw`),
      broken: kind(row.broken),
      flags: Object.fromEntries(Object.entries(object(row.flags, `${place}/flags`)).map(([flag, value]) => [flag, kind(value)])),
    }
  })

/** `GET /operator/versions/{event}` */
export function readVersionOf(answer: unknown): { readonly version: number; readonly newest: number; readonly epoch: number } {
  const row = object(answer, 'version')
  return {
    version: amount(row.version, 'version/version'),
    newest: amount(row.newest, 'version/newest'),
    epoch: amount(row.epoch, 'version/epoch'),
  }
}

const word = <Word extends string>(value: unknown, place: string, words: readonly Word[]): Word =>
  words.find(one => one === value) ?? wrong(place, words.join(' or '), value)
