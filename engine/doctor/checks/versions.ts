import { isAble, versionSubject } from 'cutover/contract/capability'
import type { LinkContract } from 'cutover/contract'
import type { Finding } from '../../api/doctor.ts'
import { apply, deploy, restart } from '../commands.ts'
import { bookOf, booksOf, type Check, finding, type Found, runOf } from '../found.ts'
import { needsOf } from './abilities.ts'

/** Whether the link's event is published now, for whomever. */
const isPublished = (found: Found, link: LinkContract): boolean => needsOf(found, link).some(({ ability }) => ability === 'produce')

/** The version in which an event is stated. */
const statedIn = (found: Found, link: LinkContract): number =>
  bookOf(found, link.from)?.produced.find(one => one.event === link.event)?.version ?? 0

/** Versions: released, registered, stated, handled. */
export const versionChecks: readonly Check[] = [
  {
    name: 'services know the released documents',
    look: found =>
      booksOf(found).flatMap(({ service, versions }) =>
        [...found.released].flatMap(([name, digest]): Finding[] => {
          const known = versions.find(one => `${one.event} v${one.version}` === name)
          const params = paramsOf(name)
          if (known === undefined) return [finding('broken', 'version_unknown', service, { service, ...params }, restart(service))]
          return known.digest === digest ? [] : [finding('broken', 'version_digest', service, { service, ...params }, restart(service))]
        }),
      ),
  },
  {
    name: 'the registry has the released documents',
    look: found =>
      found.own.registry.flatMap(({ event, version, digest }) => {
        const released = found.released.get(`${event} v${version}`)
        return released === digest ? [] : [finding('broken', 'registry_digest', 'registry', { event, version }, restart('engine'))]
      }),
  },
  {
    name: 'what is published is registered',
    look: found =>
      found.links.flatMap(link => {
        const version = statedIn(found, link)
        const known = found.own.registry.some(one => one.event === link.event && one.version === version)
        if (known || !isPublished(found, link) || runOf(found, link.id) !== undefined) return []
        // A switch by hand registers nothing; the plan does.
        return [
          finding('warning', 'registry_missing', link.id, { event: link.event, version }, apply(link.id, 'http'), apply(link.id, 'event')),
        ]
      }),
  },
  {
    name: 'receivers handle the version that is stated',
    look: found =>
      found.links.flatMap(link => {
        const version = statedIn(found, link)
        const able = (bookOf(found, link.to)?.instances ?? []).filter(
          one =>
            one.silent_ms === 0 &&
            one.build !== null &&
            (isAble(one.capabilities, 'record', link.id) || isAble(one.capabilities, 'serve', link.id)),
        )
        // Who serves a data link's state is its owner, and handles nothing.
        const wrong = able.filter(one => !(one.versions[link.id] ?? []).includes(version))
        if (wrong.length === 0) return []
        const params = { service: link.from, event: link.event, version, receiver: link.to, instances: wrong.map(one => one.id).join(', ') }
        const command = version === 0 ? restart(link.to) : deploy(link.to, `handle:${versionSubject(link.event, version)}`)
        return [finding('broken', 'version_unhandled', link.id, params, command)]
      }),
  },
  {
    name: 'senders can state the version that the switch says',
    look: found =>
      booksOf(found).flatMap(({ service, produced, instances }) =>
        produced.flatMap(({ event, version }) => {
          const wanted = `state:${versionSubject(event, version)}`
          const lacking = instances.filter(one => one.silent_ms === 0 && version > 0 && !one.capabilities.includes(wanted))
          if (lacking.length === 0) return []
          const params = { service, event, version, instances: lacking.map(one => one.id).join(', ') }
          return [finding('broken', 'version_unstated', service, params, deploy(service, wanted))]
        }),
      ),
  },
]

function paramsOf(name: string): { readonly event: string; readonly version: number } {
  const at = name.lastIndexOf(' v')
  return { event: name.slice(0, at), version: Number(name.slice(at + 2)) }
}
