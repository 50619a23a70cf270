import type { LinkContract } from 'cutover/contract'
import { Problem, extendProblems } from 'cutover/failure'
import type { End, Route } from '../api/contract.ts'
import { type Portions, portionsError } from '../api/portions.ts'
import { linkUnknown } from '../links/unknown.ts'
import { actionsOf, type ChangePlan, isFinal, type LinkPlan, lockOf, type Plan, type PlanFor } from '../plan/plan.ts'
import type { State } from '../plan/state.ts'
import type { World } from '../plan/world.ts'
import { observe, observeChange } from '../world/observe.ts'
import type { Runs, StoredRun } from './store.ts'

extendProblems({
  link_not_movable: { status: 409, title: 'There is no plan for the link' },
  nothing_to_do: { status: 409, title: 'There is nothing to do' },
  plan_unknown: { status: 404, title: 'There is no such plan' },
})

/** The plans that there are: those of links, by their route, and those of changes. */
export interface Plans {
  readonly links: readonly LinkContract[]
  readonly planFor: PlanFor
  readonly changes?: readonly ChangePlan[]
}

export interface Chosen {
  readonly plan: Plan
  /** Where it stands before: the route that carries the link, or most of it; the form of a change. */
  readonly from: End
  readonly portions: Portions
}

/** The plan that a run was started with, as this build makes it; undefined when it does not know it any more. */
export function planOf({ links, planFor, changes = [] }: Plans, run: StoredRun): Plan | undefined {
  if (run.to === 'new') return changes.find(one => one.id === run.plan)
  const link = links.find(one => one.id === run.link)
  const plan = link === undefined || run.to === 'old' ? undefined : planFor(link, run.to, { portions: run.portions })
  return plan?.id === run.plan ? plan : undefined
}

/** How it stands what a plan moves, in the words of plans. */
export const stateBefore = (world: World, plan: Plan): Promise<State> =>
  'link' in plan ? observe(world, plan.link) : observeChange(world, plan.id, plan.change)

/** Chooses plans by what an operator names. */
export interface Choice {
  /** The plan that takes the link to the route, or that makes the change; or a problem that says what to do instead. */
  choose(id: string, to: Route | undefined, portions: Portions | undefined): Promise<Chosen>
}

export function openChoice({ links, planFor, changes = [], runs, world }: Plans & { readonly runs: Runs; readonly world: World }): Choice {
  const isMovable = (link: LinkContract): boolean =>
    (['http', 'event'] as const).some(to => planFor(link, to, { portions: [] }) !== undefined)

  async function chooseChange(plan: ChangePlan, to: Route | undefined, portions: Portions | undefined): Promise<Chosen> {
    if (to !== undefined || portions !== undefined)
      throw new Problem('parameter_invalid', { detail: `${plan.id} is a change, which has one way: leave --to and --portions out` })
    const state = await stateBefore(world, plan)
    // It is made when all is so already that nothing could undo.
    const ends = actionsOf(plan).flatMap(({ verb }) => (isFinal(verb) ? Object.entries(verb.effects) : []))
    const isMade = ends.length > 0 && ends.every(([about, is]) => state[about] === is)
    return { plan, from: isMade ? 'new' : 'old', portions: [] }
  }

  async function chooseMove(link: LinkContract, to: Route | undefined, asked: Portions | undefined): Promise<Chosen> {
    refusePortions(link, asked ?? [])
    const from = await standsOn(link)
    const wanted = to ?? otherThan(from)
    const portions = asked ?? (await portionsUnderWay(link, wanted))
    const plan: LinkPlan | undefined = planFor(link, wanted, { portions })
    if (plan === undefined) throw new Problem('plan_unknown', { detail: `there is no plan that takes ${link.id} to ${wanted}` })
    return { plan, from, portions }
  }

  /** The route that carries the link. While another has a share of its keys only, the link is still on its way there. */
  async function standsOn({ id, kind }: LinkContract): Promise<Route> {
    if (kind === 'data') return await world.routeOf(id)
    const { route, share } = await world.switchOf(id)
    return share === 100 ? route : otherThan(route)
  }

  async function portionsUnderWay({ id }: LinkContract, to: Route): Promise<Portions> {
    const holder = await runs.holder(`link ${id}`)
    const run = holder === null ? null : await runs.get(holder)
    return run?.link === id && run.to === to ? run.portions : []
  }

  return {
    async choose(id, to, portions) {
      const change = changes.find(one => one.id === id)
      if (change !== undefined) return chooseChange(change, to, portions)
      const link = links.find(one => one.id === id)
      if (link === undefined) throw linkUnknown(id, links, changes)
      if (isMovable(link)) return chooseMove(link, to, portions)
      const movable = links.filter(isMovable).map(one => one.id)
      throw new Problem('link_not_movable', {
        detail: `${id} (${link.title}) works in its starting form only (${link.start}); there is no plan for it yet. Plans: ${movable.join(', ')}.`,
      })
    },
  }
}

/** The plan on a command line. */
export const commandOf = (plan: Plan): string => ('link' in plan ? `${plan.id} --to ${plan.to}` : plan.id)

/** What is told of a plan that has been carried out already. */
export const nothingToDo = (plan: Plan, from: End): Problem =>
  new Problem('nothing_to_do', {
    detail:
      'link' in plan
        ? `${plan.id} is on ${from} already; to move it: cutover apply ${plan.id} --to ${from === 'http' ? 'event' : 'http'}`
        : `${plan.id} has been made already; it does not come back`,
  })

export const holderOf = (runs: Runs, plan: Plan): Promise<number | null> => runs.holder(lockOf(plan))

const otherThan = (route: Route): Route => (route === 'http' ? 'event' : 'http')

function refusePortions({ id, kind }: LinkContract, portions: Portions): void {
  if (portions.length === 0) return
  const wrong = kind === 'business' ? portionsError(portions) : `${id} is a data link, which moves as a whole; leave the portions out`
  if (wrong !== null) throw new Problem('parameter_invalid', { detail: wrong })
}
