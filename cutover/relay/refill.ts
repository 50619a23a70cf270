import type { Clock } from '../process/clock.ts'
import type { Asked } from './asking.ts'
import type { IssuedRow, Refill, RelayStore } from './store.ts'

/** At most this many facts every so often, so that live ones go first: some thousands a second. */
const pageRows = 500
const pauseMs = 100
/** Facts that one look, without effect, goes through; beyond that it says that there are more. */
const countedMax = 10_000

/** What a refill would send again now. */
export interface RefillCount {
  /** Facts that were asked after. */
  readonly looked: number
  /** Those of them that are not terminal: on their way, perhaps lost; and those that the receiver, or a dead letter here, keeps. */
  readonly open: number
  readonly kept: number
  /** Whether there are more than were looked at. */
  readonly more: boolean
}

export interface Refilling {
  /** Sends a page again and pauses; whether there is more to do. An error ends it half-way, and the page is sent once more. */
  step(signal: AbortSignal): Promise<boolean>
  /** The receiver has met a gap: begins a refill for it, unless one is under way. */
  wanted(gap: string): Promise<void>
}

export interface RefillPorts {
  readonly link: string
  readonly store: RelayStore
  readonly clock: Clock
  /** Asks the receiver which facts are not terminal, and which of those somebody keeps. */
  readonly ask: (rows: readonly IssuedRow[]) => Promise<Asked>
  readonly send: (rows: readonly IssuedRow[]) => Promise<void>
  /** Tells the receiver that everything was sent again that was not terminal when it met this gap. */
  readonly tell: (gap: string) => Promise<void>
}

/**
 * Sends again, by the log, each fact of a link that is not terminal: after the log has lost records. What the sweep has
 * passed is terminal or carried over, so it begins there; what is published later needs no refill. To do it once more, or
 * half of it twice, changes nothing, because every fact has one effect.
 */
export function openRefilling({ link, store, clock, ask, send, tell }: RefillPorts): Refilling {
  return {
    async wanted(gap) {
      await store.askRefill(link, gap)
    },
    async step(signal) {
      const refill = await store.refill(link)
      if (refill === null || refill.endedAt !== null) return false
      const { rows, next, last } = await pageOf(store, link, refill, pageRows)
      const lost = await lostOf(rows, ask)
      if (lost.length > 0) await send(lost)
      // First told, then ended: what is told twice changes nothing, and what is not told stops a partition for ever.
      if (last && refill.gap !== null) await tell(refill.gap)
      await store.moveRefill(link, { ...next, looked: refill.looked + rows.length, sent: refill.sent + lost.length }, last)
      if (!last) await clock.sleep(pauseMs, signal)
      return !last
    },
  }
}

/** Counts what a refill would send now; changes nothing. */
export async function countRefill({ link, store, ask }: Pick<RefillPorts, 'link' | 'store' | 'ask'>): Promise<RefillCount> {
  const [position, until] = [await store.delivered([`sweep:${link}`]), await store.delivered(['event'])]
  let at: Pick<Refill, 'number' | 'position' | 'carried' | 'until'> = { number: '0', carried: 0n, position, until }
  let [looked, open, kept] = [0, 0, 0]
  for (;;) {
    const { rows, next, last } = await pageOf(store, link, at, pageRows)
    const asked = await ask(rows)
    looked += rows.length
    open += asked.open.length
    kept += asked.open.filter(row => asked.kept.has(row.fact_id)).length
    if (last || looked >= countedMax) return { looked, open, kept, more: !last }
    at = { ...at, ...next }
  }
}

/** The outbox first, then what was carried over out of it. */
async function pageOf(
  store: RelayStore,
  link: string,
  { number, position, carried, until }: Pick<Refill, 'number' | 'position' | 'carried' | 'until'>,
  limit: number,
): Promise<{ rows: readonly IssuedRow[]; next: Pick<Refill, 'number' | 'position' | 'carried'>; last: boolean }> {
  if (position < until) {
    const rows = await store.refillRows(link, position, until, limit)
    const through = rows.length < limit ? until : BigInt(rows.at(-1)?.position ?? until)
    return { rows, next: { number, position: through, carried }, last: false }
  }
  const rows = await store.carried(link, carried, limit)
  const through = BigInt(rows.at(-1)?.position ?? carried)
  const published = rows.filter(row => row.stamps[link]?.route === 'event')
  return { rows: published, next: { number, position, carried: through }, last: rows.length < limit }
}

async function lostOf(rows: readonly IssuedRow[], ask: RefillPorts['ask']): Promise<readonly IssuedRow[]> {
  const { open, kept } = await ask(rows)
  return open.filter(row => !kept.has(row.fact_id))
}
