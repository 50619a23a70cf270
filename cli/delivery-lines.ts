import type { DeliveryView, LaneDelivery, ServiceDelivery } from '@cutover/engine/api/delivery'
import { duration } from './print.ts'

/** How delivery stands, in sentences, the gravest first; a single one when all is well. */
export function deliveryLines(view: DeliveryView): string[] {
  const lines = [
    ...view.services.flatMap(refusing),
    ...view.lanes.flatMap(waiting),
    ...view.services.flatMap(nearing),
    ...view.services.flatMap(notReading),
    ...view.lanes.flatMap(catchingUp),
    ...dead(view),
    ...view.services.flatMap(away),
  ]
  return lines.length > 0 ? lines : [well(view)]
}

function refusing({ service, outbox }: ServiceDelivery): string[] {
  if (outbox?.level !== 'full') return []
  const why =
    outbox.disk_percent !== null && outbox.disk_percent >= 95
      ? `the disk under its database is ${outbox.disk_percent} % full`
      : `${facts(outbox.depth)} wait, and the bound is ${figure(outbox.bound)}`
  return [`${service} refuses what would state a fact (503 capacity): ${why}. Nothing that was accepted is dropped.`]
}

/** "COMM-040 waits for bonuses since 12:01 UTC; 1,203 facts wait, none has spent an attempt." */
function waiting(lane: LaneDelivery): string[] {
  if (!isStuck(lane)) return []
  const what = lane.link ?? `What ${lane.service} publishes`
  const since = lane.breaker.since ?? lane.since
  const attempts = lane.retries === 0 ? 'none has spent an attempt' : `and ${figure(lane.retries)} wait for their next try`
  const many = `${lane.more ? 'at least ' : ''}${facts(lane.facts)} ${lane.facts === 1 ? 'waits' : 'wait'}`
  return [`${what} waits for ${lane.to ?? 'the log'}${since === null ? '' : ` since ${clock(since)}`}; ${many}, ${attempts}.`]
}

const isStuck = ({ breaker, error }: LaneDelivery): boolean => breaker.state !== 'closed' || error !== null

function nearing({ service, outbox }: ServiceDelivery): string[] {
  if (outbox?.level !== 'warning') return []
  const share = Math.floor((100 * outbox.depth) / outbox.bound)
  return [`The outbox of ${service} is at ${share} % of its bound: ${figure(outbox.depth)} of ${figure(outbox.bound)} facts.`]
}

const notReading = ({ consumers }: ServiceDelivery): string[] =>
  consumers.map(
    ({ consumer, trouble, since }) =>
      `${consumer} does not read${since === null ? '' : ` since ${clock(since)}`}: ${trouble}. It waits, and spends no attempt.`,
  )

const catchingUp = (lane: LaneDelivery): string[] =>
  lane.catching_up && !isStuck(lane)
    ? [
        `${lane.link ?? `What ${lane.service} publishes`} catches up at a bounded rate: ${lane.more ? 'at least ' : ''}${facts(lane.facts)} to go.`,
      ]
    : []

function dead({ set_aside: all }: DeliveryView): string[] {
  const found = all.filter(one => one.dead > 0)
  const count = found.reduce((sum, one) => sum + one.dead, 0)
  if (count === 0) return []
  const links = [...new Set(found.map(one => one.link))].join(', ')
  return [`${figure(count)} dead ${count === 1 ? 'letter needs' : 'letters need'} a person, on ${links}.`]
}

const away = ({ service, outbox, away: all }: ServiceDelivery): string[] => {
  const [first] = all
  if (first === undefined) return []
  const unknown = outbox === null ? '; what waits there is unknown' : ''
  return [`${outbox === null ? service : `An instance of ${service}`} does not answer (${first.reason})${unknown}.`]
}

function well({ services, lanes }: DeliveryView): string {
  const count = lanes.reduce((sum, one) => sum + one.facts, 0)
  const oldest = Math.max(0, ...lanes.map(one => one.oldest_ms ?? 0))
  const waits = count === 0 ? 'nothing waits' : `${facts(count)} on their way, the oldest for ${duration(oldest)}`
  return `Delivery is well in ${services.length === 1 ? 'one service' : `${services.length} services`}: ${waits}.`
}

const figure = (count: number): string => count.toLocaleString('en')
const facts = (count: number): string => `${figure(count)} ${count === 1 ? 'fact' : 'facts'}`
/** Of today, as a rule: the day would say nothing. */
const clock = (at: string): string => `${at.slice(11, 16)} UTC`
