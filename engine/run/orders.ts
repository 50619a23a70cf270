import { Problem, extendProblems } from 'cutover/failure'
import type { ApplyRequest, PlanView, RunView, Said } from '../api/plan.ts'
import type { Route } from '../api/contract.ts'
import { formatPortions, type Portions } from '../api/portions.ts'
import { actionsOf, type Plan, transitionsOf } from '../plan/plan.ts'
import { refusalsOf } from '../plan/state.ts'
import type { World } from '../plan/world.ts'
import { approvalHours, demandApprovable, demandApproval } from './approval.ts'
import { commandOf, holderOf, nothingToDo, openChoice, planOf, type Plans, stateBefore } from './choice.ts'
import { isPastNoReturn, ordersOf } from './decide.ts'
import { Held, numberOf, type Order, runId, type Runs, type StepOrder, type StoredRun } from './store.ts'
import { refuseUnsound } from './unsound.ts'
import { viewOf, wayBackOf } from './view.ts'

extendProblems({
  plan_stale: { status: 409, title: 'The plan has changed since it was shown' },
  run_exists: { status: 409, title: 'A run holds what this plan touches' },
  run_unknown: { status: 404, title: 'There is no such run' },
  run_state: { status: 409, title: 'The run does not take this order now' },
  past_no_return: { status: 409, title: 'The run is past its point of no return' },
})

export interface OrdersPorts extends Plans {
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

export function openOrders(ports: OrdersPorts): Orders {
  const { runs, world, certified, approvals = false } = ports
  const { choose } = openChoice(ports)
  const see = (run: StoredRun, sentence: Said | null = null): RunView => viewOf(run, planOf(ports, run), approvals, sentence)

  async function seeAll(some: readonly StoredRun[]): Promise<readonly RunView[]> {
    const sentences = await certified(some)
    return some.map(run => see(run, sentences.get(run.number) ?? null))
  }

  async function show(number: number): Promise<RunView> {
    const [view] = await seeAll([(await runs.get(number)) as StoredRun])
    return view as RunView
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
      const state = await stateBefore(world, plan)
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
      const holder = await holderOf(runs, plan)
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
          detail: `the plan of ${id} to ${plan.to} is ${plan.hash} now and was ${hash} when it was shown; look at it again: cutover plan ${commandOf(plan)}${portions.length === 0 ? '' : ` --portions ${formatPortions(portions)}`}`,
        })
      }
      if (until !== undefined && !plan.steps.some(step => step.id === until)) {
        throw new Problem('parameter_invalid', {
          detail: `plan ${plan.id} has no step "${until}"; steps: ${plan.steps.map(step => step.id).join(', ')}`,
        })
      }
      const turned = await turnAround(plan, who, until ?? null)
      if (turned !== null) return turned
      const holder = await holderOf(runs, plan)
      if (from === plan.to && holder === null) throw nothingToDo(plan, from)
      if (holder === null) refuseUnsound(plan, refusalsOf(transitionsOf(plan), await stateBefore(world, plan)))
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
    const holder = await holderOf(runs, plan)
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
      detail: `${view.run} is past its point of no return, step ${final?.step ?? ''} (${final?.verb ?? ''}): what it took away does not come back. ${view.to === 'new' ? 'There is none back' : `The way forward is a plan of its own: cutover apply ${view.link} --to ${view.from}`}`,
    })
  }
  const can = view.can.length === 0 ? 'it takes no orders any more' : `it takes: ${view.can.join(', ')}`
  return new Problem('run_state', {
    detail: `${view.run} is ${view.state}${view.heading === 'back' ? ' on its way back' : ''} and cannot ${verb} now; ${can}`,
  })
}
