import {
  type Attributes,
  type Context,
  context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace as api,
  type Tracer,
} from '@opentelemetry/api'
import { currentTrace, newTrace, readTrace, type Trace, withTrace } from '../process/trace.ts'
import { attributes } from './names.ts'

export type { Attributes, Span } from '@opentelemetry/api'

const kinds = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
} as const

/** More links than that say nothing more about a batch. */
const linksMax = 128

let tracer: Tracer | undefined

/** Spans are recorded from now on, by whichever SDK is registered with OpenTelemetry's API. */
export function startTracing(): void {
  tracer = api.getTracer('cutover')
}

export function stopTracing(): void {
  tracer = undefined
}

/** Whether anybody records spans: nothing need be prepared for them otherwise. */
export const isTracing = (): boolean => tracer !== undefined

export interface SpanOptions {
  readonly name: string
  readonly kind: keyof typeof kinds
  readonly attributes?: () => Attributes
  /** What it is a part of; the current trace unless said otherwise, null for a trace of its own. */
  readonly parent?: Trace | null
  /** What caused it without containing it: `traceparent`s. */
  readonly links?: () => readonly (string | null)[]
}

/** A span that somebody else ends, and its place in the trace. */
export interface OpenSpan {
  readonly trace: Trace
  /** Undefined while nobody records. */
  readonly span: Span | undefined
}

/** Begins a span. Without a recorder it costs nothing, and its trace is the parent's, or a new one. */
export function beginSpan(options: SpanOptions): OpenSpan {
  const parent = options.parent === undefined ? currentTrace() : (options.parent ?? undefined)
  if (tracer === undefined) return { trace: parent ?? newTrace(), span: undefined }
  const links = (options.links?.() ?? []).flatMap(linkTo).slice(0, linksMax)
  const span = tracer.startSpan(
    options.name,
    { kind: kinds[options.kind], attributes: options.attributes?.() ?? {}, ...(links.length === 0 ? {} : { links }) },
    contextOf(parent),
  )
  return { trace: traceOf(span, parent), span }
}

/** Runs `work` in a span. An error is noted by its kind, never by its text, which may repeat what somebody has sent. */
export async function inSpan<Result>(
  options: SpanOptions,
  work: (span: Span | undefined, trace: Trace) => Promise<Result>,
): Promise<Result> {
  const { trace, span } = beginSpan(options)
  if (span === undefined) return trace === currentTrace() ? work(undefined, trace) : withTrace(trace, () => work(undefined, trace))
  try {
    return await within({ trace, span }, () => work(span, trace))
  } catch (error) {
    failSpan(span, kindOf(error))
    throw error
  } finally {
    span.end()
  }
}

/** Does `work` inside a span that was begun: what it begins is a part of it. */
export const within = <Result>({ trace, span }: OpenSpan, work: () => Result): Result =>
  withTrace(trace, span === undefined ? work : () => context.with(api.setSpan(ROOT_CONTEXT, span), work))

export function failSpan(span: Span, kind: string): void {
  span.setAttribute(attributes.errorType, kind)
  span.setStatus({ code: SpanStatusCode.ERROR })
}

/** What kind of error it is: our code, the system's, or the class. */
function kindOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown }
  return typeof code === 'string' && code !== '' ? code : typeof name === 'string' && name !== '' ? name : 'error'
}

function contextOf(parent: Trace | undefined): Context {
  const own = parent === undefined ? undefined : spanContextOf(parent.traceparent)
  return own === undefined ? ROOT_CONTEXT : api.setSpanContext(ROOT_CONTEXT, own)
}

function spanContextOf(traceparent: string): { traceId: string; spanId: string; traceFlags: number; isRemote: true } | undefined {
  const trace = readTrace(traceparent)
  if (trace === undefined) return undefined
  return {
    traceId: trace.traceId,
    spanId: traceparent.slice(36, 52),
    traceFlags: Number.parseInt(traceparent.slice(53), 16),
    isRemote: true,
  }
}

function linkTo(traceparent: string | null): Link[] {
  const target = traceparent === null ? undefined : spanContextOf(traceparent)
  return target === undefined ? [] : [{ context: target }]
}

function traceOf(span: Span, parent: Trace | undefined): Trace {
  const { traceId, spanId, traceFlags } = span.spanContext()
  const traceparent = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`
  return { traceparent, traceId, ...(parent?.state === undefined ? {} : { state: parent.state }) }
}
