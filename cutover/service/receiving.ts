import type { Broker } from '../broker/broker.ts'
import type { EventContract, LinkContract } from '../contract/contract.ts'
import { type ConsumerStatus, runConsumer } from '../consumer/consumer.ts'
import { openShares } from '../consumer/shares.ts'
import type { Clock, Random } from '../process/clock.ts'
import type { Log } from '../process/log.ts'
import type { Running } from '../process/process.ts'
import { type Door, openDoor } from '../receive/door.ts'
import type { Gather, Handler } from '../receive/handler.ts'
import { runParked } from '../receive/parked.ts'
import { openReceiver, type Receiver } from '../receive/receiver.ts'
import type { Registry } from '../registry/registry.ts'
import { loops } from './loops.ts'
import type { Meters } from './meter.ts'
import type { Stores } from './stores.ts'

export interface ReceivingOptions {
  readonly service: string
  readonly instance: string
  readonly links: readonly LinkContract[]
  readonly events: readonly EventContract[]
  readonly handlers: Readonly<Record<string, Handler>>
  readonly gather: Gather | undefined
  readonly stores: Stores
  readonly broker: Broker
  readonly registry: Registry
  readonly meters: Meters
  readonly log: Log
  readonly clock: Clock
  readonly random: Random
}

export interface Receiving {
  /** The links that this service has a handler for. */
  readonly links: readonly LinkContract[]
  readonly doors: ReadonlyMap<string, Door>
  readonly running: Running
  consumers(): readonly ConsumerStatus[]
}

const beatMs = 2_000

/** What brings others' facts into this service: doors, consumers, and the parked messages; all end in the same receivers. */
export function openReceiving(options: ReceivingOptions): Receiving {
  const { service, handlers, stores, broker, registry, meters, log, clock, random } = options
  const links = Object.keys(handlers).map(id => {
    const link = options.links.find(one => one.id === id)
    if (link === undefined || link.to !== service) throw new Error(`${service} has a handler for ${id}, which does not lead to it`)
    return link
  })
  const receivers = new Map<string, Receiver>(
    links.map(link => [link.id, openReceiver(link, handlers[link.id] as Handler, registry, stores.receive)]),
  )
  const doors = new Map(
    [...receivers]
      .filter(([, receiver]) => receiver.link.kind === 'business')
      .map(([id, receiver]) => [id, openDoor(receiver, stores.receive, registry, outcomes => meters.received(id, outcomes))]),
  )
  const capabilities = Object.fromEntries(links.map(link => [link.id, handlers[link.id]?.versions]))
  const statuses = new Map<string, ConsumerStatus>()

  async function beat(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await stores.consumer.beat(options.instance, capabilities).catch(error => log.debug({ err: error }, 'heartbeat: tried again'))
      await clock.sleep(beatMs, signal)
    }
    await stores.consumer.leave(options.instance).catch(error => log.debug({ err: error }, 'heartbeat: runs out by itself'))
  }

  async function consume(receiver: Receiver, signal: AbortSignal): Promise<void> {
    const { link } = receiver
    const consumer = `${service}.${link.id}`
    const event = options.events.find(one => one.name === link.event)
    if (event === undefined) throw new Error(`${link.id} carries ${link.event}, which is not an event of this system`)
    while (!signal.aborted) {
      const topic = await broker.topic(event.topic).catch(() => undefined)
      if (topic === undefined) {
        statuses.set(consumer, {
          consumer,
          topic: event.topic,
          partitions: [],
          trouble: 'the topic does not exist yet, or the log is away',
        })
        await clock.sleep(300, signal)
        continue
      }
      const shares = openShares(stores.consumer, { consumer, topicId: topic.id, holder: options.instance }, topic.partitions)
      await runConsumer(
        {
          topic: event.topic,
          receiver,
          broker,
          store: stores.consumer,
          shares,
          clock,
          random,
          log,
          show: status => void statuses.set(consumer, status),
          received: outcomes => meters.received(link.id, outcomes),
        },
        signal,
      )
    }
  }

  const parked = (signal: AbortSignal): Promise<void> =>
    runParked(
      {
        store: stores.receive,
        receivers,
        gather: options.gather,
        clock,
        log,
        received: (link, outcomes) => meters.received(link, outcomes),
      },
      signal,
    )

  return {
    links,
    doors,
    running: loops('consumers', [
      beat,
      parked,
      ...[...receivers.values()].map(receiver => (signal: AbortSignal) => consume(receiver, signal)),
    ]),
    consumers: () => [...statuses.values()],
  }
}
