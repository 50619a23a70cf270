import type { Database } from '../../database/database.ts'
import { storable } from '../../database/storable.ts'
import { type Able, type Chosen, type DeadLetterStore, type Held, type Job, jobLeaseMs, type Letter } from '../store.ts'
import { chosenBy, chosenSql, itemsSql, toLetter } from './letters.ts'

const jobsSql = `
  select j.id, j.request, j.kind, j.state, j.reason, j.rate, j.needs, j.total, j.who, j.approver, j.trouble, j.asked_at, j.approved_at, j.ended_at,
         coalesce((select json_object_agg(o.outcome, o.count) from (
           select outcome, count(*) from dead_letter_item where job = j.id and outcome is not null group by outcome) as o), '{}') as outcomes,
         (select count(*)::int from dead_letter_item where job = j.id and outcome is null) as left
    from dead_letter_job j`

/** What an instance with `$n` (links it receives by) and `$n + 1` (links it delivers by) can do something about. */
const ableSql = (n: number): string => `(d.link = any(case d.side when 'receive' then $${n}::text[] else $${n + 1}::text[] end))`
const ableBy = ({ receive, relay }: Able): readonly unknown[] => [receive, relay]
const leaseSql = `clock_timestamp() + interval '${jobLeaseMs} ms'`

export const jobOperations = (
  database: Database,
): Omit<
  DeadLetterStore,
  'transaction' | 'undescribed' | 'describe' | 'groups' | 'totals' | 'page' | 'letter' | 'history' | 'addEdit' | 'close' | 'reopen'
> => ({
  async addJob(tx, { request, kind, reason, rate, who }) {
    const { rows } = await tx.query<{ id: string }>(
      `insert into dead_letter_job (request, kind, state, reason, rate, who) values ($1, $2, 'waiting', $3, $4, $5) on conflict (request) do nothing returning id`,
      [request, kind, reason === null ? null : storable(reason), rate, who],
    )
    return rows[0]?.id
  },
  async choose(tx, selection, limit, lock) {
    // One order for all who lock: two orders of one group wait for each other, and the second finds nothing left.
    const { rows } = await tx.query<Chosen>(
      `with chosen as materialized (
         select d.* from dead_letter d
          where ${chosenSql(2)} and ($2::bigint[] is not null or (d.state = 'open' and (d.job is null or not $5)))
          order by d.id limit $1 ${lock ? 'for update' : ''})
       select d.id, d.link, d.state, d.job, e.id as edit, e.author, e.touches,
              case d.side when 'receive' then exists (select from receipt r where r.fact_id = d.fact_id and r.link = d.link)
                   else not exists (select from outbox o where o.position = case when d.side = 'relay' then d.origin::bigint end)
                    and not exists (select from outbox_carried c where c.link = d.link and c.position = case when d.side = 'relay' then d.origin::bigint end) end as terminal
         from chosen d left join lateral (select id, author, touches from dead_letter_edit where letter = d.id order by id desc limit 1) as e on true
        order by d.id`,
      [limit, ...chosenBy(selection), lock],
    )
    return rows
  },
  async addItems(tx, job, chosen, needs) {
    await tx.query(
      `insert into dead_letter_item (job, place, letter, edit)
       select $1, n.place, n.letter, n.edit from unnest($2::bigint[], $3::bigint[]) with ordinality as n(letter, edit, place)`,
      [job, chosen.map(one => one.id), chosen.map(one => one.edit)],
    )
    await tx.query(
      `update dead_letter_job set total = $2, needs = $3, state = case when cardinality($3::text[]) > 0 then 'waiting' else 'running' end where id = $1`,
      [job, chosen.length, needs],
    )
  },
  async claim(tx, job, state) {
    await tx.query(
      `update dead_letter set job = $1, state = $2
        where id in (select letter from dead_letter_item where job = $1) and state = 'open' and (job is null or job = $1)`,
      [job, state],
    )
  },
  job: id => jobIn(database, id),
  async jobOf(request) {
    const { rows } = await database.query<Job>(`${jobsSql} where j.request = $1`, [request])
    return rows[0]
  },
  async lockJob(tx, id) {
    await tx.query('select from dead_letter_job where id = $1 for update', [id])
    const { rows } = await tx.query<Job & { authors: string[] }>(
      `select j.*, array(select distinct e.author from dead_letter_item i join dead_letter_edit e on e.id = i.edit
                          where i.job = j.id and cardinality(e.touches) > 0) as authors from (${jobsSql}) as j where j.id = $1`,
      [id],
    )
    const [row] = rows
    return row === undefined ? undefined : { job: row, authors: row.authors }
  },
  async jobs(limit) {
    const { rows } = await database.query<Job>(`${jobsSql} order by j.id desc limit $1`, [limit])
    return rows
  },
  async begin(tx, { id, kind }, approver) {
    await tx.query(`update dead_letter_job set state = 'running', approver = $2, approved_at = clock_timestamp() where id = $1`, [
      id,
      approver,
    ])
    if (kind === 'replay') await tx.query(`update dead_letter set state = 'replaying' where job = $1 and state = 'open'`, [id])
  },
  async end(tx, id, state, trouble) {
    await tx.query(
      `update dead_letter_job set state = $2, trouble = $3, ended_at = clock_timestamp(), holder = null, until = '-infinity' where id = $1`,
      [id, state, trouble],
    )
    await tx.query(`update dead_letter_item set outcome = 'left', at = clock_timestamp() where job = $1 and outcome is null`, [id])
    await tx.query(`update dead_letter set state = 'open', job = null where job = $1`, [id])
  },
  async overdue(hours) {
    const { rows } = await database.query<{ id: string }>(
      `select id from dead_letter_job where state = 'waiting' and asked_at < clock_timestamp() - $1::int * interval '1 hour' limit 100`,
      [hours],
    )
    return rows.map(row => row.id)
  },
  async forget(days) {
    await database.query(
      `delete from dead_letter_job where kind in ('rehearsal', 'export') and ended_at < clock_timestamp() - $1::int * interval '1 day'`,
      [days],
    )
  },

  async take(holder, able) {
    const { rows } = await database.query<{ id: string; term: string }>(
      `update dead_letter_job j set holder = $1, term = j.term + 1, until = ${leaseSql}
        where j.id = (
          select f.id from dead_letter_job f
           where f.state = 'running' and f.until < clock_timestamp()
             and (not exists (select from dead_letter_item i where i.job = f.id and i.outcome is null)
                  or exists (select from dead_letter_item i join dead_letter d on d.id = i.letter
                              where i.job = f.id and i.outcome is null and (f.kind = 'export' or ${ableSql(2)})))
           order by f.id limit 1 for update skip locked)
       returning j.id, j.term`,
      [holder, ...ableBy(able)],
    )
    const [row] = rows
    const job = row === undefined ? undefined : await jobIn(database, row.id)
    return row === undefined || job === undefined ? undefined : { job, term: row.term }
  },
  async renew({ job, term }: Held, tx = database) {
    const { rowCount } = await tx.query(
      `update dead_letter_job set until = ${leaseSql} where id = $1 and term = $2 and state = 'running'`,
      [job.id, term],
    )
    return rowCount === 1
  },
  async release({ job, term }) {
    await database.query(`update dead_letter_job set holder = null, until = '-infinity' where id = $1 and term = $2`, [job.id, term])
  },
  async show({ job, term }, trouble) {
    await database.query(
      `update dead_letter_job set trouble = $3 where id = $1 and term = $2 and state = 'running' and trouble is distinct from $3`,
      [job.id, term, trouble === null ? null : storable(trouble)],
    )
  },
  async first(job) {
    const { rows } = await database.query<{ outcome: string | null }>(
      'select outcome from dead_letter_item where job = $1 and outcome is not null order by at limit 1',
      [job],
    )
    return rows[0]?.outcome ?? null
  },
  async next(job, able, limit) {
    type Row = Parameters<typeof toLetter>[0] & { place: number }
    const { rows } = await database.query<Row>(
      `select i.place, l.* from dead_letter_item i cross join lateral (${itemsSql} where d.id = i.letter) as l
        where i.job = $1 and i.outcome is null and exists (select from dead_letter d where d.id = i.letter and (${ableSql(3)}))
        order by i.place limit $2`,
      [job, limit, ...ableBy(able)],
    )
    return rows.map(({ place, ...letter }) => ({ place, letter: toLetter(letter) satisfies Letter }))
  },
  async tried(job, { place }, count) {
    const { rows } = await database.query<{ tries: number }>(
      'update dead_letter_item set tries = case when $3 then tries + 1 else 0 end where job = $1 and place = $2 returning tries',
      [job, place, count],
    )
    return rows[0]?.tries ?? 0
  },
  async settle(tx, job, { place }, { outcome, detail }) {
    await tx.query(
      `update dead_letter_item set outcome = $3, detail = $4, at = clock_timestamp() where job = $1 and place = $2 and outcome is null`,
      [job, place, outcome, detail === null ? null : storable(detail)],
    )
  },
})

async function jobIn(database: Database, id: string): Promise<Job | undefined> {
  const { rows } = await database.query<Job>(`${jobsSql} where j.id = $1`, [id])
  return rows[0]
}
