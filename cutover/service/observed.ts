// The parts of a service with what is measured and traced about them put around: the parts themselves know nothing of it.
import type { Broker, NewRecord } from '../broker/broker.ts'
import type { EventContract } from '../contract/contract.ts'
import type { Stamp } from '../contract/message.ts'
import type { Courier, Delivered } from '../delivery/courier.ts'
import type { Breaker, BreakerState } from '../failure/breaker.ts'
import { currentTrace, readTrace, type Trace } from '../process/trace.ts'
import type { ParityStore } from '../parity/store.ts'
import { type ReadingStore, readVerdicts } from '../reading/store.ts'
import type { Handler } from '../receive/handler.ts'
import type { Via } from '../receive/judge.ts'
import type { Receiver } from '../receive/receiver.ts'
import type { Registry } from '../registry/registry.ts'
import { attributes, messagingSystem } from '../telemetry/names.ts'
import { beginSpan, failSpan, inSpan, isTracing, type OpenSpan } from '../telemetry/tracing.ts'
import type { Meters } from './meter.ts'

const tookSince = (begun: number): number => performance.now() - begun

/** Counts deliveries with their time, and the turns of the breaker. */
export function observedCourier(courier: Courier, meters: Meters): Courier {
  const link = courier.link.id
  const note = turns(() => courier.view().breaker.state, link, meters)
  async function counted(delivering: Promise<Delivered>): Promise<Delivered> {
    const begun = performance.now()
    // A probe has just begun, perhaps: half-open is seen now or never.
    note()
    const delivered = await delivering
    note()
    meters.delivered(link, 'http', outcomeOf(delivered), tookSince(begun))
    return delivered
  }
  return {
    ...courier,
    deliver: message => counted(courier.deliver(message)),
    deliverNow(message) {
      const delivering = courier.deliverNow(message)
      return delivering === undefined ? undefined : counted(delivering)
    },
    async ask<Answer>(path: string, body: unknown): Promise<Answer> {
      const asking = courier.ask<Answer>(path, body)
      note()
      return asking.finally(note)
    },
  }
}

const outcomeOf = (delivered: Delivered): string => (delivered.kind === 'receipt' ? delivered.outcome : delivered.kind)

/** Counts the turns of a breaker that others ask. */
export function observedBreaker(breaker: Breaker, link: string, meters: Meters): Breaker {
  const note = turns(() => breaker.state().is, link, meters)
  const noted = <Result>(result: Result): Result => {
    note()
    return result
  }
  return {
    ...breaker,
    enter() {
      const leave = noted(breaker.enter())
      return leave === undefined ? undefined : { succeeded: () => noted(leave.succeeded()), failed: () => noted(leave.failed()) }
    },
  }
}

function turns(state: () => BreakerState['is'], link: string, meters: Meters): () => void {
  let last = state()
  return () => {
    const now = state()
    if (now === last) return
    last = now
    meters.turned(link, now)
  }
}

const stampsKeptMax = 1_000

export interface Published {
  readonly events: readonly EventContract[]
  /** As OpenTelemetry names it: `cutover_pglog`, `kafka`. */
  readonly system: string
  readonly meters: Meters
}

/** The log as the relay appends to it: batches with their time and size, and a span per fact in the trace that it was stated in. */
export function observedLog(broker: Broker, { events, system, meters }: Published): Broker {
  const eventOf = new Map(events.map(event => [event.topic, event.name]))
  // The same few texts come again and again, and are read once.
  const routesOf = new Map<string, readonly string[]>()
  function linksOf({ headers }: NewRecord): readonly string[] {
    const text = headers['cutover-stamps'] ?? '{}'
    const known = routesOf.get(text)
    if (known !== undefined) return known
    const stamps = Object.entries(JSON.parse(text) as Readonly<Record<string, Stamp>>)
    const links = stamps.filter(([, stamp]) => stamp.route === 'event').map(([link]) => link)
    if (routesOf.size >= stampsKeptMax) routesOf.clear()
    routesOf.set(text, links)
    return links
  }
  function count(records: readonly NewRecord[], outcome: string, tookMs: number): void {
    const counts = new Map<string, number>()
    for (const record of records) for (const link of linksOf(record)) counts.set(link, (counts.get(link) ?? 0) + 1)
    for (const [link, facts] of counts) meters.delivered(link, 'event', outcome, tookMs, facts)
  }
  return withAppend(broker, async (topic, records, ack) => {
    const begun = performance.now()
    const spans = isTracing() ? records.map(record => sendSpan(topic, record, records.length, system)) : undefined
    let outcome = 'done'
    try {
      await broker.append(topic, spans === undefined ? records : records.map((record, at) => inTrace(record, spans[at])), ack)
      meters.appended(eventOf.get(topic) ?? topic, records.length)
    } catch (error) {
      outcome = 'away'
      throw error
    } finally {
      count(records, outcome, tookSince(begun))
      for (const { span } of spans ?? []) {
        if (span !== undefined && outcome !== 'done') failSpan(span, outcome)
        span?.end()
      }
    }
  })
}

/** A broker may be of a class: its other methods are called on itself. */
const withAppend = (broker: Broker, append: Broker['append']): Broker =>
  new Proxy(broker, {
    get(target, name) {
      if (name === 'append') return append
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })

const sendSpan = (topic: string, record: NewRecord, count: number, system: string): OpenSpan =>
  beginSpan({
    name: `send ${topic}`,
    kind: 'producer',
    parent: readTrace(record.headers['traceparent']) ?? null,
    attributes: () => ({
      ...messagingSystem(system, process.env['OTEL_SEMCONV_STABILITY_OPT_IN']),
      [attributes.operation]: 'send',
      [attributes.operationType]: 'send',
      [attributes.destination]: topic,
      [attributes.message]: record.headers['cutover-fact'] ?? '',
      [attributes.size]: Buffer.byteLength(record.value),
      [attributes.count]: count,
    }),
  })

const inTrace = (record: NewRecord, open: OpenSpan | undefined): NewRecord =>
  open === undefined ? record : { ...record, headers: { ...record.headers, traceparent: open.trace.traceparent } }

/** Every batch with its time, in a span that is linked to where its facts were stated. */
export function observedReceiver(receiver: Receiver, service: string, topic: string, system: string, meters: Meters): Receiver {
  const { id, event } = receiver.link
  return {
    ...receiver,
    async receive(tx, messages, via) {
      const begun = performance.now()
      const [first] = messages
      const parent = messages.length === 1 ? parentOf(first?.traceparent, via) : undefined
      const span = {
        name: `process ${topic}`,
        kind: 'consumer',
        parent: parent ?? null,
        links: () => (parent === undefined ? messages.map(message => message.traceparent) : []),
        attributes: () => ({
          ...(via === 'event' ? messagingSystem(system, process.env['OTEL_SEMCONV_STABILITY_OPT_IN']) : {}),
          [attributes.operation]: 'process',
          [attributes.operationType]: 'process',
          [attributes.destination]: topic,
          [attributes.group]: `${service}.${id}`,
          [attributes.count]: messages.length,
          [attributes.link]: id,
          [attributes.event]: event,
          ...(messages.length === 1 && first !== undefined ? { [attributes.message]: first.factId } : {}),
        }),
      } as const
      const outcomes = await inSpan(span, async open => {
        const received = await receiver.receive(tx, messages, via)
        open?.setAttribute(attributes.outcome, [...new Set(received.map(one => one.is))].toSorted())
        return received
      })
      meters.handled(id, tookSince(begun))
      return outcomes
    },
  }
}

/**
 * By HTTP a single message is a part of its sender's call, and of the request that brought it; a batch, and whatever comes
 * by the log, is only caused by it. Where nobody records links, the trace of the fact is what tells the reader of a log most.
 */
function parentOf(traceparent: string | null | undefined, via: Via): Trace | undefined {
  if (via === 'event' && isTracing()) return undefined
  const [own, here] = [readTrace(traceparent), currentTrace()]
  return own !== undefined && here?.traceId === own.traceId ? here : own
}

/** What a service does about facts, in a span of its own. */
export const observedHandler = (id: string, handler: Handler): Handler => ({
  ...handler,
  lookup: (messages, tx) => handler.lookup(messages, tx),
  decide: (message, known) => handler.decide(message, known),
  apply: (effects, tx) =>
    inSpan(
      { name: `handle ${id}`, kind: 'internal', attributes: () => ({ [attributes.link]: id, [attributes.count]: effects.length }) },
      () => handler.apply(effects, tx),
    ),
})

/** Counts what is not as its contract says. */
export function observedRegistry(registry: Registry, side: 'send' | 'receive', meters: Meters): Registry {
  const noted = <Errors extends readonly unknown[]>(errors: Errors, name: string, version: string): Errors => {
    // A name or version that we do not know is a stranger's text, and none of ours to make a series of.
    const event = registry.event(name)
    const known = event !== undefined && (version === 'any' || Number(version) < event.versions.length)
    if (errors.length > 0) meters.refused(event === undefined ? 'unknown' : name, known ? version : 'unknown', side)
    return errors
  }
  return {
    ...registry,
    invalid: (envelope, event, version) => noted(registry.invalid(envelope, event, version), event, String(version)),
    outOfBounds: (envelope, event) => noted(registry.outOfBounds(envelope, event), event, 'any'),
  }
}

/** Counts the verdicts about pairs of effects. */
export const observedParity = (store: ParityStore, meters: Meters): ParityStore => ({
  ...store,
  async settle(tx, link, judged) {
    await store.settle(tx, link, judged)
    for (const { verdict } of judged) meters.compared(link, verdict, 1)
  },
})

/** Counts the verdicts about reads. */
export const observedReadings = (store: ReadingStore, meters: Meters): ReadingStore => ({
  ...store,
  async count(link, epoch, instance, counts, mismatches) {
    await store.count(link, epoch, instance, counts, mismatches)
    for (const verdict of readVerdicts) meters.compared(link, verdict, counts[verdict])
  },
})
