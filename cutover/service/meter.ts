import type { Registry } from 'prom-client'
import type { LinkContract, Route } from '../contract/contract.ts'
import type { Message } from '../contract/message.ts'
import type { BreakerState } from '../failure/breaker.ts'
import type { Clock } from '../process/clock.ts'
import type { Outcome } from '../receive/outcome.ts'
import { openCounter, openHistogram } from '../telemetry/instruments.ts'
import { serviceMetrics as names } from '../telemetry/names.ts'

/** Counts what happens and tells the rate of the last ten seconds, per second. */
export interface Meter {
  add(count: number): void
  readonly total: number
  rate(): number
}

const windowSeconds = 10

export function openMeter(now: () => number): Meter {
  const perSecond = new Map<number, number>()
  const since = Math.floor(now() / 1000)
  let total = 0
  return {
    add(count) {
      total += count
      const second = Math.floor(now() / 1000)
      perSecond.set(second, (perSecond.get(second) ?? 0) + count)
      for (const old of perSecond.keys()) if (old < second - windowSeconds) perSecond.delete(old)
    },
    get total() {
      return total
    },
    rate() {
      const second = Math.floor(now() / 1000)
      // The running second is left out: it would always look slow.
      let sum = 0
      for (const [one, count] of perSecond) if (one < second && one >= second - windowSeconds) sum += count
      return Math.round((sum / Math.min(windowSeconds, Math.max(1, second - since))) * 10) / 10
    },
  }
}

/** What a service counts about its links, for `links` and for Prometheus. */
export interface Meters {
  readonly byLink: ReadonlyMap<string, Meter>
  stated(messages: readonly Message[]): void
  read(link: string, route: Route): void
  received(link: string, outcomes: readonly Outcome[]): void
  /** A batch was handled in this time, in milliseconds. */
  handled(link: string, tookMs: number): void
  /** One call of a receiver, or one append to the log for `count` facts of a link, and what came of it. */
  delivered(link: string, route: Route, outcome: string, tookMs: number, count?: number): void
  /** The relay has appended so many facts of an event at once. */
  appended(event: string, count: number): void
  /** Something was not what the contract of an event allows. */
  refused(event: string, version: string, side: 'send' | 'receive'): void
  compared(link: string, verdict: string, count: number): void
  /** The breaker of a link has come into this state. */
  turned(link: string, state: BreakerState['is']): void
}

export function openMeters(links: readonly LinkContract[], clock: Clock, metrics: Registry): Meters {
  const byLink = new Map(links.map(link => [link.id, openMeter(() => clock.now())]))
  const facts = openCounter(metrics, names.facts)
  const reads = openCounter(metrics, names.reads)
  const outcomes = openCounter(metrics, names.outcomes)
  const duplicates = openCounter(metrics, names.duplicates)
  const receive = openHistogram(metrics, names.receive)
  const deliveries = openCounter(metrics, names.deliveries)
  const delivery = openHistogram(metrics, names.delivery)
  const batch = openHistogram(metrics, names.batch)
  const refusals = openCounter(metrics, names.refusals)
  const parity = openCounter(metrics, names.parity)
  const transitions = openCounter(metrics, names.transitions)
  const notices = openCounter(metrics, names.notices)
  return {
    byLink,
    stated(messages) {
      for (const message of messages) {
        for (const [link, stamp] of Object.entries(message.stamps)) {
          byLink.get(link)?.add(1)
          facts.inc({ link, route: stamp.route, event: message.event, version: String(message.version) })
        }
      }
    },
    read(link, route) {
      byLink.get(link)?.add(1)
      reads.inc({ link, route })
    },
    received(link, all) {
      for (const { is: outcome, noticed = [] } of all) {
        outcomes.inc({ link, outcome })
        if (outcome === 'duplicate') duplicates.inc({ link })
        for (const notice of noticed) notices.inc({ link, notice })
      }
    },
    handled: (link, tookMs) => receive.observe({ link }, tookMs / 1_000),
    delivered(link, route, outcome, tookMs, count = 1) {
      deliveries.inc({ link, route, outcome }, count)
      delivery.observe({ link, route }, tookMs / 1_000)
    },
    appended: (event, count) => batch.observe({ event }, count),
    refused: (event, version, side) => refusals.inc({ event, version, side }),
    compared(link, outcome, count) {
      if (count > 0) parity.inc({ link, outcome }, count)
    },
    turned: (link, state) => transitions.inc({ link, state }),
  }
}
