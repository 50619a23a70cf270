import type { Broker, Topic } from '../broker/broker.ts'
import { type Ability, isAble, versionsAble } from '../contract/capability.ts'
import type { EventContract, LinkContract } from '../contract/contract.ts'
import { runConsumer } from '../consumer/consumer.ts'
import type { ConsumerStatus } from '../consumer/status.ts'
import { openShares } from '../consumer/shares.ts'
import type { Clock, Random } from '../process/clock.ts'
import { ConfigurationError } from '../process/environment.ts'
import type { Log } from '../process/log.ts'
import type { Running } from '../process/process.ts'
import { type Door, openDoor } from '../receive/door.ts'
import { runComparison } from '../parity/compare.ts'
import { openForgetting } from '../receive/forgetting.ts'
import type { Gather, Handler } from '../receive/handler.ts'
import type { Via } from '../receive/judge.ts'
import { runParked } from '../receive/parked.ts'
import { openReceiver, type Receiver } from '../receive/receiver.ts'
import type { Registry } from '../registry/registry.ts'
import { loops } from './loops.ts'
import type { Meters } from './meter.ts'
import { observedReceiver } from './observed.ts'
import type { Stores } from './stores.ts'

export interface ReceivingOptions {
  readonly service: string
  readonly instance: string
  readonly links: readonly LinkContract[]
  readonly events: readonly EventContract[]
  readonly handlers: Readonly<Record<string, Handler>>
  readonly gather: Gather | undefined
  readonly capabilities: readonly string[]
  readonly stores: Stores
  readonly broker: Broker
  readonly registry: Registry
  readonly meters: Meters
  /** What carries events, as OpenTelemetry names it; the PostgreSQL log unless said otherwise. */
  readonly system?: string
  readonly log: Log
  readonly clock: Clock
  readonly random: Random
}

export interface Receiving {
  /** The links that lead here and that this service has a handler for, whatever this instance can do about them. */
  readonly links: readonly LinkContract[]
  /** The versions that this instance handles, of those of its links that it can do anything about. */
  readonly versions: Readonly<Record<string, readonly number[]>>
  readonly doors: ReadonlyMap<string, Door>
  /** By link that this instance can do anything about. */
  readonly receivers: ReadonlyMap<string, Receiver>
  readonly running: Running
  /** Told from where on a sender compares its facts with the receipts here. */
  compares(link: string, beyond: string): void
  consumers(): readonly ConsumerStatus[]
}

/**
 * What brings others' facts into this service: doors, consumers, and the parked messages; all end in the same receivers.
 * What this instance cannot do is not opened.
 */
export function openReceiving(options: ReceivingOptions): Receiving {
  const { service, handlers, stores, broker, registry, meters, log, clock, random } = options
  const links = Object.keys(handlers).map(id => {
    const link = options.links.find(one => one.id === id)
    if (link === undefined || link.to !== service) throw new Error(`${service} has a handler for ${id}, which does not lead to it`)
    return link
  })
  const able = (ability: Ability, link: string): boolean => isAble(options.capabilities, ability, link)
  const topicNameOf = ({ event }: LinkContract): string => options.events.find(one => one.name === event)?.topic ?? event
  const lacking = options.links.filter(
    ({ id, to }) => to === service && handlers[id] === undefined && (able('serve', id) || able('record', id)),
  )
  if (lacking.length > 0) {
    throw new ConfigurationError(lacking.map(({ id }) => `CAPABILITIES names ${id}, for which this build of ${service} has no handler`))
  }
  const receivers = new Map<string, Receiver>(
    links
      .filter(({ id }) => able('serve', id) || able('record', id))
      .map(link => {
        const acts: Via[] = [
          ...(able('serve', link.id) || able('act', link.id) ? ['http' as const] : []),
          ...(able('act', link.id) ? ['event' as const] : []),
        ]
        const event = registry.event(link.event)
        const versions = event === undefined ? [] : versionsAble(options.capabilities, 'handle', event)
        const receiver = openReceiver(link, handlers[link.id] as Handler, registry, stores.receive, acts, versions, clock)
        return [link.id, observedReceiver(receiver, service, topicNameOf(link), options.system ?? 'cutover_pglog', meters)]
      }),
  )
  const doors = new Map(
    [...receivers]
      .filter(([id, receiver]) => receiver.link.kind === 'business' && able('serve', id))
      .map(([id, receiver]) => [id, openDoor(receiver, stores.receive, registry, outcomes => meters.received(id, outcomes))]),
  )
  const consumed = [...receivers.values()].filter(({ link }) => able('record', link.id))
  const statuses = new Map<string, ConsumerStatus>()

  async function consume(receiver: Receiver, signal: AbortSignal): Promise<void> {
    const { link } = receiver
    const consumer = `${service}.${link.id}`
    const event = options.events.find(one => one.name === link.event)
    if (event === undefined) throw new Error(`${link.id} carries ${link.event}, which is not an event of this system`)
    let sinceMs: number | null = null
    while (!signal.aborted) {
      const topic = await topicOf(event).catch(() => undefined)
      if (topic === undefined) {
        statuses.set(consumer, {
          consumer,
          topic: event.topic,
          partitions: [],
          trouble: 'the topic does not exist yet, or the log is away',
          sinceMs: (sinceMs ??= clock.now()),
        })
        await clock.sleep(300, signal)
        continue
      }
      sinceMs = null
      const share = { consumer, topicId: topic.id, holder: options.instance }
      const shares = openShares(stores.consumer, share, topic.partitions, one => isAble(one.capabilities, 'record', link.id))
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

  /** Also one in quarantine: its reader has to say so, and to be there when it is restored. */
  async function topicOf({ topic: name }: EventContract): Promise<Topic | undefined> {
    const topic = await broker.topic(name)
    if (topic !== undefined) return topic
    const hidden = await broker.hidden(name)
    return hidden?.state === 'quarantined' ? hidden : undefined
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

  const forgetting = openForgetting(stores.receive, clock, log)

  const compare = (signal: AbortSignal): Promise<void> =>
    runComparison(
      {
        store: stores.parity,
        links: consumed.map(({ link }) => ({ link: link.id, handler: handlers[link.id] as Handler })),
        registry,
        clock,
        log,
      },
      signal,
    )

  return {
    links,
    versions: Object.fromEntries([...receivers].map(([id, receiver]) => [id, receiver.versions])),
    doors,
    receivers,
    running: loops('consumers', [
      parked,
      compare,
      signal => forgetting.run(signal),
      ...consumed.map(receiver => (signal: AbortSignal) => consume(receiver, signal)),
    ]),
    compares: (link, beyond) => forgetting.compares(link, beyond),
    consumers: () => [...statuses.values()],
  }
}
