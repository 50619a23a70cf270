import { toHeaders } from '../contract/headers.ts'
import type { Route } from '../contract/contract.ts'
import type { Message } from '../contract/message.ts'
import type { Database, Tx } from '../database/database.ts'
import { storable } from '../database/storable.ts'
import { stretchSql } from '../database/stretch-sql.ts'
import { openAgain } from '../database/open-again-sql.ts'
import { capabilityWaits, versionWaits } from './judge.ts'
import { firstWaitMs, forgottenMax, parkedMax, type ParkedRow, type Receipt, type ReceiveStore, waitMsMax } from './store.ts'

/** Brings back what waits for any of these, in the transaction that stored what it waited for. */
export async function wake(tx: Tx, waitsFor: readonly string[]): Promise<void> {
  if (waitsFor.length === 0) return
  await tx.query('update parked set next_at = clock_timestamp() where waits_for = any($1::text[])', [waitsFor])
}

const receivedSql = stretchSql('receipt', 'link = $3')
const parkedColumns = 'link, fact_id, waits_for, tries, headers, bytes, extract(epoch from now() - parked_at)::float8 * 1000 as waited_ms'

/** The columns that both sides of a comparison give; copies of one fact in one call are one row. */
const parityColumns = (link: string, messages: readonly Message[]): readonly unknown[] => [
  messages.map(one => one.factId),
  messages.map(one => one.businessKey),
  messages.map(one => one.stamps[link]?.epoch ?? 0),
]

export const openReceiveStore = (database: Database): ReceiveStore => ({
  transaction: work => database.transaction(work),

  async epochSeen(link) {
    const { rows } = await database.query<{ epoch: string }>('select epoch from epoch_seen where link = $1', [link])
    return Number(rows[0]?.epoch ?? 0)
  },
  async seeStamp(tx, link, { epoch, route }) {
    await tx.query(
      `insert into epoch_seen as seen (link, epoch, route) values ($1, $2, $3)
       on conflict (link) do update set epoch = excluded.epoch, route = excluded.route
         where seen.epoch < excluded.epoch or (seen.epoch = excluded.epoch and seen.route is distinct from excluded.route)`,
      [link, epoch, route],
    )
  },
  async known(tx, link, facts) {
    type Row = { epoch: string | null; route: Route | null; fact_id: string | null } & Receipt
    const { rows } = await tx.query<Row>(
      // One look-up per fact, and the planner cannot make it anything else: a plan that was made while the table was small
      // and kept would read all of it for every batch. One row at least, with the newest stamp.
      `select seen.epoch, seen.route, known.fact_id, known.outcome, known.detail, known.business_key as "businessKey"
         from (values (1)) as one left join epoch_seen as seen on seen.link = $1
         left join (
           select fact_id, r.outcome, r.detail, r.business_key from unnest($2::uuid[]) as f(fact_id)
            cross join lateral (select outcome, detail, business_key from receipt where receipt.fact_id = f.fact_id and link = $1 limit 1) as r
         ) as known on true`,
      [link, facts],
    )
    return {
      receipts: new Map(
        rows.flatMap(({ fact_id: fact, outcome, detail, businessKey }) =>
          fact === null ? [] : [[fact, { outcome, detail, businessKey }]],
        ),
      ),
      newest: { epoch: Number(rows[0]?.epoch ?? 0), route: rows[0]?.route ?? null },
    }
  },
  async noteLate(tx, link, late) {
    if (late.length === 0) return
    await tx.query(
      `insert into late_arrival as noted (link, route, count, fact_id, epoch, at)
       select $1, l.route, count(*), (array_agg(l.fact_id order by l.place desc))[1], (array_agg(l.epoch order by l.place desc))[1], clock_timestamp()
         from unnest($2::uuid[], $3::text[], $4::bigint[]) with ordinality as l(fact_id, route, epoch, place)
        where not exists (select from parked p where p.link = $1 and p.fact_id = l.fact_id)
          and not exists (select from dead_letter d where d.link = $1 and d.fact_id = l.fact_id and d.side = 'receive')
        group by l.route
       on conflict (link, route) do update
         set count = noted.count + excluded.count, fact_id = excluded.fact_id, epoch = excluded.epoch, at = excluded.at`,
      [link, late.map(one => one.factId), late.map(one => one.stamps[link]?.route), late.map(one => one.stamps[link]?.epoch)],
    )
  },
  async late(link, route) {
    const { rows } = await database.query<{ count: string; fact: string; epoch: string; at: Date }>(
      'select count, fact_id as fact, epoch, at from late_arrival where link = $1 and route = $2',
      [link, route],
    )
    const row = rows[0]
    return row === undefined
      ? { count: 0, fact: null, epoch: null, at: null }
      : { count: Number(row.count), fact: row.fact, epoch: Number(row.epoch), at: row.at }
  },
  async compared(link) {
    const { rows } = await database.query<{ beyond: string }>('select beyond from compared where link = $1', [link])
    return BigInt(rows[0]?.beyond ?? 0)
  },
  async tellCompared(link, known, beyond) {
    const { rows } = await database.query<{ beyond: string }>(
      `with first as (insert into compared (link, beyond) select $1, $3 where $2::bigint = 0 on conflict do nothing returning beyond),
            next as (update compared set beyond = $3 where link = $1 and beyond = $2 returning beyond)
       select coalesce((select beyond from first), (select beyond from next), (select beyond from compared where link = $1), 0) as beyond`,
      [link, known.toString(), beyond.toString()],
    )
    return BigInt(rows[0]?.beyond ?? 0)
  },
  async writeOff(tx, link, via, { fact, position, by }) {
    await tx.query(
      `insert into receipt (link, fact_id, position, outcome, detail, via) values ($1, $2, $3, 'written_off', $4, $5) on conflict do nothing`,
      [link, fact, position, storable(by), via],
    )
    const { rows } = await tx.query<{ outcome: string }>('select outcome from receipt where fact_id = $1 and link = $2', [fact, link])
    return rows[0]?.outcome ?? 'written_off'
  },
  async storeReceipts(tx, link, via, receipts) {
    if (receipts.length === 0) return
    await tx.query(
      `insert into receipt (link, fact_id, position, outcome, detail, business_key, via)
       select $1, r.fact_id, r.position, r.outcome, r.detail, r.business_key, $2
         from unnest($3::uuid[], $4::bigint[], $5::text[], $6::text[], $7::text[]) as r(fact_id, position, outcome, detail, business_key)
       on conflict do nothing`,
      [
        link,
        via,
        receipts.map(one => one.message.factId),
        receipts.map(one => one.message.position),
        receipts.map(one => one.outcome),
        receipts.map(one => one.detail),
        receipts.map(one => one.message.businessKey),
      ],
    )
  },
  async park(tx, link, via, waiting) {
    if (waiting.length === 0) return
    await tx.query(
      `insert into parked (link, fact_id, waits_for, next_at, headers, bytes)
       select $1, p.fact_id, p.waits_for,
              case when starts_with(p.waits_for, '${capabilityWaits}') or starts_with(p.waits_for, '${versionWaits}') then 'infinity' else clock_timestamp() + interval '${firstWaitMs} ms' end,
              p.headers, p.bytes
         from unnest($2::uuid[], $3::text[], $4::text[], $5::text[]) as p(fact_id, waits_for, headers, bytes)
       on conflict (link, fact_id) do update set waits_for = excluded.waits_for`,
      [
        link,
        waiting.map(one => one.message.factId),
        waiting.map(one => one.waitsFor),
        waiting.map(one => JSON.stringify({ ...toHeaders(one.message), via })),
        waiting.map(one => one.message.bytes),
      ],
    )
  },
  async record(tx, link, messages) {
    if (messages.length === 0) return
    await tx.query(
      // Whoever was called missing has come after all, and is judged anew.
      `insert into parity (link, fact_id, business_key, epoch, recorded_at, headers, bytes)
       select $1, r.fact_id, r.business_key, r.epoch, clock_timestamp(), r.headers, r.bytes
         from unnest($2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::text[]) as r(fact_id, business_key, epoch, headers, bytes)
       on conflict (link, fact_id) do update set
         recorded_at = excluded.recorded_at, headers = excluded.headers, bytes = excluded.bytes, verdict = null
         where parity.recorded_at is null`,
      [link, ...parityColumns(link, messages), messages.map(one => JSON.stringify(toHeaders(one))), messages.map(one => one.bytes)],
    )
  },
  async acted(tx, link, receipts) {
    if (receipts.length === 0) return
    await tx.query(
      `insert into parity (link, fact_id, business_key, epoch, acted_at, acted)
       select $1, r.fact_id, r.business_key, r.epoch, clock_timestamp(), r.acted
         from unnest($2::uuid[], $3::text[], $4::bigint[], $5::text[]) as r(fact_id, business_key, epoch, acted)
       on conflict (link, fact_id) do update set acted_at = excluded.acted_at, acted = excluded.acted, verdict = null
         where parity.acted_at is null`,
      [
        link,
        ...parityColumns(
          link,
          receipts.map(one => one.message),
        ),
        receipts.map(one => (one.outcome === 'rejected' ? `rejected ${one.detail ?? ''}` : one.outcome)),
      ],
    )
  },
  async bury(tx, link, dead) {
    for (const one of dead) {
      await tx.query(
        `insert into dead_letter (side, link, fact_id, code, error, attempts, bytes, headers, origin)
         values ('receive', $1, $2, $3, $4, $5, $6, $7, $8) on conflict (side, link, origin) do ${openAgain}
           and not exists (select from receipt r where r.fact_id = dead_letter.fact_id and r.link = dead_letter.link)`,
        [link, one.factId, one.code, storable(one.error), one.attempts, Buffer.from(one.bytes), JSON.stringify(one.headers), one.origin],
      )
    }
  },

  async waitedFor() {
    const { rows } = await database.query<{ link: string; waits_for: string }>(
      `select link, waits_for from parked where next_at <= clock_timestamp() group by link, waits_for order by min(next_at) limit ${parkedMax}`,
      [],
    )
    return rows
  },
  async due() {
    const { rows } = await database.query<ParkedRow>(
      `select ${parkedColumns} from parked where next_at <= clock_timestamp() order by next_at limit ${parkedMax}`,
      [],
    )
    return rows
  },
  async takeDue(tx, link, vias) {
    const { rows } = await tx.query<ParkedRow>(
      `select ${parkedColumns} from parked
        where link = $1 and next_at <= clock_timestamp()
          and case headers::json ->> 'via' when 'http' then 'http' else 'event' end = any($2::text[])
        order by next_at limit ${parkedMax} for update skip locked`,
      [link, vias],
    )
    return rows
  },
  async take(tx, link, factId) {
    const { rows } = await tx.query<ParkedRow>(
      `select ${parkedColumns} from parked where link = $1 and fact_id = $2 for update skip locked`,
      [link, factId],
    )
    return rows[0]
  },
  async wakeAble(waitsFor) {
    // Those that are awake are left alone, so that a long queue is not written anew at every call.
    await database.query(`update parked set next_at = clock_timestamp() where waits_for = any($1::text[]) and next_at = 'infinity'`, [
      waitsFor,
    ])
  },
  async unpark(tx, link, facts) {
    await tx.query('delete from parked where link = $1 and fact_id = any($2::uuid[])', [link, facts])
  },
  async postpone(tx, link, facts) {
    if (facts.length === 0) return
    await tx.query(
      `update parked set tries = tries + 1, next_at = clock_timestamp() + least(200 * power(2, least(tries, 10)), ${waitMsMax}) * interval '1 ms'
        where link = $1 and fact_id = any($2::uuid[])`,
      [link, facts],
    )
  },

  async answer(link, facts) {
    // In one statement, so that a fact that moves from parked to its receipt meanwhile is in one of the lists.
    const { rows } = await database.query<{ terminal: string[]; parked: string[]; dead: string[]; epoch: string }>(
      `select array(select fact_id from unnest($2::uuid[]) as f(fact_id) where exists (select from receipt where receipt.fact_id = f.fact_id and link = $1 offset 0)) as terminal,
              array(select fact_id from parked where link = $1 and fact_id = any($2::uuid[])) as parked,
              array(select fact_id from dead_letter where link = $1 and fact_id = any($2::uuid[]) and state in ('open', 'replaying')) as dead,
              coalesce((select epoch from epoch_seen where link = $1), 0) as epoch`,
      [link, facts],
    )
    const row = rows[0]
    return row === undefined ? { terminal: [], parked: [], dead: [] } : { ...row, epoch: Number(row.epoch) }
  },
  async outcomes(link, facts) {
    const { rows } = await database.query<{ fact_id: string; outcome: string }>(
      'select fact_id, outcome from receipt where link = $1 and fact_id = any($2::uuid[])',
      [link, facts],
    )
    return Object.fromEntries(rows.map(row => [row.fact_id, row.outcome]))
  },
  async received(link, from, to) {
    const { rows } = await database.query<{ count: number; digest: string }>(receivedSql, [from, to, link])
    return rows[0] ?? { count: 0, digest: '' }
  },
  async forget(link, after, through, days) {
    // A bounded stretch by the index first, then the ages: a search for old ones alone would read all that are young.
    const { rows } = await database.query<{ through: string | null }>(
      `with looked as materialized (
         select fact_id, position, outcome, at < now() - $4::int * interval '1 day' as old from receipt
          where link = $1 and position > $2 and position <= $3 order by position limit ${forgottenMax}
       ), reach as materialized (
         select coalesce((select min(position) - 1 from looked where not old), (select max(position) from looked)) as through
       ), gone as (
         delete from receipt r using looked, reach
          where r.link = $1 and r.fact_id = looked.fact_id and looked.position <= reach.through and looked.outcome in ('done', 'duplicate')
       )
       select through from reach`,
      [link, after.toString(), through.toString(), days],
    )
    return BigInt(rows[0]?.through ?? after)
  },
  async counts() {
    const { rows } = await database.query<{ parked: number; dead_letters: number }>(
      `select (select count(*)::int from parked) as parked,
              (select count(*)::int from dead_letter where state in ('open', 'replaying')) as dead_letters`,
      [],
    )
    return rows[0] ?? { parked: 0, dead_letters: 0 }
  },
})
