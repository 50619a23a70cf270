import type { BreakerName, BreakerStand, DeliveryView, LaneDelivery, ServiceDelivery } from '../api/delivery.ts'
import type { InstanceDelivery, LaneAnswer, Level } from '../services/delivery-answers.ts'

/** The answer of one instance, or why there is none. */
export type DeliveryReport = { readonly url: string; readonly delivery: InstanceDelivery } | { readonly url: string; readonly away: string }

const badness: readonly BreakerName[] = ['closed', 'half-open', 'open']
const levels: readonly Level[] = ['normal', 'warning', 'full']

/** One picture of what all instances say. What lies in a service's database each of them sees; breakers and errors are each one's own. */
export function mergeDelivery(reports: Readonly<Record<string, readonly DeliveryReport[]>>, at: string): DeliveryView {
  const services = Object.entries(reports).map(([service, all]) => ({
    service,
    present: all.flatMap(one => ('delivery' in one ? [one.delivery] : [])),
    away: all.flatMap(one => ('away' in one ? [{ url: one.url, reason: one.away }] : [])),
  }))
  return {
    at,
    services: services.map(({ service, present, away }) => ({ service, outbox: outboxOf(present), consumers: consumersOf(present), away })),
    lanes: services.flatMap(({ service, present }) => lanesOf(service, present)),
    set_aside: services.flatMap(({ service, present }) => (present[0]?.setAside ?? []).map(one => ({ service, ...one }))),
  }
}

function outboxOf(present: readonly InstanceDelivery[]): ServiceDelivery['outbox'] {
  // Each measures for itself, and at its own moment: the worst is told.
  const worst = present.map(one => one.outbox).toSorted((a, b) => levels.indexOf(b.level) - levels.indexOf(a.level) || b.depth - a.depth)[0]
  if (worst === undefined) return null
  const { depth, bound, level, diskPercent } = worst
  return { depth, bound, level, disk_percent: diskPercent, refused: sum(present.map(one => one.outbox.refused)) }
}

/** A consumer that goes on in one instance and not in another is in trouble there all the same: its partitions are shared out. */
function consumersOf(present: readonly InstanceDelivery[]): ServiceDelivery['consumers'] {
  const troubled = present.flatMap(one =>
    one.consumers.flatMap(({ consumer, topic, trouble, since }) => (trouble === null ? [] : [{ consumer, topic, trouble, since }])),
  )
  return [...Map.groupBy(troubled, one => one.consumer).values()].flatMap(all => all.toSorted(bySince).slice(0, 1))
}

function lanesOf(service: string, present: readonly InstanceDelivery[]): LaneDelivery[] {
  const names = [...new Set(present.flatMap(one => one.lanes.map(lane => lane.lane)))].toSorted()
  return names.flatMap(name => {
    const told = present.flatMap(one => one.lanes.filter(lane => lane.lane === name).map(lane => ({ ...lane, instance: one.instance })))
    const [any] = told
    return any === undefined ? [] : [laneOf(service, any, told, present)]
  })
}

function laneOf(
  service: string,
  any: LaneAnswer,
  told: readonly (LaneAnswer & { readonly instance: string })[],
  present: readonly InstanceDelivery[],
): LaneDelivery {
  const links = present.flatMap(one => one.links.filter(link => link.link === any.link))
  const breakers = present.flatMap(one => {
    const stand = any.link === null ? one.log : one.links.find(link => link.link === any.link)?.breaker
    return stand === undefined ? [] : [{ instance: one.instance, ...stand }]
  })
  const holding = told.find(one => one.instance === one.holder && one.error === null)
  const failing = holding === undefined ? told.filter(one => one.error !== null).toSorted(bySince)[0] : undefined
  const retrying = links.find(one => one.retries > 0)
  return {
    service,
    lane: any.lane,
    link: any.link,
    to: links[0]?.to ?? null,
    holder: any.holder,
    position: any.position,
    facts: any.facts,
    more: any.more,
    oldest_ms: any.oldestMs,
    error: failing?.error ?? null,
    since: failing?.since ?? null,
    catching_up: told.some(one => one.catchingUp),
    pace: tenths(told.map(one => one.rate)),
    breaker: worstOf(breakers),
    breakers,
    retries: retrying?.retries ?? 0,
    next_retry_in_ms: retrying?.nextRetryInMs ?? null,
    attempts: retrying?.attempts ?? 0,
    retries_put_off: sum(links.map(one => one.retriesPutOff)),
    in_flight: sum(links.map(one => one.inFlight)),
    in_flight_max: sum(links.map(one => one.inFlightMax)),
    left: sum(links.map(one => one.left)),
    rate: any.link === null ? null : tenths(links.map(one => one.rate)),
  }
}

/** The worst state, since its earliest; the probe that comes first. */
function worstOf(breakers: readonly BreakerStand[]): BreakerStand {
  const state = badness[Math.max(0, ...breakers.map(one => badness.indexOf(one.state)))] ?? 'closed'
  const worst = breakers.filter(one => one.state === state)
  const probes = worst.flatMap(one => (one.probe_in_ms === null ? [] : [one.probe_in_ms]))
  return {
    state,
    since: worst.toSorted(bySince)[0]?.since ?? null,
    probe_in_ms: probes.length === 0 ? null : Math.min(...probes),
    opened: sum(breakers.map(one => one.opened)),
    trouble: worst.find(one => one.trouble !== null)?.trouble ?? null,
  }
}

const bySince = (a: { readonly since: string | null }, b: { readonly since: string | null }): number =>
  (a.since ?? '9').localeCompare(b.since ?? '9')
const sum = (all: readonly number[]): number => all.reduce((total, one) => total + one, 0)
const tenths = (all: readonly number[]): number => Math.round(10 * sum(all)) / 10
