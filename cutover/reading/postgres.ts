import type { Database } from '../database/database.ts'
import { wake } from '../receive/postgres.ts'
import { waitFor } from '../replica/definition.ts'
import { type Answers, mismatchesMax, mismatchesShown, type Reading, type ReadingStore, type ReadTotals } from './store.ts'

interface ReadingRow {
  readonly link: string
  readonly answers: Answers
  readonly compares: boolean
  readonly epoch: string
}

const toReading = ({ answers, compares, epoch }: ReadingRow): Reading => ({ answers, compares, epoch: Number(epoch) })
const counted = ['equal', 'stale', 'different', 'missing', 'extra', 'failed', 'skipped'] as const

export const openReadingStore = (database: Database): ReadingStore => ({
  async install(links) {
    await database.query('insert into reading (link, answers) select * from unnest($1::text[], $2::text[]) on conflict (link) do nothing', [
      links.map(one => one.link),
      links.map(one => one.answers),
    ])
  },
  async all() {
    const { rows } = await database.query<ReadingRow>('select link, answers, compares, epoch from reading', [])
    return Object.fromEntries(rows.map(row => [row.link, toReading(row)]))
  },
  transaction: work => database.transaction(work),
  async lock(tx, link) {
    const { rows } = await tx.query<ReadingRow>('select link, answers, compares, epoch from reading where link = $1 for update', [link])
    return rows[0] === undefined ? undefined : toReading(rows[0])
  },
  async move(tx, link, { answers, compares, epoch }) {
    await tx.query('update reading set answers = $2, compares = $3, epoch = $4, changed_at = now() where link = $1', [
      link,
      answers,
      compares,
      epoch,
    ])
  },

  async count(link, epoch, instance, counts, mismatches) {
    await database.transaction(async tx => {
      // A row that differs or fails begins the row of good ones anew; what came after it in the same batch is not known apart.
      const broken = counts.different + counts.missing + counts.extra + counts.failed > 0
      await tx.query(
        `insert into read_compared as c (link, epoch, instance, ${counted.join(', ')}, in_a_row)
         values ($1, $2, $3, ${counted.map((_, at) => `$${at + 5}::bigint`).join(', ')}, case when $4 then 0 else $5::bigint + $6::bigint end)
         on conflict (link, epoch, instance) do update set ${counted.map(one => `${one} = c.${one} + excluded.${one}`).join(', ')},
           in_a_row = case when $4 then 0 else c.in_a_row + excluded.in_a_row end`,
        [link, epoch, instance, broken, ...counted.map(one => counts[one])],
      )
      if (mismatches.length === 0) return
      await tx.query(
        `insert into read_mismatch (link, epoch, key, verdict, columns, lag_ms)
         select $1, $2, m.key, m.verdict, string_to_array(m.columns, ','), m.lag
           from unnest($3::text[], $4::text[], $5::text[], $6::float8[]) as m(key, verdict, columns, lag)`,
        [
          link,
          epoch,
          mismatches.map(one => one.key),
          mismatches.map(one => one.verdict),
          mismatches.map(one => one.columns.join(',')),
          mismatches.map(one => one.lagMs),
        ],
      )
    })
  },
  async totals(link, epoch) {
    const { rows } = await database.query<ReadTotals>(
      `select ${counted.map(one => `coalesce(sum(${one}), 0)::int as ${one}`).join(', ')}, coalesce(sum(in_a_row), 0)::int as in_a_row,
              (select percentile_cont(0.5) within group (order by lag_ms) from read_mismatch where link = $1 and epoch = $2 and verdict = 'stale') as lag_p50_ms,
              (select percentile_cont(0.99) within group (order by lag_ms) from read_mismatch where link = $1 and epoch = $2 and verdict = 'stale') as lag_p99_ms,
              round((coalesce(sum(equal + stale), 0) / greatest(1, (select extract(epoch from now() - changed_at) from reading where link = $1)))::numeric, 1)::float8 as rate
         from read_compared where link = $1 and epoch = $2`,
      [link, epoch],
    )
    return rows[0] as ReadTotals
  },
  async mismatches(link, epoch) {
    const { rows } = await database.query(
      `select key, verdict, columns, lag_ms, at from read_mismatch where link = $1 and epoch = $2 order by id desc limit ${mismatchesShown}`,
      [link, epoch],
    )
    return rows
  },

  async gather(link, key, { row, revision }) {
    await database.transaction(async tx => {
      await tx.query(
        `insert into gathered (link, key, row, revision) values ($1, $2, $3, $4)
         on conflict (link, key) do update set row = excluded.row, revision = excluded.revision, at = now()
          where gathered.revision <= excluded.revision`,
        [link, key, JSON.stringify(row), revision],
      )
      await wake(tx, [waitFor(link, key)])
    })
  },
  async hasGathered(link, key) {
    const { rowCount } = await database.query('select from gathered where link = $1 and key = $2', [link, key])
    return rowCount > 0
  },
  async wakeAll(link) {
    await database.query(`update parked set next_at = clock_timestamp() where starts_with(waits_for, $1) and next_at > clock_timestamp()`, [
      waitFor(link, ''),
    ])
  },
  async gathered(tx, link, keys) {
    const { rows } = await tx.query<{ key: string; row: Record<string, unknown>; revision: string }>(
      'select key, row, revision from gathered where link = $1 and key = any($2::text[])',
      [link, keys],
    )
    return new Map(rows.map(({ key, row, revision }) => [key, { row, revision: Number(revision) }]))
  },
  async forget(minutes) {
    await database.query(`delete from gathered where at < now() - $1 * interval '1 minute'`, [minutes])
    await database.query(
      `delete from read_mismatch m using reading r where r.link = m.link
         and (m.epoch < r.epoch - 1 or m.id <= (select id from read_mismatch n where n.link = m.link order by id desc offset ${mismatchesMax} limit 1))`,
      [],
    )
    await database.query('delete from read_compared c using reading r where r.link = c.link and c.epoch < r.epoch - 1', [])
  },
})
