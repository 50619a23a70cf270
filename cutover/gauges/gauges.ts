import type { Gauge, Registry } from 'prom-client'
import type { Broker } from '../broker/broker.ts'
import type { Clock } from '../process/clock.ts'
import { openGauge } from '../telemetry/instruments.ts'
import { breakerValue, type Label, type Metric, processMetrics, serviceMetrics as names } from '../telemetry/names.ts'
import { openSnapshot } from '../telemetry/snapshot.ts'
import { lagsOf, type Reading } from './lag.ts'
import type { GaugesStore, Heap, Heaps, Leaving } from './store.ts'

export interface GaugesOptions {
  readonly metrics: Registry
  readonly store: GaugesStore
  readonly broker: Broker
  readonly clock: Clock
  readonly leaving: readonly Leaving[]
  /** The links that lead here and that this instance receives. */
  readonly arriving: readonly string[]
  readonly breakers: () => Readonly<Record<string, string>>
  readonly readings: () => readonly Reading[]
}

/**
 * What is looked at when somebody scrapes: the heaps in the database, the lag of consumers, the breakers. The database and
 * the log are asked once for all of them, and one that does not answer leaves its series out and the rest as they are.
 */
export function openGauges(options: GaugesOptions): void {
  const { metrics, store, broker, clock, leaving } = options
  const database = openSnapshot(async () => {
    const askedMs = clock.now()
    const nowMs = await store.nowMs()
    const offsetMs = (askedMs + clock.now()) / 2 - nowMs
    return { offsetMs, ...(await store.kept()), undelivered: await store.undelivered(leaving) }
  }, clock)
  const lags = openSnapshot(() => lagsOf(broker, options.readings(), clock.now()), clock)
  type Seen = NonNullable<Awaited<ReturnType<typeof database>>>

  const gauge = (metric: Metric, show: (gauge: Gauge<Label>) => Promise<void>): unknown => openGauge(metrics, metric, show)
  const fromDatabase = (metric: Metric, show: (seen: Seen, gauge: Gauge<Label>) => void): unknown =>
    gauge(metric, async one => {
      const seen = await database()
      if (seen !== undefined) show(seen, one)
    })
  /** A link without any has 0 of them, which is not the same as no figure at all. */
  const heaps = (metric: Metric, links: readonly string[], heapsIn: (seen: Seen) => Heaps, figure: keyof Heap): unknown =>
    fromDatabase(metric, (seen, one) => {
      const found = heapsIn(seen)
      for (const link of new Set([...links, ...Object.keys(found)])) one.set({ link }, found[link]?.[figure] ?? 0)
    })

  const out = leaving.map(({ link }) => link)
  const called = leaving.flatMap(one => (one.called ? [one.link] : []))
  heaps(names.depth, out, seen => seen.undelivered, 'count')
  heaps(names.oldest, out, seen => seen.undelivered, 'oldest')
  heaps(names.retries, called, seen => seen.retries, 'count')
  heaps(names.dead, [...called, ...options.arriving], seen => seen.dead, 'count')
  heaps(names.parked, options.arriving, seen => seen.parked, 'count')
  heaps(names.parkedOldest, options.arriving, seen => seen.parked, 'oldest')
  fromDatabase(processMetrics.clock, ({ offsetMs }, one) => one.set(offsetMs / 1_000))
  gauge(processMetrics.scrape, async one => one.set((await database()) === undefined ? 0 : 1))
  gauge(names.lag, async one => {
    for (const { link, records } of (await lags()) ?? []) one.set({ link }, records)
  })
  gauge(names.lagAge, async one => {
    for (const { link, seconds } of (await lags()) ?? []) one.set({ link }, seconds)
  })
  gauge(names.breaker, async one => {
    for (const [link, state] of Object.entries(options.breakers())) one.set({ link }, breakerValue[state as keyof typeof breakerValue])
  })
}
