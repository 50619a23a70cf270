import type { LinkContract } from 'cutover/contract'
import { Problem, extendProblems } from 'cutover/failure'
import type { ApplyRequest, PlanView, RunView, Said } from '../api/plan.ts'
import type { Route } from '../api/contract.ts'
import { linkUnknown } from '../links/unknown.ts'
import { actionsOf, type Plan, transitionsOf } from '../plan/plan.ts'
import { refusalsOf } from '../plan/state.ts'
import type { World } from '../plan/world.ts'
import { observe } from '../world/observe.ts'
import { approvalHours, demandApprovable, demandApproval } from './approval.ts'
import { isPastNoReturn, ordersOf } from './decide.ts'
import { Held, numberOf, type Order, runId, type Runs, type StepOrder, type StoredRun } from './store.ts'
import { viewOf, wayBackOf } from './view.ts'

extendProblems({
  link_not_movable: { status: 409, title: 'There is no plan for the link' },
  plan_unknown: { status: 404, title: 'There is no such plan' },
  plan_stale: { status: 409, title: 'The plan has changed since it was shown' },
  plan_refused: { status: 409, title: 'The steps of the plan do not follow from each other' },
  nothing_to_do: { status: 409, title: 'The link is on this route already' },
  run_exists: { status: 409, title: 'A run holds what this plan touches' },
  run_unknown: { status: 404, title: 'There is no such run' },
  run_state: { status: 409, title: 'The run does not take this order now' },
  past_no_return: { status: 409, title: 'The run is past its point of no return' },
})

export interface OrdersPorts {
  readonly links: readonly LinkContract[]
  readonly plans: readonly Plan[]
  readonly runs: Runs
  /** The running system, to look at only. */
  readonly world: World
  /** Whether a second person has to approve what cannot be undone; not, unless said otherwise. */
  readonly approvals?: boolean
  /** What was certified by these runs when their old route was empty, as it stands now; by the number of the run. */
  readonly certified: (runs: readonly StoredRun[]) => Promise<ReadonlyMap<number, Said>>
}

/** What an operator may order: any engine takes it, the one that acts carries it out. */
export interface Orders {
  plan(link: string, to: Route | undefined): Promise<PlanView>
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

export const planOf = (plans: readonly Plan[], run: Pick<StoredRun, 'plan' | 'to'>): Plan | undefined =>
  plans.find(plan => plan.id === run.plan && plan.to === run.to)

export function openOrders({ links, plans, runs, world, certified, approvals = false }: OrdersPorts): Orders {
  const see = (run: StoredRun, sentence: Said | null = null): RunView => viewOf(run, planOf(plans, run), approvals, sentence)

  async function seeAll(some: readonly StoredRun[]): Promise<readonly RunView[]> {
    const sentences = await certified(some)
    return some.map(run => see(run, sentences.get(run.number) ?? null))
  }

  async function show(number: number): Promise<RunView> {
    const [view] = await seeAll([(await runs.get(number)) as StoredRun])
    return view as RunView
  }

  /** The plan that takes the link to the route, or a problem that says what to do instead. */
  async function choose(id: string, to: Route | undefined): Promise<{ plan: Plan; from: Route }> {
    const link = links.find(one => one.id === id)
    if (link === undefined) throw linkUnknown(id, links)
    const own = plans.filter(plan => plan.link.id === id)
    if (own.length === 0) {
      throw new Problem('link_not_movable', {
        detail: `${id} (${link.title}) works in its starting form only (${link.start}); there is no plan for it yet. Plans: ${[...new Set(plans.map(plan => plan.link.id))].join(', ')}.`,
      })
    }
    const route = await world.routeOf(id)
    const wanted = to ?? (route === 'http' ? 'event' : 'http')
    const plan = own.find(one => one.to === wanted)
    if (plan === undefined) throw new Problem('plan_unknown', { detail: `there is no plan that takes ${id} to ${wanted}` })
    return { plan, from: route }
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
    async plan(id, to) {
      const { plan, from } = await choose(id, to)
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
        hash: plan.hash,
        steps,
        refusals: refusalsOf(transitionsOf(plan), state),
        run: holder === null ? null : runId(holder),
      }
    },
    async apply(id, { to, hash, until }, who) {
      const { plan, from } = await choose(id, to)
      if (hash !== undefined && hash !== plan.hash) {
        throw new Problem('plan_stale', {
          detail: `the plan of ${id} to ${plan.to} is ${plan.hash} now and was ${hash} when it was shown; look at it again: cutover plan ${id} --to ${plan.to}`,
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
        return await show(await runs.start(plan, from, who, until ?? null))
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

/** A failed step is tried again from its beginning: what it had done already, repeating does not change. */
const retried = ({ steps, heading }: StoredRun): readonly StepOrder[] =>
  steps
    .filter(step => step.state === 'failed')
    .map(({ place }) => ({ place, change: { state: heading === 'back' ? 'reverting' : 'applying', gate: null, attempts: 0 } }))

function refuseUnsound(plan: Plan, refusals: PlanView['refusals']): void {
  const [first] = refusals
  if (first === undefined) return
  throw new Problem('plan_refused', {
    detail: `plan ${plan.id} to ${plan.to}, step ${first.step} (${first.verb}): "${first.about}" must be ${first.wanted.join(' or ')} there, and would be ${first.found}. Nothing was done; see "cutover plan ${plan.link.id} --to ${plan.to}"`,
    extensions: { refusals },
  })
}

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
