import { markOf } from '../columns/columns.ts'
import type { ColumnMode } from '../contract/columns.ts'
import type { Database } from '../database/database.ts'
import type { ReplicaDefinition } from '../replica/definition.ts'
import { digestOf, shownColumn } from '../replica/postgres.ts'
import type { SourceDefinition } from '../snapshot/source.ts'
import type { Audit, AuditRow } from './audit.ts'

const beforeAll = { text: '', bigint: '-1', uuid: '00000000-0000-0000-0000-000000000000' } as const

export interface Side {
  readonly link: string
  readonly side: 'fact' | 'effect'
  /** A from-clause with its where. */
  readonly from: string
  /** A column, unique and rising, that pages follow. */
  readonly cursor: { readonly column: string; readonly type: keyof typeof beforeAll }
  /** The columns that make up the key, joined by `:`; an index on them makes `find` quick. */
  readonly key: readonly { readonly column: string; readonly type: 'text' | 'bigint' | 'uuid' }[]
  readonly factId?: string
  /** Expressions by name. */
  readonly content: Readonly<Record<string, string>>
}

/** One side of a link as plain rows. */
export function auditOver(database: Database, side: Side): Audit {
  const { cursor, key } = side
  const content = Object.entries(side.content).map(([name, expression]) => `'${name}', ${expression}`)
  const columns = [
    `${cursor.column}::text as cursor`,
    `concat_ws(':', ${key.map(part => part.column).join(', ')}) as key`,
    `${side.factId ?? 'null'}::text as fact_id`,
    `json_build_object(${content.join(', ')}) as content`,
  ].join(', ')
  type Row = { cursor: string; key: string; fact_id: string | null; content: AuditRow['content'] }
  const toRow = (row: Row): AuditRow => ({ key: row.key, ...(row.fact_id === null ? {} : { factId: row.fact_id }), content: row.content })
  // Not `$1 is null or …`: a plan that is kept for all values could not use the index for that, and every page would
  // read all pages before it.
  const pageSql = `select ${columns} from ${side.from} and ${cursor.column} > coalesce($1, '${beforeAll[cursor.type]}')::${cursor.type}
    order by ${cursor.column} limit $2`
  const parts = key.map((part, index) => `split_part(one, ':', ${index + 1})::${part.type}`)
  const findSql = `select ${columns} from ${side.from} and (${key.map(part => part.column).join(', ')}) in (select ${parts.join(', ')} from unnest($1::text[]) as one)`
  const any = [
    ...key.map(part => part.column),
    ...(side.factId === undefined ? [] : [side.factId]),
    `concat_ws(':', ${key.map(part => part.column).join(', ')})`,
  ]
  const aboutSql = `select ${columns} from ${side.from} and (${any.map(one => `(${one})::text = any($1::text[])`).join(' or ')}) limit $2`
  return {
    link: side.link,
    side: side.side,
    async about(ids, limit) {
      const { rows } = await database.query<Row>(aboutSql, [ids, limit])
      return rows.map(toRow)
    },
    async page(after, limit) {
      const { rows } = await database.query<Row>(pageSql, [after, limit])
      return { rows: rows.map(toRow), next: rows.length === limit ? (rows.at(-1)?.cursor ?? null) : null }
    },
    async find(keys) {
      const { rows } = await database.query<Row>(findSql, [keys.filter(one => one.split(':').length === key.length)])
      return rows.map(toRow)
    },
  }
}

/** What the owner's rows say, for each link that carries them: the revision, and a digest of what the reader keeps. */
export const sourceAudits = (database: Database, source: SourceDefinition): Audit[] =>
  Object.entries(source.links).map(([link, kept]) =>
    auditOver(database, {
      link,
      side: 'fact',
      from: source.from,
      cursor: source.cursor,
      key: source.key,
      content: {
        revision: source.revision ?? '1',
        removed: source.removed ?? 'false',
        digest: digestOf(kept.map(column => source.columns[column] ?? `null`)),
      },
    }),
  )

/** What the copy says. A copy that is not there has no rows. */
export function copyAudit(database: Database, definition: ReplicaDefinition, mode: ColumnMode = 'old'): Audit {
  const { link, table, key, columns, change } = definition
  const typed = key.map(column => ({ column, type: columns[column] as 'text' | 'uuid' }))
  const over = auditOver(database, {
    link,
    side: 'effect',
    from: `${table} ${change === undefined ? '' : markOf(change.change)} where true`,
    cursor: typed[0] as Side['cursor'],
    key: typed,
    content: {
      revision: 'revision',
      removed: 'removed',
      digest: digestOf(Object.keys(columns).map(name => shownColumn(definition, mode, name))),
    },
  })
  const there = async (): Promise<boolean> => {
    const { rows } = await database.query<{ kind: string | null }>(
      'select (select relkind from pg_class where oid = to_regclass($1)) as kind',
      [table],
    )
    return rows[0]?.kind === 'r'
  }
  return {
    ...over,
    page: async (after, limit) => ((await there()) ? over.page(after, limit) : { rows: [], next: null }),
    find: async keys => ((await there()) ? over.find(keys) : []),
    about: async (ids, limit) => ((await there()) ? ((await over.about?.(ids, limit)) ?? []) : []),
  }
}
