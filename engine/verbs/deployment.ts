import type { Said } from '../api/plan.ts'
import type { State, Condition } from '../plan/state.ts'
import { atLeast, atMost, type Gate, holds, type Memo, passed, said, type Verb } from '../plan/verb.ts'
import type { Instance, World } from '../plan/world.ts'

export interface Deployment {
  readonly name: string
  readonly service: string
  /** What the next build can do that the present one cannot. */
  readonly capability: string
  /** What no other run may touch meanwhile. */
  readonly touches: readonly string[]
  readonly does: Said
  readonly asks?: Said
  readonly requires: readonly Condition[]
  readonly effects: State
  /** What has to hold besides, once every instance declares the capability. */
  readonly also?: (world: World) => Promise<Gate>
}

/**
 * Brings a build with one more capability to run on every instance of a service. It waits until every live instance
 * declares it, however they were deployed; an instance that does not, an old build among them, is named. What an
 * instance declares it has: without it there is no such handler, route, lane or metric in it.
 */
export function deployment({ name, service, capability, touches, does, asks, requires, effects, also }: Deployment): Verb {
  const add = { add: [capability], remove: [] }
  const remove = { add: [], remove: [capability] }
  return {
    name,
    does,
    asks: asks ?? said('deploy_gate', { service, capability }),
    touches,
    requires,
    effects,
    look: world => lookAt(world, service, capability),
    async prepare(world) {
      const all = await world.instances(service)
      return { had: all.length > 0 && lacking(all, capability).length === 0 }
    },
    apply: async world => world.deployer?.deploy(service, add),
    async settled(world) {
      const gate = declared(await world.instances(service), { service, capability, byHand: world.deployer === null })
      return gate.verdict === 'pass' && also !== undefined ? merged(gate, await also(world)) : gate
    },
    inverse: {
      does: said('deploy_inverse', { service, capability }),
      rehearse: (world, memo) =>
        refusalOf(async () => (kept(memo) ? undefined : world.deployer?.deploy(service, { ...remove, dryRun: true }))),
      apply: async (world, memo) => (kept(memo) ? undefined : world.deployer?.deploy(service, remove)),
      settled: async (world, memo) => (kept(memo) ? passed() : gone(await world.instances(service), service, capability)),
    },
  }
}

/** What was there before the run stays there after it. */
const kept = (memo: Memo): boolean => memo['had'] === true

export const lacking = (all: readonly Instance[], capability: string): readonly Instance[] =>
  all.filter(one => !one.capabilities.includes(capability))

const named = (all: readonly Instance[]): string => all.map(one => (one.build === null ? `${one.id} (an older build)` : one.id)).join(', ')

async function lookAt(world: World, service: string, capability: string): Promise<Said> {
  const all = await world.instances(service)
  const missing = lacking(all, capability).length
  return missing === 0 && all.length > 0
    ? said('deploy_now_done', { instances: all.length, service, capability })
    : said('deploy_now', { missing, instances: all.length, service, capability })
}

/** Every live instance declares it. None at all is no evidence. */
export function declared(all: readonly Instance[], what: { service: string; capability: string; byHand: boolean }): Gate {
  const missing = lacking(all, what.capability)
  const figures = [atLeast('instances', all.length - missing.length, Math.max(1, all.length))]
  if (all.length === 0) return holds(said('deploy_waits_none', { service: what.service }), figures)
  if (missing.length === 0) return passed(figures)
  const params = { service: what.service, capability: what.capability, declared: all.length - missing.length, instances: all.length }
  return holds(said(what.byHand ? 'deploy_waits_person' : 'deploy_waits', { ...params, lacking: named(missing) }), figures)
}

/** No live instance declares it any more. */
export function gone(all: readonly Instance[], service: string, capability: string): Gate {
  const having = all.filter(one => one.capabilities.includes(capability))
  const figures = [atMost('having', having.length, 0)]
  // Nobody there to ask is no proof that nobody has it.
  if (all.length === 0) return holds(said('deploy_waits_none', { service }), figures)
  return having.length === 0 ? passed(figures) : holds(said('undeploy_waits', { having: named(having), capability }), figures)
}

/** Null when the call would be taken, else why not. A service that is away is thrown on: nobody knows yet. */
export async function refusalOf(work: () => Promise<unknown>): Promise<Said | null> {
  try {
    await work()
    return null
  } catch (error) {
    const { code } = error as { code?: unknown }
    if (code !== 'service_refused') throw error
    return said('step_refused', { reason: (error as Error).message })
  }
}

const merged = (first: Gate, second: Gate): Gate => ({ ...second, figures: [...first.figures, ...second.figures] })
