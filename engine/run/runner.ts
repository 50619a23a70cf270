import { Problem } from 'cutover/failure'
import type { Clock } from 'cutover/process/clock'
import type { Log } from 'cutover/process/log'
import type { HistoryRow } from '../api/contract.ts'
import type { GateView } from '../api/plan.ts'
import { LeaseLost } from '../lease/lease.ts'
import { type Action, actionsOf, type Plan } from '../plan/plan.ts'
import { failed, type Gate, holds, isInverse, said } from '../plan/verb.ts'
import type { World } from '../plan/world.ts'
import { nextOf, stateOf } from './decide.ts'
import { runId, RunMoved, type Runs, type StoredRun, type StoredStep, type Writing } from './store.ts'

export interface RunnerPorts {
  readonly runs: Runs
  /** The plan that a run was started with; undefined when this build does not know it any more. */
  readonly planOf: (run: StoredRun) => Plan | undefined
  /** What verbs may see and do for this run, under the term. */
  readonly worldOf: (run: StoredRun, term: number) => World
  readonly clock: Clock
  readonly log: Log
}

/** How soon a gate that holds is looked at again. */
const lookAgainMs = 400
const foreignMs = 2_000
/** … and what cannot be reached: longer each time. */
const awayMs = { firstMs: 300, maxMs: 5_000 }

/**
 * Takes a run one move further and answers how long to rest before the next, or null when there is nothing to do until
 * somebody gives an order. Each move is one durable write after at most one outside action; whatever comes again after
 * a crash may come again.
 */
export async function advance(ports: RunnerPorts, run: StoredRun, term: number): Promise<number | null> {
  const next = nextOf(run, run.steps)
  if (next.do === 'rest') return null
  if (next.do === 'end') {
    await ports.runs.write(run, term, {
      run: { ended: next.as, turned: true },
      lines: [{ action: `run ${next.as}`, step: null, numbers: {} }],
    })
    return null
  }
  const plan = ports.planOf(run)
  // Steps of another plan under the same name are not ours to take: the view says that the run waits for its own build.
  if (plan === undefined || plan.hash !== run.hash) return foreignMs
  const action = actionsOf(plan)[next.place] as Action
  const step = run.steps[next.place] as StoredStep
  const move: Move = { ports, run, term, world: ports.worldOf(run, term), action, step }
  try {
    switch (next.do) {
      case 'begin':
        return await begin(move)
      case 'apply':
        return await apply(move)
      case 'settle':
        return await settle(move)
      case 'begin back':
        return await beginBack(move)
      case 'apply back':
        return await applyBack(move)
      case 'settle back':
        return await settleBack(move)
    }
  } catch (error) {
    return stumble(move, error)
  }
}

interface Move {
  readonly ports: RunnerPorts
  readonly run: StoredRun
  readonly term: number
  readonly world: World
  readonly action: Action
  readonly step: StoredStep
}

const nameOf = ({ step, verb }: StoredStep): string => `${step} ${verb}`
const write = ({ ports, run, term, step }: Move, writing: Writing): Promise<void> =>
  ports.runs.write(run, term, { place: step.place, ...writing })
const lineOf = (move: Move, action: string, numbers: HistoryRow['numbers'] = {}): Writing['lines'][number] => ({
  action,
  step: nameOf(move.step),
  numbers,
})

/** What the inverse must know is stored, and that the step begins is told, before anything is done. */
async function begin(move: Move): Promise<number> {
  const memo = (await move.action.verb.prepare?.(move.world)) ?? {}
  await write(move, {
    step: { state: 'applying', memo, gate: null, attempts: 0, started: true },
    lines: [lineOf(move, 'step begun', memo)],
  })
  return 0
}

async function apply(move: Move): Promise<number> {
  await move.action.verb.apply(move.world, move.step.memo)
  await write(move, { step: { state: 'settling', gate: null }, lines: [lineOf(move, 'step applied')] })
  return 0
}

async function settle(move: Move): Promise<number | null> {
  const { verb } = move.action
  let gate = await verb.settled(move.world, move.step.memo)
  let wayBack: GateView['way_back'] = null
  if (gate.verdict === 'pass' && isInverse(verb.inverse)) {
    // The way back is proved before the way forward: a step whose inverse would be refused has not settled.
    const refusal = await verb.inverse.rehearse(move.world, move.step.memo)
    wayBack = refusal === null ? 'open' : 'blocked'
    if (refusal !== null) gate = holds(said('way_back_blocked', { reason: String(refusal.params['reason'] ?? refusal.code) }), gate.figures)
  }
  if (gate.verdict === 'not_enough_evidence') return hold(move, gate, wayBack)
  const view = viewOf(move, gate, wayBack)
  if (gate.verdict === 'fail') {
    await write(move, {
      step: { state: 'failed', gate: view },
      run: { turned: true },
      lines: [lineOf(move, 'gate failed', numbersOf(gate))],
    })
    return null
  }
  await pass(move, view, lineOf(move, 'gate passed', { ...numbersOf(gate), ...(wayBack === null ? {} : { way_back: wayBack }) }))
  return 0
}

/** The step is done. With the last of them the run has finished or paused, and that is written with it. */
async function pass(move: Move, gate: GateView, line: Writing['lines'][number]): Promise<void> {
  const { run, step } = move
  const after: StoredRun = { ...run, steps: run.steps.map(one => (one.place === step.place ? { ...one, state: 'done', gate } : one)) }
  const finished = stateOf(after, after.steps) === 'finished'
  const stops = !finished && run.until === step.step && run.steps[step.place + 1]?.step !== step.step
  await write(move, {
    step: { state: 'done', gate, ended: true },
    run: { ...(stops ? { paused: true, until: null } : {}), ...(finished || stops ? { turned: true as const } : {}) },
    lines: [
      line,
      ...(finished ? [{ action: 'run finished', step: null, numbers: {} }] : []),
      ...(stops ? [{ action: 'run paused', step: step.step, numbers: { until: true } }] : []),
    ],
  })
}

async function beginBack(move: Move): Promise<number> {
  // What changed nothing has nothing to undo.
  const { inverse } = move.action.verb
  await write(move, {
    step: isInverse(inverse)
      ? { state: 'reverting', gate: null, attempts: 0, started: true }
      : { state: 'reverted', gate: null, ended: true },
    lines: [lineOf(move, isInverse(inverse) ? 'step reverting' : 'step reverted')],
  })
  return 0
}

async function applyBack(move: Move): Promise<number> {
  const { inverse } = move.action.verb
  if (isInverse(inverse)) await inverse.apply(move.world, move.step.memo)
  await write(move, { step: { state: 'unsettling', gate: null }, lines: [lineOf(move, 'inverse applied')] })
  return 0
}

async function settleBack(move: Move): Promise<number | null> {
  const { inverse } = move.action.verb
  const gate = isInverse(inverse) ? await inverse.settled(move.world, move.step.memo) : null
  if (gate !== null && gate.verdict === 'not_enough_evidence') return hold(move, gate, null)
  if (gate !== null && gate.verdict === 'fail') {
    await write(move, {
      step: { state: 'failed', gate: viewOf(move, gate, null) },
      run: { turned: true },
      lines: [lineOf(move, 'gate failed', numbersOf(gate))],
    })
    return null
  }
  await write(move, {
    step: { state: 'reverted', gate: null, ended: true },
    lines: [lineOf(move, 'step reverted', gate === null ? {} : numbersOf(gate))],
  })
  return 0
}

/** Not enough evidence: the run waits, for as long as it takes. That it waits is told once; the figures are kept up to date. */
async function hold(move: Move, gate: Gate, wayBack: GateView['way_back']): Promise<number> {
  const view = viewOf(move, gate, wayBack)
  const before = move.step.gate
  const { at: _, ...seen } = view
  const { at: __, ...was } = before ?? { at: '' }
  if (JSON.stringify(seen) !== JSON.stringify(was)) {
    const told = before !== null && before.waits_for?.code === view.waits_for?.code
    await write(move, {
      step: { gate: view },
      lines: told ? [] : [lineOf(move, 'gate holds', { ...numbersOf(gate), waits_for: gate.waitsFor?.code ?? '' })],
    })
  }
  return lookAgainMs
}

/**
 * A move did not come off. A service that is away, or busy, is waited for and named; that another engine acts by now
 * ends our part; anything else is the step's failure, which a person has to see.
 */
async function stumble(move: Move, error: unknown): Promise<number | null> {
  if (error instanceof LeaseLost || error instanceof RunMoved) throw error
  const { ports, step } = move
  const code = codeOf(error)
  if (code === 'term_stale') throw new LeaseLost('a service has seen a higher term', { cause: error })
  const reason = error instanceof Error ? error.message : String(error)
  const attempts = step.attempts + 1
  if (error instanceof Problem && (error.retryable || code === 'capability_missing')) {
    const view = viewOf(move, holds(said('step_refused', { reason })), null)
    const told = step.gate !== null && step.gate.waits_for?.params['reason'] === reason
    await write(move, { step: { gate: view, attempts }, lines: told ? [] : [lineOf(move, 'step waits', { code })] })
    return Math.min(awayMs.firstMs * 2 ** Math.min(attempts - 1, 10), awayMs.maxMs)
  }
  ports.log.error({ err: error, run: runId(move.run.number), step: nameOf(step) }, 'run: a step failed')
  const why = error instanceof Problem ? said('step_refused', { reason }) : said('internal', { reason })
  await write(move, {
    step: { state: 'failed', gate: viewOf(move, failed(why), null), attempts },
    run: { turned: true },
    lines: [lineOf(move, 'step failed', { code })],
  })
  return null
}

/** What the service said, where a service refused; else what the engine says itself. */
function codeOf(error: unknown): string {
  if (!(error instanceof Problem)) return 'internal'
  const told = error.extensions['service_code']
  return typeof told === 'string' ? told : error.code
}

const viewOf = ({ ports }: Move, { verdict, figures, waitsFor, etaMs }: Gate, wayBack: GateView['way_back']): GateView => ({
  verdict,
  figures,
  waits_for: waitsFor,
  eta_ms: etaMs,
  way_back: wayBack,
  at: new Date(ports.clock.now()).toISOString(),
})

const numbersOf = ({ figures }: Gate): HistoryRow['numbers'] =>
  Object.fromEntries(figures.map(({ name, value }) => [name.replace('figure_', ''), value]))
