import type { BreakerStand, DeliveryView, LaneDelivery, ServiceDelivery } from '../engine/api/delivery.ts'

export const closed: BreakerStand = { state: 'closed', since: null, probe_in_ms: null, opened: 0, trouble: null }
export const openUntil = (probeInMs: number | null): BreakerStand => ({
  state: probeInMs === null ? 'half-open' : 'open',
  since: '2026-11-29T12:01:07.000Z',
  probe_in_ms: probeInMs,
  opened: 3,
  trouble: 'ECONNREFUSED',
})

/** A lane that has nothing to do. */
export const aLane = (changes: Partial<LaneDelivery> = {}): LaneDelivery => ({
  service: 'hiring',
  lane: 'http:COMM-040',
  link: 'COMM-040',
  to: 'bonuses',
  holder: '1',
  position: '5000',
  facts: 0,
  more: false,
  oldest_ms: null,
  error: null,
  since: null,
  catching_up: false,
  pace: 20,
  breaker: closed,
  breakers: [],
  retries: 0,
  next_retry_in_ms: null,
  attempts: 0,
  retries_put_off: 0,
  in_flight: 0,
  in_flight_max: 32,
  left: 0,
  rate: 10,
  ...changes,
})

export const logLane = (changes: Partial<LaneDelivery> = {}): LaneDelivery =>
  aLane({ lane: 'event', link: null, to: null, rate: null, ...changes })

export const anOutbox = (depth: number, level: 'normal' | 'warning' | 'full' = 'normal', service = 'hiring'): ServiceDelivery => ({
  service,
  outbox: { depth, bound: 1_000_000, level, disk_percent: null, refused: 0 },
  consumers: [],
  away: [],
})

export const aDelivery = (changes: Partial<DeliveryView> = {}): DeliveryView => ({
  at: '2026-11-29T12:03:00.000Z',
  services: [anOutbox(0)],
  lanes: [logLane(), aLane()],
  set_aside: [],
  ...changes,
})
