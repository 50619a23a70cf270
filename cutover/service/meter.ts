import { Counter, Gauge, type Registry } from 'prom-client'
import type { LinkContract, Route } from '../contract/contract.ts'
import type { Message } from '../contract/message.ts'
import type { Clock } from '../process/clock.ts'
import type { DeadLetterStore, Group } from '../deadletters/store.ts'
import type { Outcome } from '../receive/outcome.ts'

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
}

export function openMeters(links: readonly LinkContract[], clock: Clock, metrics: Registry): Meters {
  const byLink = new Map(links.map(link => [link.id, openMeter(() => clock.now())]))
  const facts = new Counter({
    name: 'cutover_facts_total',
    help: 'Facts stated, by link and route.',
    labelNames: ['link', 'route'],
    registers: [metrics],
  })
  const reads = new Counter({
    name: 'cutover_reads_total',
    help: 'Reads over data links, by link and by the route that answered: http, or event for the copy.',
    labelNames: ['link', 'route'],
    registers: [metrics],
  })
  const outcomes = new Counter({
    name: 'cutover_outcomes_total',
    help: 'What became of received messages, by link and outcome.',
    labelNames: ['link', 'outcome'],
    registers: [metrics],
  })
  const notices = new Counter({
    name: 'cutover_notices_total',
    help: 'Received messages with something odd that kept nobody from acting on them, by link and what it was.',
    labelNames: ['link', 'notice'],
    registers: [metrics],
  })
  return {
    byLink,
    stated(messages) {
      for (const message of messages) {
        for (const [link, stamp] of Object.entries(message.stamps)) {
          byLink.get(link)?.add(1)
          facts.inc({ link, route: stamp.route })
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
        for (const notice of noticed) notices.inc({ link, notice })
      }
    },
  }
}

/**
 * Dead letters that are open or being replayed, and the age of the oldest, by link and side: read when they are asked for.
 * While the database is away they are not there, which is no zero.
 */
export function meterDeadLetters(store: Pick<DeadLetterStore, 'groups'>, clock: Clock, metrics: Registry): void {
  const gauge = (name: string, help: string, figure: (groups: readonly Group[]) => number): Gauge =>
    new Gauge({
      name,
      help,
      labelNames: ['link', 'side'],
      registers: [metrics],
      async collect() {
        this.reset()
        const groups = await store.groups().catch((): readonly Group[] => [])
        for (const own of Map.groupBy(groups, ({ link, side }) => `${link} ${side}`).values()) {
          const { link = '', side = '' } = own[0] ?? {}
          this.set({ link, side }, figure(own))
        }
      },
    })
  gauge('cutover_dead_letters', 'Dead letters that are open or being replayed, by link and side (receive, relay).', groups =>
    groups.reduce((sum, { open, replaying }) => sum + open + replaying, 0),
  )
  gauge('cutover_dead_letter_oldest_seconds', 'Age of the oldest dead letter that is not dealt with, by link and side.', groups =>
    Math.max(...groups.map(group => (clock.now() - group.first_at.getTime()) / 1_000)),
  )
}
