import type { LinkContract } from 'cutover/contract'
import { type Ability, capability, isAble } from 'cutover/contract/capability'
import { deploy, restart } from '../commands.ts'
import { bookOf, type Check, finding, type Found } from '../found.ts'
import { readingOf, switchOf, usesCopy } from './routes.ts'

interface Need {
  readonly service: string
  readonly ability: Ability
}

/** What the state of a link asks of the instances on both of its sides. Empty while the state is unknown. */
export function needsOf(found: Found, link: LinkContract): readonly Need[] {
  const stand = switchOf(found, link)
  const needs: Need[] = []
  if (stand === undefined) return needs
  const { from, to } = link
  if (link.kind === 'business') {
    const [http, event] = [stand.route === 'http' || stand.share < 100, stand.route === 'event' || stand.share < 100]
    if (http) needs.push({ service: from, ability: 'call' }, { service: to, ability: 'serve' })
    if (event || stand.shadow) needs.push({ service: from, ability: 'produce' })
    if (event) needs.push({ service: to, ability: 'act' })
    else if (stand.shadow) needs.push({ service: to, ability: 'record' })
    return needs
  }
  const reading = readingOf(found, link)
  if (stand.route === 'event') needs.push({ service: from, ability: 'produce' })
  if (reading === undefined) return needs
  if (reading.answers === 'http' || reading.compares) needs.push({ service: to, ability: 'call' }, { service: from, ability: 'serve' })
  if (usesCopy(reading)) needs.push({ service: to, ability: 'act' })
  return needs
}

/** Whether instances can do what the links ask of them. */
export const abilityChecks: readonly Check[] = [
  {
    name: 'instances can do what the links ask of them',
    look: found =>
      found.links.flatMap(link =>
        needsOf(found, link).flatMap(({ service, ability }) => {
          const live = (bookOf(found, service)?.instances ?? []).filter(one => one.silent_ms === 0)
          const lacking = live.filter(one => !isAble(one.capabilities, ability, link.id))
          if (lacking.length === 0) return []
          const wanted = capability(ability, link.id)
          const params = {
            link: link.id,
            service,
            ability,
            capability: wanted,
            lacking: lacking.map(one => one.id).join(', '),
            missing: lacking.length,
            instances: live.length,
          }
          // While others can, facts wait for them; what an instance is called for and does not serve is tried again.
          return [
            finding(lacking.length === live.length ? 'broken' : 'warning', 'ability_missing', link.id, params, deploy(service, wanted)),
          ]
        }),
      ),
  },
  {
    name: 'consumers have a position for every partition',
    look: found =>
      found.links.flatMap(link => {
        const book = bookOf(found, link.to)
        const reads = needsOf(found, link).some(({ ability }) => ability === 'act' || ability === 'record')
        const partitions = found.events.find(event => event.name === link.event)?.partitions ?? 0
        const topic = bookOf(found, link.from)?.topics.find(one => one.event === link.event)
        // Without its topic a consumer can have none: that is a finding of its own.
        if (book === undefined || book.log_away !== null || !reads || topic?.state !== 'open') return []
        const stored = book.partitions.filter(one => one.link === link.id).length
        return stored < partitions
          ? [finding('broken', 'positions_missing', link.id, { link: link.id, stored, partitions }, restart(link.to))]
          : []
      }),
  },
]
