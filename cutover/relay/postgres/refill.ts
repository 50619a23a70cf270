import type { Database } from '../../database/database.ts'
import type { IssuedRow, Refill, RelayStore } from '../store.ts'
import { lookedAt } from './looked-at.ts'

const rowsSql = `${lookedAt('outbox')} where stamps -> $1 ->> 'route' = 'event' and position > $2 and position <= $3 order by position limit $4`
const columns = 'number, gap, position, carried, until, looked, sent, began_at, ended_at'
interface RefillRow {
  readonly number: string
  readonly gap: string | null
  readonly position: string
  readonly carried: string
  readonly until: string
  readonly looked: string
  readonly sent: string
  readonly began_at: Date
  readonly ended_at: Date | null
}
const toRefill = (row: RefillRow): Refill => ({
  number: row.number,
  gap: row.gap,
  position: BigInt(row.position),
  carried: BigInt(row.carried),
  until: BigInt(row.until),
  looked: Number(row.looked),
  sent: Number(row.sent),
  beganAt: row.began_at,
  endedAt: row.ended_at,
})

/** The part of the relay's store that refills need. */
export function refillOperations(database: Database): Pick<RelayStore, 'askRefill' | 'refill' | 'refillRows' | 'moveRefill'> {
  async function read(link: string): Promise<Refill | null> {
    const { rows } = await database.query<RefillRow>(`select ${columns} from refill where link = $1`, [link])
    return rows[0] === undefined ? null : toRefill(rows[0])
  }

  return {
    async askRefill(link, gap) {
      const { rows } = await database.query<RefillRow>(
        `insert into refill as r (link, number, gap, position, carried, until)
         select $1, 1, $2, coalesce((select position from relay_lane where lane = 'sweep:' || $1), 0), 0,
                coalesce((select position from relay_lane where lane = 'event'), 0)
         on conflict (link) do update set number = r.number + 1, gap = excluded.gap, position = excluded.position, carried = 0,
           until = excluded.until, looked = 0, sent = 0, began_at = clock_timestamp(), ended_at = null
          where r.ended_at is not null
         returning ${columns}`,
        [link, gap],
      )
      // None came back: one is under way.
      const begun = rows[0] === undefined ? await read(link) : toRefill(rows[0])
      if (begun === null) throw new Error(`the refill of ${link} is gone`)
      return begun
    },
    refill: read,
    async refillRows(link, after, until, limit) {
      const { rows } = await database.query<IssuedRow>(rowsSql, [link, after.toString(), until.toString(), limit])
      return rows
    },
    async moveRefill(link, { number, position, carried, looked, sent }, over) {
      await database.query(
        `update refill set position = $3, carried = $4, looked = $5, sent = $6, ended_at = case when $7 then clock_timestamp() end
          where link = $1 and number = $2 and ended_at is null`,
        [link, number, position.toString(), carried.toString(), looked, sent, over],
      )
    },
  }
}
