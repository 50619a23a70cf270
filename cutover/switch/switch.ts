import type { LinkContract, Route } from '../contract/contract.ts'
import { type Database, type Tx, sqlState } from '../database/database.ts'
import { Problem } from '../failure/problem.ts'
import { fullJitter } from '../failure/backoff.ts'
import type { Clock, Random } from '../process/clock.ts'

/** What the switches of one database say. `epoch` rises with every change of any of them. */
export interface SwitchState {
  readonly epoch: number
  readonly links: Readonly<Record<string, { readonly route: Route; readonly shadow: boolean }>>
  /** The version in which each event is produced; 0 where nothing is said. */
  readonly versions: Readonly<Record<string, number>>
}

export interface Flip {
  readonly link: string
  readonly route: Route
  readonly shadow?: boolean
  /** The engine's fencing number: a lower one than the database has seen is refused. */
  readonly term: number
}

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

/** Gives every link that this service decides its starting route. Links that are there keep what they say. */
export async function installSwitches(database: Database, service: string, links: readonly LinkContract[]): Promise<void> {
  const own = links.filter(link => link.from === service)
  await database.query(
    `insert into switch_link (link, route, epoch) select l.link, l.route, 1 from unnest($1::text[], $2::text[]) as l(link, route)
     on conflict (link) do nothing`,
    [own.map(link => link.id), own.map(link => link.start)],
  )
}

/** Reads all switches in one statement, so that the epoch and what it stands for belong together. */
export async function readSwitches(tx: Tx): Promise<SwitchState> {
  const { rows } = await tx.query<{ epoch: string; links: SwitchState['links']; versions: SwitchState['versions'] }>(
    `select epoch,
            (select coalesce(json_object_agg(link, json_build_object('route', route, 'shadow', shadow)), '{}') from switch_link) as links,
            (select coalesce(json_object_agg(event, version), '{}') from switch_event) as versions
       from switch_epoch`,
    [],
  )
  const row = rows[0]
  if (row === undefined) throw new Error('switch_epoch is empty: the database was not installed by this library')
  return { epoch: Number(row.epoch), links: row.links, versions: row.versions }
}

/** The switches as this process last read them. Stale is harmless: the append checks, and `reload` follows. */
export interface SwitchCache {
  current(): SwitchState
  reload(): Promise<SwitchState>
}

export async function openSwitchCache(database: Database): Promise<SwitchCache> {
  let state = await readSwitches(database)
  return {
    current: () => state,
    async reload() {
      const read = await readSwitches(database)
      // Two reloads may finish out of order; an epoch never goes back.
      if (read.epoch >= state.epoch) state = read
      return state
    },
  }
}

const attemptsMax = 40
const lockTimeoutMs = 250

/**
 * Moves a switch. When it resolves, every transaction under the old epoch has ended, so no fact with the old stamp can
 * appear any more. Waits briefly for the exclusive lock and tries again, so that business transactions are never held
 * up for longer than the lock's time-out. Repeating a flip changes nothing.
 */
export async function flip(database: Database, request: Flip, clock: Clock, random: Random): Promise<{ epoch: number; changed: boolean }> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    try {
      return await database.transaction(tx => flipOnce(tx, request))
    } catch (error) {
      if (sqlState(error) !== '55P03' && sqlState(error) !== '40P01') throw error
      await clock.sleep(fullJitter(attempt, { firstMs: 10, maxMs: 200 }, random))
    }
  }
  throw new Problem('switch_busy', {
    detail: `${request.link} could not be switched: transactions held the switch for longer than ${lockTimeoutMs} ms in each of ${attemptsMax} attempts. Nothing was changed; try again.`,
    retryable: true,
  })
}

async function flipOnce(tx: Tx, request: Flip): Promise<{ epoch: number; changed: boolean }> {
  await tx.query(`set local lock_timeout = '${lockTimeoutMs}ms'`)
  await tx.query(`select pg_advisory_xact_lock(${key})`)
  const { rows } = await tx.query<{ epoch: string; term: string; route: Route | null; shadow: boolean | null }>(
    `select e.epoch, e.term, l.route, l.shadow from switch_epoch e left join switch_link l on l.link = $1`,
    [request.link],
  )
  const before = rows[0]
  if (before?.route == null) {
    throw new Problem('link_unknown', {
      detail: `this service does not decide the route of ${request.link}; ask the service that sends it`,
    })
  }
  if (request.term < Number(before.term)) {
    throw new Problem('term_stale', {
      detail: `term ${request.term} is older than ${before.term}, which this database has seen: another engine took over`,
    })
  }
  const shadow = request.shadow ?? before.shadow ?? false
  if (before.route === request.route && before.shadow === shadow) return { epoch: Number(before.epoch), changed: false }
  const epoch = Number(before.epoch) + 1
  await tx.query('update switch_epoch set epoch = $1, term = $2', [epoch, request.term])
  await tx.query('update switch_link set route = $2, shadow = $3, epoch = $4, changed_at = now() where link = $1', [
    request.link,
    request.route,
    shadow,
    epoch,
  ])
  return { epoch, changed: true }
}
