import type { LinkContract } from './contract.ts'

/**
 * What an instance can do about a link. What it cannot do is not there at all: no handler, no route, no lane, no metric.
 * - `serve`: the receiver has the door of the HTTP route
 * - `record`: the receiver reads the events; what another route has the authority for it records, and what the event has
 *   the authority for it parks until somebody can act
 * - `act`: the receiver reads the events and acts on those that have the authority
 * - `call`: the sender calls the HTTP route
 * - `produce`: the sender states facts that are published as events
 */
export const abilities = ['serve', 'record', 'act', 'call', 'produce'] as const
export type Ability = (typeof abilities)[number]
/** `record:COMM-040` */
export type Capability = `${Ability}:${string}`

/** The form of a capability, for schemas. Which links there are is another question. */
export const capabilityPattern = `^(${abilities.join('|')}):[A-Za-z0-9_-]{1,64}$`

export const capability = (ability: Ability, link: string): Capability => `${ability}:${link}`

/** The two parts of a text that has the form of a capability, or null. */
export function parseCapability(text: string): { readonly ability: Ability; readonly link: string } | null {
  if (!new RegExp(capabilityPattern).test(text)) return null
  const colon = text.indexOf(':')
  return { ability: text.slice(0, colon) as Ability, link: text.slice(colon + 1) }
}

/** A link whose facts go through the outbox: the others are still read by HTTP alone, and nobody needs a capability for it. */
export const isSent = (link: LinkContract): boolean => link.kind === 'business' || link.start === 'event' || link.movable

/** The abilities that a service can have on a link at all, by its side of it. */
export function abilitiesOn(link: LinkContract, service: string): readonly Ability[] {
  if (!isSent(link)) return []
  const receives: readonly Ability[] = link.kind === 'business' ? ['serve', 'record', 'act'] : ['record', 'act']
  const sends: readonly Ability[] = link.kind === 'business' ? ['call', 'produce'] : ['produce']
  return [...(link.to === service ? receives : []), ...(link.from === service ? sends : [])]
}

/** Everything that a service can ever be able to do. */
export const possibleCapabilities = (links: readonly LinkContract[], service: string): readonly Capability[] =>
  links.flatMap(link => abilitiesOn(link, service).map(ability => capability(ability, link.id)))

/** What a service is able to do while every link has its starting route, and no more. */
export function startingCapabilities(links: readonly LinkContract[], service: string): readonly Capability[] {
  const needed = (link: LinkContract): readonly Ability[] => (link.start === 'http' ? ['call', 'serve'] : ['produce', 'act'])
  return links.flatMap(link =>
    abilitiesOn(link, service)
      .filter(ability => needed(link).includes(ability))
      .map(ability => capability(ability, link.id)),
  )
}

/** Whether these capabilities have the ability on the link. Who can act can record. */
export const isAble = (capabilities: readonly string[], ability: Ability, link: string): boolean =>
  capabilities.includes(capability(ability, link)) || (ability === 'record' && capabilities.includes(capability('act', link)))

/** How no capability at all is written: an empty text would say that nothing is set. */
export const noCapabilities = 'none'

/** Capabilities as the environment variable `CAPABILITIES` has them. */
export const formatCapabilities = (all: readonly string[]): string => (all.length === 0 ? noCapabilities : all.join(','))
