import type { Database, Tx } from 'cutover/database'
import { Problem, extendProblems } from 'cutover/failure'
import type { Clock } from 'cutover/process/clock'
import type { Log } from 'cutover/process/log'
import type { Running } from 'cutover/process'

extendProblems({ engine_standby: { status: 503, title: 'Another engine acts' } })

export const leaseMs = 3_000
const renewMs = 750

/** The lease is another engine's by now: what was done in the transaction is undone, and this engine stands by. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost'
}

/** The right to act. Of any number of engines over one database one has it; its term fences every call that it makes. */
export interface Lease extends Running {
  /** The term under which this engine acts, or null while another does. */
  term(): number | null
  /** The same; throws the problem `engine_standby` while another acts. */
  required(): number
  /** Holds the lease until the transaction ends: nobody else can take it meanwhile. Throws `LeaseLost` when it is gone. */
  hold(tx: Tx, term: number): Promise<void>
}

export function openLease(database: Database, holder: string, clock: Clock, log: Log): Lease {
  let held: { term: number; untilMs: number } | null = null
  let stop = new AbortController()
  let loop: Promise<void> | undefined

  /** Renews what is held, takes what is free. The clock of the database decides. */
  async function renew(): Promise<void> {
    const askedMs = clock.now()
    const { rows } = await database.query<{ term: string }>(
      `update engine_lease set
         term = case when holder = $1 and until > clock_timestamp() then term
                     else greatest(term + 1, (extract(epoch from clock_timestamp()) * 1000)::bigint) end,
         holder = $1, until = clock_timestamp() + interval '${leaseMs} ms'
        where holder = $1 or until < clock_timestamp() returning term`,
      [holder],
    )
    const term = rows[0] === undefined ? null : Number(rows[0].term)
    if (term !== null && held?.term !== term) log.info({ term }, 'engine: acts')
    if (term === null && held !== null) log.warn({ term: held.term }, 'engine: another acts now; standing by')
    // Counted from before the question, so that we never believe in it for longer than the database does.
    held = term === null ? null : { term, untilMs: askedMs + leaseMs }
  }

  async function keep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await renew().catch(error => log.debug({ err: error }, 'engine: the lease is renewed a little later'))
      await clock.sleep(renewMs, signal)
    }
  }

  const term = (): number | null => (held !== null && clock.now() < held.untilMs ? held.term : null)

  return {
    name: 'lease',
    term,
    required() {
      const own = term()
      if (own !== null) return own
      throw new Problem('engine_standby', {
        detail: 'another engine acts, or this one has just started; ask again in some seconds',
        retryable: true,
      })
    },
    async hold(tx, own) {
      const { rows } = await tx.query('select from engine_lease where holder = $1 and term = $2 and until > clock_timestamp() for share', [
        holder,
        own,
      ])
      if (rows.length === 0) throw new LeaseLost(`term ${own} is over`)
    },
    async start() {
      if (loop !== undefined) return
      stop = new AbortController()
      await renew().catch(error => log.debug({ err: error }, 'engine: the lease is taken a little later'))
      loop = keep(stop.signal)
    },
    async stop() {
      stop.abort()
      await loop
      loop = undefined
      held = null
      await database
        .query(`update engine_lease set until = '-infinity' where holder = $1`, [holder])
        .catch(error => log.debug({ err: error }, 'engine: the lease runs out by itself'))
    },
  }
}
