import { bucketOf } from '../contract/bucket.ts'
import type { Ability } from '../contract/capability.ts'
import { type EventContract, type LinkContract, mayBeDirect, type Route } from '../contract/contract.ts'
import type { Message, Stamp } from '../contract/message.ts'
import { Problem } from '../failure/problem.ts'
import type { Registry } from '../registry/registry.ts'
import type { Stand, SwitchState } from '../switch/store.ts'

/** A fact as it is about to be appended: a message that has no position yet. */
export type NewFact = Omit<Message, 'position' | 'traceparent'> & { readonly publish: boolean }

/** Nobody is to be told: every link that could carry it is a data link whose reader asks by HTTP. */
export const isForNobody = ({ stamps }: NewFact): boolean => Object.keys(stamps).length === 0

/** It is not appended: whoever states it publishes it after the commit, from memory. */
export const isDirect = ({ stamps }: Pick<Message, 'stamps'>): boolean => Object.values(stamps).some(stamp => stamp.direct === true)

/** The position of a fact that is in no outbox. */
export const noPosition = '0'

/** The largest envelope, in bytes of UTF-8. A larger one could not pass the HTTP doors (256 KiB with headers). */
export const factBytesMax = 192 * 1024

export interface FactDetails {
  readonly service: string
  readonly factId: string
  readonly producedAt: string
  readonly revision: number | null
  /** The entity is gone; the payload is its last state. */
  readonly removed?: boolean
  /** Told over this link only: what was there before it was produced. */
  readonly only?: string
}

/**
 * Builds the fact under `state`: the version and the stamps of every link that carries it are decided here, once.
 * Throws when the payload is not what the contract allows, so that an invalid event can never be committed.
 */
export function buildFact(
  event: EventContract,
  payload: object,
  details: FactDetails,
  state: SwitchState,
  links: readonly LinkContract[],
  registry: Registry,
  able: Able = () => true,
): NewFact {
  const version = state.versions[event.name] ?? 0
  const meta = { event_id: details.factId, event_version: version, event_name: event.name, produced_at: details.producedAt }
  // Our own code states the newest form; the switch says in which version it is told.
  const beyond = registry.outOfBounds({ payload, meta }, event.name)
  const envelope = { payload: registry.toVersion(payload, event.name, version), meta }
  const errors = beyond.length > 0 ? beyond : registry.invalid(envelope, event.name, version)
  if (errors.length > 0) {
    throw new Problem('event_invalid', { detail: `${event.name} v${version} does not match its contract and was not recorded`, errors })
  }
  const bytes = JSON.stringify(envelope)
  if (Buffer.byteLength(bytes) > factBytesMax) {
    throw new Problem('event_too_large', { detail: `${event.name} has ${Buffer.byteLength(bytes)} bytes; the limit is ${factBytesMax}` })
  }
  const businessKey = event.businessKey(payload as never, details.revision)
  const carrying = links.filter(link => link.event === event.name && link.from === details.service && (details.only ?? link.id) === link.id)
  const stamps = stampsOf(carrying, businessKey, state, able)
  // What was there before is told by the outbox in any case: its cursor goes on with the commit, and never comes back.
  if (details.only === undefined && maySkipOutbox(carrying, stamps, state)) markDirect(stamps)
  return {
    factId: details.factId,
    event: event.name,
    version,
    businessKey,
    orderKey: event.orderKey(payload as never),
    revision: details.revision,
    ...(details.removed === true ? { removed: true } : {}),
    source: details.service,
    stamps,
    publish: Object.values(stamps).some(stamp => stamp.route === 'event' || stamp.shadow === true),
    bytes,
  }
}

/** What this instance can do about a link. */
export type Able = (ability: Ability, link: string) => boolean

function stampsOf(carrying: readonly LinkContract[], businessKey: string, state: SwitchState, able: Able): Record<string, Stamp> {
  return Object.fromEntries(
    carrying.flatMap(link => {
      const stand = state.links[link.id] ?? { route: link.start, share: 100, shadow: false }
      const route = carrierOf(stand, businessKey)
      const { shadow } = stand
      // State that is read by HTTP is told to nobody.
      if (link.kind === 'data' && route === 'http') return []
      demand(able, link, route)
      // An event that has the authority itself is nobody's shadow.
      return [[link.id, { route, epoch: state.epoch, ...(shadow && route === 'http' ? { shadow: true as const } : {}) }]]
    }),
  )
}

/** A fact that any link wants from the outbox is there for all of them. */
function maySkipOutbox(carrying: readonly LinkContract[], stamps: Readonly<Record<string, Stamp>>, state: SwitchState): boolean {
  const told = carrying.filter(({ id }) => stamps[id] !== undefined)
  return (
    told.length > 0 &&
    told.every(link => stamps[link.id]?.route === 'event' && mayBeDirect(link) && state.links[link.id]?.delivery === 'direct')
  )
}

function markDirect(stamps: Record<string, Stamp>): void {
  for (const [link, stamp] of Object.entries(stamps)) stamps[link] = { ...stamp, direct: true }
}

/**
 * The route that carries a key. For one share the same key always goes the same way, and a larger share only moves keys
 * to the switch's route, so that no key goes to and fro while the share grows.
 */
export function carrierOf({ route, share }: Pick<Stand, 'route' | 'share'>, businessKey: string): Route {
  if (share === 100 || bucketOf(businessKey, 100) < share) return route
  return route === 'http' ? 'event' : 'http'
}

/**
 * An instance that cannot produce states nothing for the event: it is of a build that was retired, and wakes up late.
 * (One that cannot call may state facts for HTTP: whoever can, calls for them.)
 */
function demand(able: Able, { id }: LinkContract, route: Route): void {
  if (route === 'http' || able('produce', id)) return
  throw new Problem('capability_missing', {
    status: 503,
    detail: `this instance has no produce:${id}, and the switch asks for it; nothing was recorded. Another instance has it`,
    retryable: true,
  })
}
