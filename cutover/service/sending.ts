import { type Broker, TopicQuarantined, TopicRetired } from '../broker/broker.ts'
import { isAble } from '../contract/capability.ts'
import type { EventContract, LinkContract } from '../contract/contract.ts'
import type { CompareAnswer } from '../contract/receipts.ts'
import type { Doorbell } from '../database/doorbell.ts'
import { type Capacity, openCapacity } from '../backlog/capacity.ts'
import type { Carrier } from '../backlog/store.ts'
import { type Courier, type CourierView, inFlightMax, openCourier } from '../delivery/courier.ts'
import { Problem } from '../failure/problem.ts'
import { openClient } from '../http/client.ts'
import type { Signer } from '../http/tokens.ts'
import { defaultPartitions, dropTerminalPartitions, ensurePartitions } from '../outbox/partitions.ts'
import { immediateDeadlineMs, openSender, type Sender } from '../outbox/sender.ts'
import type { Clock, Random } from '../process/clock.ts'
import type { Log } from '../process/log.ts'
import type { Running } from '../process/process.ts'
import type { Registry } from '../registry/registry.ts'
import { eventLane } from '../relay/event-lane.ts'
import { askReceipts } from '../relay/asking.ts'
import { type DirectStatus, directLimits, openDirectBuffer } from '../relay/direct.ts'
import { type GuardedLog, guardLog } from '../relay/guarded-log.ts'
import { concurrencyMax, httpLane } from '../relay/http-lane.ts'
import { type LaneStatus, type LaneWork, runLane } from '../relay/lane.ts'
import { countRefill, type RefillCount } from '../relay/refill.ts'
import { type Open, sweepLane, sweepLimits } from '../relay/sweep.ts'
import { openHeed } from '../switch/epoch.ts'
import type { SwitchCache } from '../switch/switch.ts'
import { loops } from './loops.ts'
import type { Meters } from './meter.ts'
import { observedCourier } from './observed.ts'
import { openPaces, type Paces } from './pace.ts'
import type { Stores } from './stores.ts'

export interface SendingOptions {
  readonly service: string
  readonly instance: string
  readonly capabilities: readonly string[]
  readonly links: readonly LinkContract[]
  readonly events: readonly EventContract[]
  readonly stores: Stores
  readonly broker: Broker
  readonly doorbell: Doorbell
  readonly switches: SwitchCache
  readonly registry: Registry
  readonly signer: Signer
  readonly urls: Readonly<Record<string, readonly string[]>>
  readonly meters: Meters
  /** The most facts that may wait to be delivered; beyond it new ones are refused. */
  readonly outboxMax: number
  /** Tells how full the disk under the database is, from 0 to 1, where that can be seen from here. */
  readonly diskUsed?: (() => Promise<number>) | undefined
  readonly log: Log
  readonly clock: Clock
  readonly random: Random
}

export interface Sending {
  readonly sender: Sender
  readonly running: Running
  lanes(): readonly LaneStatus[]
  /** By link that this instance may call for. */
  readonly couriers: ReadonlyMap<string, Courier>
  /** By link that this service sends over. */
  breakers(): Readonly<Record<string, string>>
  /** The facts that this instance publishes from memory. */
  direct(): DirectStatus
  /** What a refill of a link would send again now. Throws while its receiver does not say what it has. */
  countRefill(link: string): Promise<RefillCount>
  courierViews(): Readonly<Record<string, CourierView>>
  /** How appending to the log goes, for the events of all links. */
  appending(): ReturnType<GuardedLog['view']>
  /** The lanes that deliver, of this instance. */
  readonly carriers: readonly Carrier[]
  readonly capacity: Capacity
  readonly paces: Paces
}

const deliveryDeadlineMs = 5_000
const maintenanceMs = 10_000
/** A peer that is slow to say what it has seen holds up no start. */
const peersMs = 1_000

/** What carries this service's facts to others: the sender, its couriers, and the lanes of its relay. What cannot be called has no lane. */
export function openSending(options: SendingOptions): Sending {
  const { service, links, events, stores, broker, doorbell, meters, log, clock, random } = options
  const client = (link: LinkContract): ReturnType<typeof openClient> =>
    openClient({
      baseUrls: options.urls[link.to] ?? [],
      token: () => options.signer.token({ audience: link.to, link: link.id }),
      deadlineMs: deliveryDeadlineMs,
      // Calls that hang take none of those that the relay needs.
      connectionsMax: inFlightMax + concurrencyMax,
    })
  const sent = links.filter(link => link.from === service)
  const calls = (link: string): boolean => isAble(options.capabilities, 'call', link)
  const couriers = new Map<string, Courier>(
    sent.map(link => [link.id, observedCourier(openCourier(link, client(link), deliveryDeadlineMs, clock, random), meters)]),
  )

  const direct = openDirectBuffer({ broker, events, limits: directLimits, clock, random, log })
  const called = sent.filter(link => link.kind === 'business' && calls(link.id))
  const carriers: readonly Carrier[] = [{ lane: 'event', link: null }, ...called.map(({ id }) => ({ lane: `http:${id}`, link: id }))]
  const capacity = openCapacity({
    store: stores.backlog,
    carriers,
    bound: options.outboxMax,
    diskUsed: options.diskUsed,
    clock,
    log,
  })
  const guarded = guardLog(broker, clock, random)

  const sender = openSender({
    ...options,
    direct,
    admit: capacity.admit,
    able: (ability, link) => isAble(options.capabilities, ability, link),
    store: stores.outbox,
    deliverNow(link, message) {
      return calls(link) ? couriers.get(link)?.deliverNow(message) : undefined
    },
    committed(messages) {
      meters.stated(messages)
      capacity.stated(messages.length)
      doorbell.ring('outbox')
    },
  })

  const heed = openHeed(stores.switch, log)
  const store = stores.relay
  const open = new Map<string, Open>()
  const lanes: LaneWork[] = [
    eventLane(service, store.published, guarded, events),
    ...called.map(link =>
      httpLane({
        service,
        store,
        courier: courierOf(link),
        trailMs: immediateDeadlineMs + 50,
        clock,
        random,
      }),
    ),
    ...sent.map(link =>
      sweepLane({
        service,
        store,
        courier: courierOf(link),
        carriers: ['event', ...(link.kind === 'business' && calls(link.id) ? [`http:${link.id}`] : [])],
        broker: guarded,
        events,
        limits: sweepLimits,
        clock,
        found: found => void open.set(link.id, found),
        heed,
      }),
    ),
  ]
  const paces = openPaces(clock)
  const statuses = new Map<string, LaneStatus>()
  const ports = {
    store,
    holder: options.instance,
    clock,
    random,
    log,
    rest: (ms: number, signal: AbortSignal) => doorbell.wait('outbox', ms, signal),
    show(status: LaneStatus) {
      statuses.set(status.lane, status)
      if (status.holder) paces.at(status.lane, BigInt(status.position))
    },
  }

  const relay = loops('relay', [
    maintain,
    signal => direct.run(signal),
    signal => capacity.run(signal),
    ...lanes.map(lane => (signal: AbortSignal) => runLane(lane, ports, signal)),
  ])

  /** Before the first request: a database that was restored should not state a fact. Who is away is asked by the sweep. */
  async function askPeers(): Promise<void> {
    const ask = async (courier: Courier): Promise<void> =>
      heed((await courier.ask<CompareAnswer>(`/links/${courier.link.id}/compare`, { stretches: [] })).epoch)
    await Promise.allSettled([...couriers.values()].map(ask))
  }

  async function maintain(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        for (const event of events.filter(isProduced)) await ensureTopic(event)
        await ensurePartitions(stores.outbox, defaultPartitions)
        const dropped = await dropTerminalPartitions(
          stores.outbox,
          lanes.map(lane => lane.lane),
          defaultPartitions,
        )
        if (dropped.length > 0) log.info({ dropped }, 'outbox: partitions of which every fact is terminal, or carried over, were dropped')
      } catch (error) {
        log.debug({ err: error }, 'outbox: maintenance is tried again')
        await clock.sleep(500, signal)
        continue
      }
      await clock.sleep(maintenanceMs, signal)
    }
  }

  /** Who cannot produce an event has no business with its topic: it may be on its way out. */
  function isProduced({ name }: EventContract): boolean {
    return sent.some(link => link.event === name && isAble(options.capabilities, 'produce', link.id))
  }

  /** A topic that was hidden on purpose is left alone: asking for it would be noted as the doing of a straggler. */
  async function ensureTopic({ topic, partitions }: EventContract): Promise<void> {
    if ((await broker.hidden(topic)) !== undefined) return
    try {
      await broker.createTopic(topic, partitions)
    } catch (error) {
      if (!(error instanceof TopicQuarantined || error instanceof TopicRetired)) throw error
      log.debug({ err: error }, 'topics: hidden just now')
    }
  }

  return {
    sender,
    running: {
      ...relay,
      async start() {
        await Promise.race([askPeers(), clock.sleep(peersMs)])
        await relay.start()
      },
    },
    lanes: () => [...statuses.values()].map(status => ({ ...status, ...open.get(status.lane.replace('sweep:', '')) })),
    couriers: new Map(called.map(link => [link.id, courierOf(link)])),
    direct: () => direct.status(),
    async countRefill(id) {
      const link = sent.find(one => one.id === id)
      if (link === undefined) throw new Problem('link_unknown', { detail: `${service} states no facts of ${id}` })
      return countRefill({ link: id, store, ask: rows => askReceipts(courierOf(link), rows, heed) })
    },
    breakers: () => Object.fromEntries([...couriers].map(([link, courier]) => [link, courier.view().breaker.state])),
    courierViews: () => Object.fromEntries([...couriers].map(([link, courier]) => [link, courier.view()])),
    appending: () => guarded.view(),
    carriers,
    capacity,
    paces,
  }

  function courierOf(link: LinkContract): Courier {
    const courier = couriers.get(link.id)
    if (courier === undefined) throw new Error(`${link.id} has no courier`)
    return courier
  }
}
