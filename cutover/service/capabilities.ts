import {
  abilities,
  type Capability,
  capability,
  linkAbilities,
  noCapabilities,
  parseCapability,
  possibleCapabilities,
  startingCapabilities,
} from '../contract/capability.ts'
import type { EventContract, LinkContract } from '../contract/contract.ts'

/**
 * Reads the environment variable `CAPABILITIES`; when it is not set, an instance can do what the starting routes need.
 * Answers with every fault there is, a line each, or with the capabilities.
 */
export function readCapabilities(
  text: string | undefined,
  service: string,
  links: readonly LinkContract[],
  events: readonly EventContract[] = [],
  changes: readonly string[] = [],
): { readonly capabilities: readonly Capability[] } | { readonly faults: readonly string[] } {
  if (text === undefined) return { capabilities: startingCapabilities(links, service) }
  if (text === noCapabilities) return { capabilities: [] }
  const possible = possibleCapabilities(links, service, events, changes)
  const read = text.split(',').map((item, index) => {
    const parsed = parseCapability(item.trim())
    // The place and not the text: it may be anything, a secret that went into the wrong variable included.
    if (parsed === null) {
      return {
        fault: `CAPABILITIES must list capabilities such as record:COMM-040, each with an ability of ${abilities.join(', ')}, or be "${noCapabilities}"; item ${index + 1} is none`,
      }
    }
    const one = capability(parsed.ability, parsed.subject)
    if (possible.includes(one)) return { one }
    const ofLink = linkAbilities.includes(parsed.ability)
    return ofLink && !links.some(link => link.id === parsed.subject)
      ? { fault: `CAPABILITIES names the link ${parsed.subject}, which does not exist; links: ${links.map(link => link.id).join(', ')}` }
      : { fault: `CAPABILITIES has ${one}, which ${service} can never do; it can: ${possible.join(', ') || 'nothing'}` }
  })
  const faults = read.flatMap(({ fault }) => fault ?? [])
  return faults.length > 0 ? { faults } : { capabilities: [...new Set(read.flatMap(({ one }) => one ?? []))] }
}
