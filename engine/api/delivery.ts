/** How delivery stands, for the command line and the console. What a service that is away would have to say is missing, never a guess. */

export type BreakerName = 'closed' | 'open' | 'half-open'

export interface BreakerStand {
  readonly state: BreakerName
  /** Since when it has not been closed. */
  readonly since: string | null
  /** Milliseconds until the next probe is let through, 0 when it is due; null while it is closed or the probe is under way. */
  readonly probe_in_ms: number | null
  /** How often it has opened since the instance started. */
  readonly opened: number
  /** What the last call met that did not get through. */
  readonly trouble: string | null
}

/** What one service has promised to deliver, and its bound. */
export interface ServiceDelivery {
  readonly service: string
  /** Null while none of its instances answers. */
  readonly outbox: {
    readonly depth: number
    readonly bound: number
    /** `warning` from 80 % of the bound on; `full`: what would state a fact is refused with 503 `capacity`. */
    readonly level: 'normal' | 'warning' | 'full'
    readonly disk_percent: number | null
    /** Transactions refused since the instances started. */
    readonly refused: number
  } | null
  /** Its consumers that cannot go on: they wait, and no message is tried. */
  readonly consumers: readonly {
    readonly consumer: string
    readonly topic: string
    readonly trouble: string
    readonly since: string | null
  }[]
  readonly away: readonly { readonly url: string; readonly reason: string }[]
}

/** What waits for one lane of a sender's relay: the events of a service on their way to the log, or the calls of one link. */
export interface LaneDelivery {
  readonly service: string
  /** `event`, or `http:COMM-040`. */
  readonly lane: string
  readonly link: string | null
  /** Who is called; null for the log. */
  readonly to: string | null
  /** The instance that holds it. */
  readonly holder: string | null
  readonly position: string
  /** Facts that wait; at least so many when `more`. */
  readonly facts: number
  readonly more: boolean
  /** Age of the oldest of them. */
  readonly oldest_ms: number | null
  /** Why nobody delivers, and since when; null while somebody does. */
  readonly error: string | null
  readonly since: string | null
  /** Delivers the backlog of an outage, at a bounded rate. */
  readonly catching_up: boolean
  /** Positions per second that it moves. */
  readonly pace: number
  /** The worst of all instances: open before half-open before closed. */
  readonly breaker: BreakerStand
  readonly breakers: readonly (BreakerStand & { readonly instance: string })[]
  /** Deliveries that wait for their next try, when the next is due, and the most attempts that one has spent. */
  readonly retries: number
  readonly next_retry_in_ms: number | null
  readonly attempts: number
  /** Retries that were put off because the calls of the link had not earned them. */
  readonly retries_put_off: number
  /** Immediate calls under way, of how many, and how many were left to the relay. */
  readonly in_flight: number
  readonly in_flight_max: number
  readonly left: number
  /** Facts stated per second; null for the log's lane, which serves many links. */
  readonly rate: number | null
}

/** Messages of a link that are set aside, on either side of it. */
export interface SetAside {
  readonly link: string
  readonly service: string
  readonly dead: number
  readonly parked: number
}

export interface DeliveryView {
  readonly at: string
  readonly services: readonly ServiceDelivery[]
  readonly lanes: readonly LaneDelivery[]
  readonly set_aside: readonly SetAside[]
}
