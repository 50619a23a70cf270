/**
 * What a system says: events with their versions, and the links that carry them. Nothing here does anything, and
 * nothing here imports anything, so that a browser can load it as well.
 */

/** The TypeScript type of a value that satisfies the JSON Schema document `S` (the subset that contracts use). */
export type Infer<S> = S extends { readonly enum: readonly (infer Value)[] }
  ? Value
  : S extends { readonly type: 'string' }
    ? string
    : S extends { readonly type: 'integer' | 'number' }
      ? number
      : S extends { readonly type: 'boolean' }
        ? boolean
        : S extends { readonly type: 'array'; readonly items: infer Items }
          ? readonly Infer<Items>[]
          : S extends { readonly type: 'object'; readonly properties: infer P; readonly required: readonly (infer R)[] }
            ? { readonly [K in keyof P as K extends R ? K : never]: Infer<P[K]> } & {
                readonly [K in keyof P as K extends R ? never : K]?: Infer<P[K]>
              }
            : never

/** A JSON Schema 2020-12 document of one event version. */
export type Document = {
  readonly title: string
  readonly type: 'object'
  readonly properties: object
  readonly required: readonly string[]
}

/** The envelope that every event has (given by the requirements). What it does not hold travels in headers. */
export interface Envelope {
  readonly payload: object
  readonly meta: {
    readonly event_id: string
    readonly event_version: number
    readonly event_name: string
    readonly produced_at: string
  }
}

/** One event: every version ever released, oldest first, and how its facts are named and ordered. Our own code knows the newest only. */
export interface EventContract<Versions extends readonly Document[] = readonly Document[]> {
  readonly name: string
  /** The service that states these facts; the topic is `<service>.<event-in-kebab-case>`. */
  readonly service: string
  readonly topic: string
  /** Number of partitions of the topic, fixed for its life. */
  readonly partitions: number
  /** Released documents; the index is the version number. A released document is never edited. */
  readonly versions: Versions
  /** From each version's payload to the next one's and back: `lenses[0]` is between versions 0 and 1. One less than versions. */
  readonly lenses?: readonly PayloadLens[]
  /**
   * Stricter bounds (lengths, id formats) that our own producers keep and the open documents do not state; of the newest
   * version. A field that is about a person has `x-sensitivity: personal` here, because a released document is never edited:
   * it is shown to nobody.
   */
  readonly bounds: Document
  /** The entity that the fact is about: one key, one partition. */
  readonly orderKey: (payload: NewestPayloadOf<Versions>) => string
  /** Names the effect, for ever: every copy of a fact, by whatever route and version, has the same one. */
  readonly businessKey: (payload: NewestPayloadOf<Versions>, revision: number | null) => string
}

/** Of payloads that their documents have allowed. */
export interface PayloadLens {
  up(older: never): object
  down(newer: never): object
}

type PropertyOf<D, Name extends string> = D extends { readonly properties: { readonly [K in Name]: infer P } } ? Infer<P> : never
export type PayloadOf<D> = PropertyOf<D, 'payload'>
type Last<V extends readonly unknown[]> = V extends readonly [...unknown[], infer Newest] ? Newest : V[number]
/** The payload of the newest version. */
export type NewestPayloadOf<V extends readonly Document[]> = PayloadOf<Last<V>>
/** An event as handlers see it: whatever version it was stated in, its payload is of the newest. */
export type MessageOf<E> =
  E extends EventContract<infer V> ? { readonly payload: NewestPayloadOf<V> & object; readonly meta: Envelope['meta'] } : never

/** Declares an event. The types of its payload follow from its documents. */
export const defineEvent = <const V extends readonly Document[]>(event: EventContract<V>): EventContract<V> => event

/** The name of a topic is decided here and nowhere else. */
export const topicName = (service: string, event: string): string =>
  `${service}.${event.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase()}`

export type Route = 'http' | 'event'
export const routes: readonly Route[] = ['http', 'event']

/**
 * How the facts of a link leave for the log. `outbox`: from a row that was committed with them, so none is lost. `direct`:
 * from the memory of the process that committed them, which a crash takes with it.
 */
export type Delivery = 'outbox' | 'direct'

/** A named communication between two services, with two routes. */
export interface LinkContract {
  /** For example `COMM-040`. */
  readonly id: string
  /** The service that states the facts (business link) or owns the state (data link). */
  readonly from: string
  /** The service where something happens (business link) or where the copy is read (data link). */
  readonly to: string
  readonly kind: 'business' | 'data'
  readonly title: string
  /** The same in Russian, for the operator's page. */
  readonly titleRu?: string
  readonly event: string
  /** The operation of the `http` route; for a business link its body is the same envelope that the event has, for a data link its answer is the state. */
  readonly http: { readonly method: 'GET' | 'POST'; readonly path: string }
  /** The route at the first epoch. */
  readonly start: Route
  /** Why any order of arrival is right: effects commute, or a receiver ignores older revisions. */
  readonly order: 'commutes' | 'revision'
  /** What is stated over it moves money: nobody writes a fact of it off alone. */
  readonly money?: boolean
  /** A crash may lose facts of this link, so that it may be `direct`: what was lost can be told anew. Never where money is. */
  readonly mayLose?: true
}

/** Whether a link may be `direct`: a data link that says so, and no money. The effects of a business link cannot be told anew. */
export const mayBeDirect = ({ kind, mayLose, money }: LinkContract): boolean => kind === 'data' && mayLose === true && money !== true
