import type { Delivery, Route } from '../contract/contract.ts'
import { type Database, sqlState } from '../database/database.ts'
import type { Stand, SwitchState, SwitchStore } from './store.ts'

// Advisory locks are local to a database, so one constant is one key per database.
const key = '1129665615, 1'

/**
 * Opens a business transaction under the switch: the shared lock is a statement of its own, sent together with
 * `begin` in one round trip. Read committed is part of the rule: under repeatable read the snapshot would be older
 * than the lock, and the append would accept an epoch that has ended.
 */
export const beginUnderSwitch = `begin isolation level read committed; select pg_advisory_xact_lock_shared(${key})`

/** Every transaction that holds the shared lock of this database: what may still commit under the present epoch. */
export const switchHoldersSql = `
  select l.virtualtransaction as holder from pg_locks l
   where l.locktype = 'advisory' and l.database = (select oid from pg_database where datname = current_database())
     and l.classid = 1129665615 and l.objid = 1 and l.objsubid = 2 and l.granted and l.mode = 'ShareLock'`

export const openSwitchStore = (database: Database): SwitchStore => ({
  async install(links) {
    await database.query(
      `insert into switch_link (link, route, epoch) select l.link, l.route, 1 from unnest($1::text[], $2::text[]) as l(link, route)
       on conflict (link) do nothing`,
      [links.map(one => one.link), links.map(one => one.route)],
    )
  },
  async read() {
    const { rows } = await database.query<{ epoch: string; seen: string; links: SwitchState['links']; versions: SwitchState['versions'] }>(
      `select epoch, seen,
              (select coalesce(json_object_agg(link, json_strip_nulls(json_build_object('route', route, 'share', share, 'shadow', shadow, 'delivery', nullif(delivery, 'outbox')))), '{}') from switch_link) as links,
              (select coalesce(json_object_agg(event, version), '{}') from switch_event) as versions
         from switch_epoch`,
      [],
    )
    const row = rows[0]
    if (row === undefined) throw new Error('switch_epoch is empty: the database was not installed by this library')
    return { epoch: Number(row.epoch), seen: Number(row.seen), links: row.links, versions: row.versions }
  },
  async alone(waitMs, work) {
    try {
      const done = await database.transaction(async tx => {
        await tx.query(`set local lock_timeout = '${waitMs}ms'`)
        await tx.query(`select pg_advisory_xact_lock(${key})`)
        return work(tx)
      })
      return { done }
    } catch (error) {
      if (sqlState(error) === '55P03' || sqlState(error) === '40P01') return 'busy'
      throw error
    }
  },
  async standing(tx, link) {
    const { rows } = await tx.query<
      { epoch: string; seen: string; term: string; route: Route | null; delivery: Delivery | null } & {
        [Column in 'share' | 'shadow']: Stand[Column] | null
      }
    >(`select e.epoch, e.seen, e.term, l.route, l.share, l.shadow, l.delivery from switch_epoch e left join switch_link l on l.link = $1`, [
      link,
    ])
    const row = rows[0]
    if (row === undefined) throw new Error('switch_epoch is empty: the database was not installed by this library')
    const { epoch, seen, term, route, share, shadow, delivery } = row
    return {
      epoch: Number(epoch),
      seen: Number(seen),
      term: Number(term),
      route,
      share: share ?? 100,
      shadow: shadow ?? false,
      delivery: delivery ?? 'outbox',
    }
  },
  async since(link) {
    const { rows } = await database.query<Stand & { epoch: string }>(
      'select route, share, shadow, delivery, epoch from switch_link where link = $1',
      [link],
    )
    const row = rows[0]
    return row === undefined ? null : { ...row, epoch: Number(row.epoch) }
  },
  async heed(seen) {
    const { rowCount } = await database.query('update switch_epoch set seen = greatest(seen, $1) where epoch < $1', [seen])
    return rowCount > 0
  },
  async raiseEpoch(tx, epoch) {
    await tx.query('update switch_epoch set epoch = $1', [epoch])
    await tx.query('update switch_link set epoch = $1', [epoch])
  },
  async term() {
    const { rows } = await database.query<{ term: string }>('select term from switch_epoch', [])
    return Number(rows[0]?.term ?? 0)
  },
  async raise(tx, term) {
    const { rowCount } = await tx.query('update switch_epoch set term = $1 where term <= $1', [term])
    return rowCount === 1
  },
  async version(tx, event) {
    const { rows } = await tx.query<{ version: number }>('select version from switch_event where event = $1', [event])
    return rows[0]?.version ?? 0
  },
  async moveVersion(tx, { event, version, epoch }) {
    await tx.query('update switch_epoch set epoch = $1', [epoch])
    await tx.query(
      'insert into switch_event (event, version) values ($1, $2) on conflict (event) do update set version = excluded.version',
      [event, version],
    )
  },
  async move(tx, { link, route, share, shadow, delivery, epoch }) {
    await tx.query('update switch_epoch set epoch = $1', [epoch])
    await tx.query(
      `update switch_link set route = $2, shadow = $3, epoch = $4, share = $5, delivery = coalesce($6, delivery), changed_at = now()
        where link = $1`,
      [link, route, shadow, epoch, share, delivery ?? null],
    )
  },
})
