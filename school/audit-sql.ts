import type { Database } from 'cutover/database'
import type { Audit, AuditRow } from 'cutover/service'

/**
 * One side of a link as plain rows. `from` is a from-clause with its where; `cursor` a column, unique and rising, that
 * pages follow; `key` and `content` are expressions over the same rows.
 */
export function auditOver(
  database: Database,
  side: {
    link: string
    side: 'fact' | 'effect'
    from: string
    cursor: { column: string; type: 'text' | 'bigint' | 'uuid' }
    key: string
    factId?: string
    content: Readonly<Record<string, string>>
  },
): Audit {
  const content = Object.entries(side.content)
    .map(([name, expression]) => `'${name}', ${expression}`)
    .join(', ')
  const columns = `${side.cursor.column}::text as cursor, ${side.key} as key, ${side.factId ?? 'null'}::text as fact_id, json_build_object(${content}) as content`
  const toRow = (row: { key: string; fact_id: string | null; content: AuditRow['content'] }): AuditRow => ({
    key: row.key,
    ...(row.fact_id === null ? {} : { factId: row.fact_id }),
    content: row.content,
  })
  type Row = { cursor: string; key: string; fact_id: string | null; content: AuditRow['content'] }
  return {
    link: side.link,
    side: side.side,
    async page(after, limit) {
      const { rows } = await database.query<Row>(
        `select ${columns} from ${side.from} and ($1::${side.cursor.type} is null or ${side.cursor.column} > $1::${side.cursor.type})
          order by ${side.cursor.column} limit $2`,
        [after, limit],
      )
      return { rows: rows.map(toRow), next: rows.length === limit ? (rows.at(-1)?.cursor ?? null) : null }
    },
    async find(keys) {
      const { rows } = await database.query<Row>(`select ${columns} from ${side.from} and ${side.key} = any($1::text[])`, [keys])
      return rows.map(toRow)
    },
  }
}
