import type { LinkContract } from 'cutover/contract'
import { Problem, extendProblems } from 'cutover/failure'
import type { ApplyRequest, PlanView, RunView, Said } from '../api/plan.ts'
import type { Route } from '../api/contract.ts'
import { formatPortions, type Portions, portionsError } from '../api/portions.ts'
import { linkUnknown } from '../links/unknown.ts'
import { actionsOf, type Plan, type PlanFor, transitionsOf } from '../plan/plan.ts'
import { refusalsOf } from '../plan/state.ts'
import type { World } from '../plan/world.ts'
import { observe } from '../world/observe.ts'
import { approvalHours, demandApprovable, demandApproval } from './approval.ts'
import { isPastNoReturn, ordersOf } from './decide.ts'
import { Held, numberOf, type Order, runId, type Runs, type StepOrder, type StoredRun } from './store.ts'
import { refuseUnsound } from './unsound.ts'
import { viewOf, wayBackOf } from './view.ts'

extendProblems({
  link_not_movable: { status: 409, title: 'There is no plan for the link' },
  plan_unknown: { status: 404, title: 'There is no such plan' },
  plan_stale: { status: 409, title: 'The plan has changed since it was shown' },
  nothing_to_do: { status: 409, title: 'The link is on this route already' },
  run_exists: { status: 409, title: 'A run holds what this plan touches' },
  run_unknown: { status: 404, title: 'There is no such run' },
  run_state: { status: 409, title: 'The run does not take this order now' },
  past_no_return: { status: 409, title: 'The run is past its point of no return' },
})

export interface OrdersPorts {
  readonly links: readonly LinkContract[]
  readonly planFor: PlanFor
  readonly runs: Runs
  /** The running system, to look at only. */
  readonly world: World
  /** Whether a second person has to approve what cannot be undone; not, unless said otherwise. */
  readonly approvals?: boolean
  /** What was certified by these runs when their old route was empty, as it stands now; by the number of the run. */
  readonly certified: (runs: readonly StoredRun[]) => Promise<ReadonlyMap<number, Said>>
}

interface Chosen {
  readonly plan: Plan
  /** The route that carries the link, or most of it, before. */
  readonly from: Route
  readonly portions: Portions
}

/** What an operator may order: any engine takes it, the one that acts carries it out. */
export interface Orders {
  /** Without portions, those of the run that takes the link there already; else none. */
  plan(link: string, to: Route | undefined, portions?: Portions): Promise<PlanView>
  apply(link: string, request: ApplyRequest, who: string): Promise<RunView>
  pause(run: string, who: string): Promise<RunView>
  resume(run: string, who: string): Promise<RunView>
  revert(run: string, who: string): Promise<RunView>
  complete(run: string, who: string): Promise<RunView>
  /** Approves that the run passes its point of no return, for whoever has seen the plan of this hash. Again, it changes nothing. */
  approve(run: string, hash: string, who: string): Promise<RunView>
  get(run: string): Promise<RunView>
  list(limit: number): Promise<readonly RunView[]>
}

/** The plan that a run was started with, as this build makes it; undefined when it does not know it any more. */
export function planOf({ links, planFor }: Pick<OrdersPorts, 'links' | 'planFor'>, run: StoredRun): Plan | undefined {
  const link = links.find(one => one.id === run.link)
  const plan = link === undefined ? undefined : planFor(link, run.to, { portions: run.portions })
  return plan?.id === run.plan ? plan : undefined
}

export function openOrders({ links, planFor, runs, world, certified, approvals = false }: OrdersPorts): Orders {
  const see = (run: StoredRun, sentence: Said | null = null): RunView => viewOf(run, planOf({ links, planFor }, run), approvals, sentence)
  const isMovable = (link: LinkContract): boolean =>
    (['http', 'event'] as const).some(to => planFor(link, to, { portions: [] }) !== undefined)

  async function seeAll(some: readonly StoredRun[]): Promise<readonly RunView[]> {
    const sentences = await certified(some)
    return some.map(run => see(run, sentences.get(run.number) ?? null))
  }

  async function show(number: number): Promise<RunView> {
    const [view] = await seeAll([(await runs.get(number)) as StoredRun])
    return view as RunView
  }

  /** The plan that takes the link to the route, or a problem that says what to do instead. */
  async function choose(id: string, to: Route | undefined, asked: Portions | undefined): Promise<Chosen> {
    const link = links.find(one => one.id === id)
    if (link === undefined) throw linkUnknown(id, links)
    if (!isMovable(link)) {
      const movable = links.filter(isMovable).map(one => one.id)
      throw new Problem('link_not_movable', {
        detail: `${id} (${link.title}) works in its starting form only (${link.start}); there is no plan for it yet. Plans: ${movable.join(', ')}.`,
      })
    }
    refusePortions(link, asked ?? [])
    const from = await standsOn(link)
    const wanted = to ?? otherThan(from)
    const portions = asked ?? (await portionsUnderWay(id, wanted))
    const plan = planFor(link, wanted, { portions })
    if (plan === undefined) throw new Problem('plan_unknown', { detail: `there is no plan that takes ${id} to ${wanted}` })
    return { plan, from, portions }
  }

  /** The route that carries the link. While another has a share of its keys only, the link is still on its way there. */
  async function standsOn({ id, kind }: LinkContract): Promise<Route> {
    if (kind === 'data') return await world.routeOf(id)
    const { route, share } = await world.switchOf(id)
    return share === 100 ? route : otherThan(route)
  }

  async function portionsUnderWay(id: string, to: Route): Promise<Portions> {
    const holder = await runs.holder(`link ${id}`)
    const run = holder === null ? null : await runs.get(holder)
    return run?.link === id && run.to === to ? run.portions : []
  }

  async function ordered(
    id: string,
    who: string,
    verb: 'pause' | 'resume' | 'revert' | 'complete',
    order: (run: StoredRun) => Order,
  ): Promise<RunView> {
    const number = await numberFor(id)
    await runs.order(number, who, run => {
      if (!ordersOf(run, run.steps).includes(verb)) throw refusal(verb, see(run), run)
      return order(run)
    })
    return show(number)
  }

  async function numberFor(id: string): Promise<number> {
    const number = numberOf(id)
    if (number !== null && (await runs.get(number)) !== null) return number
    const latest = await runs.latest(5)
    const known =
      latest.length === 0
        ? 'There is none yet'
        : `The latest: ${latest
            .map(run => runId(run.number))
            .toReversed()
            .join(', ')}`
    throw new Problem('run_unknown', { detail: `there is no run "${id}". ${known}; see "cutover runs"` })
  }

  return {
    async plan(id, to, asked) {
      const { plan, from, portions } = await choose(id, to, asked)
      const state = await observe(world, plan.link)
      const steps = await Promise.all(
        actionsOf(plan).map(async ({ step, verb }) => ({
          step: step.id,
          added: step.why !== null,
          title: step.title,
          why: step.why,
          verb: verb.name,
          does: verb.does,
          now: await verb.look(world),
          gate: verb.asks,
          ...wayBackOf(verb),
        })),
      )
      const holder = await runs.holder(`link ${id}`)
      return {
        plan: plan.id,
        link: id,
        from,
        to: plan.to,
        title: plan.title,
        procedure: plan.procedure,
        ...(portions.length === 0 ? {} : { portions }),
        hash: plan.hash,
        steps,
        refusals: refusalsOf(transitionsOf(plan), state),
        run: holder === null ? null : runId(holder),
      }
    },
    async apply(id, { to, hash, until, portions: asked }, who) {
      const { plan, from, portions } = await choose(id, to, asked)
      if (hash !== undefined && hash !== plan.hash) {
        throw new Problem('plan_stale', {
          detail: `the plan of ${id} to ${plan.to} is ${plan.hash} now and was ${hash} when it was shown; look at it again: cutover plan ${id} --to ${plan.to}${portions.length === 0 ? '' : ` --portions ${formatPortions(portions)}`}`,
        })
      }
      if (until !== undefined && !plan.steps.some(step => step.id === until)) {
        throw new Problem('parameter_invalid', {
          detail: `plan ${plan.id} has no step "${until}"; steps: ${plan.steps.map(step => step.id).join(', ')}`,
        })
      }
      const turned = await turnAround(plan, who, until ?? null)
      if (turned !== null) return turned
      if (from === plan.to && (await runs.holder(`link ${id}`)) === null) {
        throw new Problem('nothing_to_do', {
          detail: `${id} is on ${from} already; to move it: cutover apply ${id} --to ${from === 'http' ? 'event' : 'http'}`,
        })
      }
      const holder = await runs.holder(`link ${id}`)
      if (holder === null) refuseUnsound(plan, refusalsOf(transitionsOf(plan), await observe(world, plan.link)))
      try {
        return await show(await runs.start(plan, { from, portions, who, until: until ?? null }))
      } catch (error) {
        if (!(error instanceof Held)) throw error
        throw held(error, plan, see((await runs.get(error.run)) as StoredRun))
      }
    },
    pause: (run, who) => ordered(run, who, 'pause', () => ({ action: 'run paused', paused: true, turned: true })),
    resume: (run, who) =>
      ordered(run, who, 'resume', stored => ({ action: 'run resumed', paused: false, turned: true, steps: retried(stored) })),
    revert: (run, who) =>
      ordered(run, who, 'revert', stored => ({
        action: 'run turned back',
        heading: 'back',
        paused: false,
        until: null,
        turned: true,
        // What failed half-way has to be undone as if it had been done.
        steps: stored.steps.filter(step => step.state === 'failed').map(({ place }) => ({ place, change: { state: 'settling' } })),
      })),
    complete: (run, who) =>
      ordered(run, who, 'complete', stored => {
        if (approvals) demandApproval(stored, who)
        return { action: 'run completing', heading: 'complete', completer: who, turned: true }
      }),
    async approve(run, hash, who) {
      const number = await numberFor(run)
      await runs.approve(number, who, approvalHours, stored => demandApprovable(stored, approvals, who, hash))
      return show(number)
    },
    get: async run => show(await numberFor(run)),
    list: async limit => (await seeAll(await runs.latest(limit))).toReversed(),
  }

  /** A run of the same plan that is on its way back can be turned forward again. */
  async function turnAround(plan: Plan, who: string, until: string | null): Promise<RunView | null> {
    const holder = await runs.holder(`link ${plan.link.id}`)
    const run = holder === null ? null : await runs.get(holder)
    if (run === null || run.heading !== 'back' || run.ended !== null || run.hash !== plan.hash || run.to !== plan.to) return null
    await runs.order(run.number, who, now => {
      if (now.heading !== 'back' || now.ended !== null) throw refusal('resume', see(now), now)
      return {
        action: 'run turned forward',
        heading: 'forward',
        paused: false,
        until,
        turned: true,
        // What was undone is to be done; what is half undone is done again from its beginning.
        steps: now.steps.flatMap(({ place, state }): StepOrder[] => {
          if (state === 'pending' || state === 'done') return []
          return [{ place, change: { state: state === 'reverted' ? 'pending' : 'applying', gate: null } }]
        }),
      }
    })
    return show(run.number)
  }
}

const otherThan = (route: Route): Route => (route === 'http' ? 'event' : 'http')

function refusePortions({ id, kind }: LinkContract, portions: Portions): void {
  if (portions.length === 0) return
  const wrong = kind === 'business' ? portionsError(portions) : `${id} is a data link, which moves as a whole; leave the portions out`
  if (wrong !== null) throw new Problem('parameter_invalid', { detail: wrong })
}

/** A failed step is tried again from its beginning: what it had done already, repeating does not change. */
const retried = ({ steps, heading }: StoredRun): readonly StepOrder[] =>
  steps
    .filter(step => step.state === 'failed')
    .map(({ place }) => ({ place, change: { state: heading === 'back' ? 'reverting' : 'applying', gate: null, attempts: 0 } }))

function held(error: Held, plan: Plan, by: RunView): Problem {
  const next =
    by.state === 'finished'
      ? `it has finished: take the old route out with "cutover complete ${by.run}", or go back with "cutover revert ${by.run}"`
      : `it is ${by.state}; see "cutover run show ${by.run}"`
  return new Problem('run_exists', {
    detail: `plan ${plan.id} to ${plan.to} touches ${error.resource}, which ${by.run} (${by.plan} to ${by.to}, by ${by.who}) holds: ${next}`,
    extensions: { run: by.run, run_state: by.state },
  })
}

function refusal(verb: string, view: RunView, run: StoredRun): Problem {
  if (verb === 'revert' && run.heading !== 'back' && isPastNoReturn(run.steps)) {
    const final = view.steps.find(step => step.no_return !== null && step.state !== 'pending')
    return new Problem('past_no_return', {
      detail: `${view.run} is past its point of no return, step ${final?.step ?? ''} (${final?.verb ?? ''}): what it took away does not come back. The way forward is a plan of its own: cutover apply ${view.link} --to ${view.from}`,
    })
  }
  const can = view.can.length === 0 ? 'it takes no orders any more' : `it takes: ${view.can.join(', ')}`
  return new Problem('run_state', {
    detail: `${view.run} is ${view.state}${view.heading === 'back' ? ' on its way back' : ''} and cannot ${verb} now; ${can}`,
  })
}
