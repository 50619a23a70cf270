import type { Database } from '../cutover/database/database.ts'

const copied = ['receipt', 'parked', 'dead_letter', 'epoch_seen', 'late_arrival', 'compared', 'effect', 'consumer_partition']

/** All that a receiver's database holds, put aside in it. */
export async function copyOf(database: Database): Promise<() => Promise<void>> {
  for (const table of copied) await database.query(`create table backup_${table} as table ${table}`)
  return () =>
    database.transaction(async tx => {
      for (const table of copied) {
        await tx.query(`delete from ${table}`)
        await tx.query(`insert into ${table} overriding system value table backup_${table}`)
      }
    })
}

/** The one number that a query answers with. */
export async function figure(database: Database, sql: string): Promise<number> {
  const { rows } = await database.query<{ figure: string }>(`select (${sql}) as figure`)
  return Number(rows[0]?.figure)
}
