import type { EventContract, LinkContract } from './contract.ts'

/**
 * What an instance can do about a link, about a version of an event (`handle:TaskCreated-v1`; version 0 needs nothing), or
 * about columns that change (`dual-write:US-160`).
 * What it cannot do is not there at all: no handler, no route, no lane, no metric.
 * - `serve`: has the endpoint of the HTTP route: the receiver of a business link, the owner of a data link's state
 * - `record`: the receiver of a business link reads the events; what another route has the authority for it records, and
 *   what the event has the authority for it parks until somebody can act
 * - `act`: reads the events and acts on them; on a data link, keeps the copy
 * - `call`: calls the HTTP route: the sender of a business link, the reader of a data link
 * - `produce`: states facts that are published as events
 * - `handle`: takes facts in this version of their event; without it they are parked
 * - `state`: states facts in this version, by whatever route, if the switch says so
 * - `dual-write`: writes the old columns and the new ones; `read-new`: reads the new ones; `write-new`: leaves the old alone
 */
export const abilities = ['serve', 'record', 'act', 'call', 'produce', 'handle', 'state', 'dual-write', 'read-new', 'write-new'] as const
export type Ability = (typeof abilities)[number]
/** Those about columns that change, in the order in which they are deployed; each goes on with what the one before does. */
export const columnAbilities = ['dual-write', 'read-new', 'write-new'] as const satisfies readonly Ability[]
/** Those about a link. */
export const linkAbilities: readonly Ability[] = ['serve', 'record', 'act', 'call', 'produce']
/** `record:COMM-040` */
export type Capability = `${Ability}:${string}`

/** The form of a capability, for schemas. Which links and versions there are is another question. */
export const capabilityPattern = `^(${abilities.join('|')}):[A-Za-z0-9_-]{1,64}$`

export const capability = (ability: Ability, subject: string): Capability => `${ability}:${subject}`
/** A version of an event as a subject of capabilities. */
export const versionSubject = (event: string, version: number): string => `${event}-v${version}`

/** The two parts of a text that has the form of a capability, or null. */
export function parseCapability(text: string): { readonly ability: Ability; readonly subject: string } | null {
  if (!new RegExp(capabilityPattern).test(text)) return null
  const colon = text.indexOf(':')
  return { ability: text.slice(0, colon) as Ability, subject: text.slice(colon + 1) }
}

/** Which versions of the events of its links a service can be deployed for, beyond version 0. */
function versionCapabilities(links: readonly LinkContract[], service: string, events: readonly EventContract[]): readonly Capability[] {
  const of = (ability: 'handle' | 'state', end: 'from' | 'to'): Capability[] =>
    events
      .filter(event => links.some(link => link.event === event.name && link[end] === service))
      .flatMap(event => event.versions.map((_, version) => capability(ability, versionSubject(event.name, version))).slice(1))
  return [...of('handle', 'to'), ...of('state', 'from')]
}

/** The abilities that a service can have on a link at all, by its side of it. By HTTP state is pulled and effects are pushed. */
export function abilitiesOn(link: LinkContract, service: string): readonly Ability[] {
  const receives: readonly Ability[] = link.kind === 'business' ? ['serve', 'record', 'act'] : ['call', 'act']
  const sends: readonly Ability[] = link.kind === 'business' ? ['call', 'produce'] : ['serve', 'produce']
  return [...(link.to === service ? receives : []), ...(link.from === service ? sends : [])]
}

/** Everything that a service can ever be able to do. `changes` names those of its columns. */
export const possibleCapabilities = (
  links: readonly LinkContract[],
  service: string,
  events: readonly EventContract[] = [],
  changes: readonly string[] = [],
): readonly Capability[] => [
  ...links.flatMap(link => abilitiesOn(link, service).map(ability => capability(ability, link.id))),
  ...versionCapabilities(links, service, events),
  ...changes.flatMap(change => columnAbilities.map(ability => capability(ability, change))),
]

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

/** Which versions of an event an instance handles, or can state. */
export const versionsAble = (capabilities: readonly string[], ability: 'handle' | 'state', event: EventContract): readonly number[] =>
  event.versions
    .map((_, version) => version)
    .filter(version => version === 0 || isAble(capabilities, ability, versionSubject(event.name, version)))

/** How no capability at all is written: an empty text would say that nothing is set. */
export const noCapabilities = 'none'

/** Capabilities as the environment variable `CAPABILITIES` has them. */
export const formatCapabilities = (all: readonly string[]): string => (all.length === 0 ? noCapabilities : all.join(','))
