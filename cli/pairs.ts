import type { PairContent, PairVerdict, ParityPair } from '@cutover/engine/api/plan'
import { type Style, plain, styled, table } from './print.ts'

const styleOf: Readonly<Record<PairVerdict, Style | null>> = {
  equal: 'green',
  different: 'red',
  missing: 'red',
  extra: 'red',
  late: 'yellow',
  undecided: null,
}

/** Pairs as a table, one line each. */
export const pairsText = (pairs: readonly ParityPair[], width: number | null, dots: string): string =>
  table<ParityPair>(
    [
      { head: 'verdict', cell: ({ verdict }) => verdict, style: ({ verdict }) => styleOf[verdict] },
      { head: 'handled by HTTP', cell: ({ acted_at: at }) => time(at) },
      { head: 'recorded by event', cell: ({ recorded_at: at }) => time(at) },
      { head: 'key', cell: ({ key }) => key },
    ],
    pairs,
    width,
    dots,
  )

const time = (at: string | null): string | null => (at === null ? null : at.slice(11, 23))

/** One pair: both sides beside each other, field by field, and which fields differ. */
export function pairText(pair: ParityPair, width: number | null): string {
  const { key, fact_id: fact, verdict, by_http: byHttp, by_event: byEvent } = pair
  const style = styleOf[verdict]
  const fields = [...new Set([...Object.keys(byHttp ?? {}), ...Object.keys(byEvent ?? {})])]
  const rows = [
    ...fields.map(field => ({ field, http: side(byHttp, field), event: side(byEvent, field) })),
    { field: 'at', http: pair.acted_at ?? 'not yet', event: pair.recorded_at ?? 'not yet' },
  ].map((row, index) => ({ ...row, differs: index < fields.length && row.http !== row.event }))
  const differs = (row: { differs: boolean }): Style | null => (row.differs ? 'red' : null)
  const sides = table(
    [
      { head: '', cell: row => (row.differs ? '!' : ''), style: differs },
      { head: 'field', cell: row => row.field },
      { head: 'by HTTP', cell: row => row.http, style: differs },
      { head: 'by event', cell: row => row.event, style: differs },
    ],
    rows,
    width,
  )
  return `${style === null ? verdict : styled(style, verdict)}: ${plain(key)}, fact ${plain(fact)}\n${sides}`
}

const side = (content: PairContent | null, field: string): string => {
  if (content === null) return 'nothing'
  const value = content[field]
  return value === undefined ? 'absent' : value === null ? 'null' : String(value)
}
