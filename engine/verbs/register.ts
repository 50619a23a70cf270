import { documentDigest } from 'cutover/registry'
import type { EventContract } from 'cutover/contract'
import { thing } from '../plan/state.ts'
import { atLeast, holds, passed, said, type Verb } from '../plan/verb.ts'

/** Enters an event version in the registry, and waits until every service that states or handles it knows the same document. */
export function register(event: EventContract, version: number, services: readonly string[]): Verb {
  const document = event.versions[version]
  if (document === undefined) throw new Error(`${event.name} has no version ${version}`)
  const digest = documentDigest(document)
  const what = { event: event.name, version }
  const knows = (known: readonly { event: string; version: number; digest: string }[]): boolean =>
    known.some(one => one.event === event.name && one.version === version && one.digest === digest)
  return {
    name: 'register',
    does: said('register', what),
    asks: said('register_gate', { ...what, services: services.join(', ') }),
    touches: [`event ${event.name}`],
    requires: [],
    effects: { [thing.registered(event.name, version)]: 'yes' },
    look: async world => said((await world.registry.has(event.name, version)) === null ? 'register_now' : 'register_now_done', what),
    async prepare(world) {
      const entry = await world.registry.has(event.name, version)
      return { had: entry !== null && (entry.run === null || entry.run !== world.run) }
    },
    apply: world => world.registry.add(event.name, version, world.run),
    async settled(world) {
      const all = await Promise.all(services.map(async service => ({ service, known: knows(await world.knownVersions(service)) })))
      const ignorant = all.filter(one => !one.known).map(one => one.service)
      const figures = [atLeast('services', services.length - ignorant.length, services.length)]
      return ignorant.length === 0 ? passed(figures) : holds(said('register_unknown', { ...what, instances: ignorant.join(', ') }), figures)
    },
    inverse: {
      does: said('register_inverse', what),
      rehearse: async () => null,
      apply: async (world, memo) => (memo['had'] === true ? undefined : world.registry.remove(event.name, version)),
      settled: async () => passed(),
    },
  }
}
