import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'

/** The W3C trace context that some work belongs to. It is there whether or not anybody records spans. */
export interface Trace {
  /** `00-<trace>-<span>-<flags>`: what is handed on, in headers and in the outbox. */
  readonly traceparent: string
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** What other tools have added, handed on by HTTP as it came. */
  readonly state?: string
}

const current = new AsyncLocalStorage<Trace>()
const form = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/
const nothing = /^0+$/
const stateLengthMax = 512

/** The trace of the work that is being done now; undefined in work that nobody asked for, such as a loop. */
export const currentTrace = (): Trace | undefined => current.getStore()

/** Does `work`, and whatever it begins, as a part of this trace. */
export const withTrace = <Result>(trace: Trace, work: () => Result): Result => current.run(trace, work)

/** Reads a `traceparent`; undefined for one that is none, because a caller's mistake must not fail a request. */
export function readTrace(traceparent: unknown, tracestate?: unknown): Trace | undefined {
  if (typeof traceparent !== 'string') return undefined
  const [, traceId, span] = form.exec(traceparent) ?? []
  if (traceId === undefined || span === undefined || nothing.test(traceId) || nothing.test(span)) return undefined
  const state = typeof tracestate === 'string' && tracestate !== '' && tracestate.length <= stateLengthMax ? { state: tracestate } : {}
  return { traceparent, traceId, ...state }
}

/** A trace that begins here. Its flag says "recorded", so that whoever records further on does. */
export function newTrace(): Trace {
  const hex = randomBytes(24).toString('hex')
  const traceId = hex.slice(0, 32)
  return { traceparent: `00-${traceId}-${hex.slice(32)}-01`, traceId }
}
