import type { EventContract, LinkContract } from '../contract/contract.ts'
import type { Message, Stamp } from '../contract/message.ts'
import { Problem } from '../failure/problem.ts'
import type { Registry } from '../registry/registry.ts'
import type { SwitchState } from '../switch/store.ts'

/** A fact as it is about to be appended: a message that has no position yet. */
export type NewFact = Omit<Message, 'position' | 'traceparent'> & { readonly publish: boolean }

/** The largest envelope, in bytes of UTF-8. A larger one could not pass the HTTP doors (256 KiB with headers). */
export const factBytesMax = 192 * 1024

export interface FactDetails {
  readonly service: string
  readonly factId: string
  readonly producedAt: string
  readonly revision: number | null
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
): NewFact {
  const version = state.versions[event.name] ?? 0
  const envelope = {
    payload,
    meta: { event_id: details.factId, event_version: version, event_name: event.name, produced_at: details.producedAt },
  }
  const errors = [...registry.invalid(envelope, event.name, version), ...registry.outOfBounds(envelope, event.name)]
  if (errors.length > 0) {
    throw new Problem('event_invalid', { detail: `${event.name} v${version} does not match its contract and was not recorded`, errors })
  }
  const bytes = JSON.stringify(envelope)
  if (Buffer.byteLength(bytes) > factBytesMax) {
    throw new Problem('event_too_large', { detail: `${event.name} has ${Buffer.byteLength(bytes)} bytes; the limit is ${factBytesMax}` })
  }
  const stamps = stampsOf(event.name, details.service, state, links)
  return {
    factId: details.factId,
    event: event.name,
    version,
    businessKey: event.businessKey(payload as never, details.revision),
    orderKey: event.orderKey(payload as never),
    revision: details.revision,
    source: details.service,
    stamps,
    publish: Object.values(stamps).some(stamp => stamp.route === 'event' || stamp.shadow === true),
    bytes,
  }
}

function stampsOf(event: string, service: string, state: SwitchState, links: readonly LinkContract[]): Record<string, Stamp> {
  const carrying = links.filter(link => link.event === event && link.from === service)
  return Object.fromEntries(
    carrying.map(({ id, start }) => {
      const { route, shadow } = state.links[id] ?? { route: start, shadow: false }
      // An event that has the authority itself is nobody's shadow.
      return [id, { route, epoch: state.epoch, ...(shadow && route === 'http' ? { shadow: true as const } : {}) }]
    }),
  )
}
