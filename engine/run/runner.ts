import { isTransient } from 'cutover/database'
import { Problem } from 'cutover/failure'
import type { Clock } from 'cutover/process/clock'
import type { Log } from 'cutover/process/log'
import type { HistoryRow } from '../api/contract.ts'
import type { GateView, Said } from '../api/plan.ts'
import { LeaseLost } from '../lease/lease.ts'
import { type Action, actionsOf, type Plan } from '../plan/plan.ts'
import { failed, type Gate, holds, isInverse, passed, said, type Verb } from '../plan/verb.ts'
import type { World } from '../plan/world.ts'
import { missingApproval } from './approval.ts'
import { isPastNoReturn, nextOf, stateOf } from './decide.ts'
import { runId, type Runs, type StoredRun, type StoredStep, type Writing } from './store.ts'

export interface RunnerPorts {
  readonly runs: Runs
  /** The plan that a run was started with; undefined when this build does not know it any more. */
  readonly planOf: (run: StoredRun) => Plan | undefined
  /** What verbs may see and do for this run, under the term. */
  readonly worldOf: (run: StoredRun, term: number) => World
  /** Whether a second person has to approve what cannot be undone; not, unless said otherwise. */
  readonly approvals?: boolean
  readonly clock: Clock
  readonly log: Log
}

/** How soon a gate that holds is looked at again. */
const lookAgainMs = 400
const foreignMs = 2_000
/** … and what cannot be reached: longer each time. */
const awayMs = { firstMs: 300, maxMs: 2_000 }

/**
 * Takes a run one move further and answers how long to rest before the next, or null when there is nothing to do until
 * somebody gives an order. A move is at most one outside action, then one durable write of what came of it; a crash in
 * between brings the same action again, which changes nothing more.
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
  const { verb } = actionsOf(plan)[next.place] as Action
  const step = run.steps[next.place] as StoredStep
  const move: Move = { run, verb, step, world: ports.worldOf(run, term), nowMs: ports.clock.now() }
  // Whatever order led here: nothing that cannot be undone begins without an approval that holds now.
  const missing = ports.approvals === true && next.do === 'begin' && step.final ? unapproved(run) : null
  const { writing, restMs } =
    missing === null
      ? await moves[next.do](move).catch((error: unknown) => stumble(move, error, ports.log))
      : hold(move, holds(missing), null)
  if (writing !== null) await ports.runs.write(run, term, { place: step.place, ...writing })
  return restMs
}

/** What is missing before the first final step. Those after it belong to what was approved. */
const unapproved = (run: StoredRun): Said | null => (isPastNoReturn(run.steps) ? null : missingApproval(run))

interface Move {
  readonly run: StoredRun
  readonly verb: Verb
  readonly step: StoredStep
  readonly world: World
  readonly nowMs: number
}

/** What came of a move: what to write, and how long to rest then. */
interface Came {
  readonly writing: Writing | null
  readonly restMs: number | null
}

const moves: Readonly<Record<'begin' | 'apply' | 'settle' | 'begin back' | 'apply back' | 'settle back', (move: Move) => Promise<Came>>> = {
  begin,
  apply,
  settle,
  'begin back': beginBack,
  'apply back': applyBack,
  'settle back': settleBack,
}

const nameOf = ({ step, verb }: StoredStep): string => `${step} ${verb}`
const lineOf = ({ step }: Move, action: string, numbers: HistoryRow['numbers'] = {}): Writing['lines'][number] => ({
  action,
  step: nameOf(step),
  numbers,
})

/** What the inverse must know is stored, and that the step begins is told, before anything is done. */
async function begin(move: Move): Promise<Came> {
  const memo = (await move.verb.prepare?.(move.world)) ?? {}
  const step = { state: 'applying', memo, gate: null, attempts: 0, started: true } as const
  return { writing: { step, lines: [lineOf(move, 'step begun', memo)] }, restMs: 0 }
}

async function apply(move: Move): Promise<Came> {
  await move.verb.apply(move.world, move.step.memo)
  return { writing: { step: { state: 'settling', gate: null, applied: true }, lines: [lineOf(move, 'step applied')] }, restMs: 0 }
}

async function settle(move: Move): Promise<Came> {
  const { verb, step, world } = move
  let gate = await verb.settled(world, step.memo)
  let wayBack: GateView['way_back'] = null
  if (gate.verdict === 'pass' && isInverse(verb.inverse)) {
    // The way back is proved before the way forward: a step whose inverse would be refused has not settled.
    const refusal = await verb.inverse.rehearse(world, step.memo)
    wayBack = refusal === null ? 'open' : 'blocked'
    if (refusal !== null) gate = holds(said('way_back_blocked', { reason: String(refusal.params['reason'] ?? refusal.code) }), gate.figures)
  }
  if (gate.verdict === 'not_enough_evidence') return hold(move, gate, wayBack)
  if (gate.verdict === 'fail') return refuse(move, gate)
  return pass(move, viewOf(move, gate, wayBack), { ...numbersOf(gate), ...(wayBack === null ? {} : { way_back: wayBack }) })
}

/** The step is done. With the last of them the run has finished or paused, and that is written with it. */
function pass(move: Move, gate: GateView, numbers: HistoryRow['numbers']): Came {
  const { run, step } = move
  const after = run.steps.map(one => (one.place === step.place ? { ...one, state: 'done' as const, gate } : one))
  const finished = stateOf(run, after) === 'finished'
  const stops = !finished && run.until === step.step && run.steps[step.place + 1]?.step !== step.step
  const lines = [
    lineOf(move, 'gate passed', numbers),
    ...(finished ? [{ action: 'run finished', step: null, numbers: {} }] : []),
    ...(stops ? [{ action: 'run paused', step: null, numbers: { until: step.step } }] : []),
  ]
  const rests = { ...(stops ? { paused: true, until: null } : {}), ...(finished || stops ? { turned: true as const } : {}) }
  return { writing: { step: { state: 'done', gate, ended: true }, run: rests, lines }, restMs: 0 }
}

/** What changed nothing has nothing to undo. */
async function beginBack(move: Move): Promise<Came> {
  return isInverse(move.verb.inverse)
    ? {
        writing: { step: { state: 'reverting', gate: null, attempts: 0, started: true }, lines: [lineOf(move, 'step reverting')] },
        restMs: 0,
      }
    : {
        // It begins and ends at once: its time forward is not a time of waiting.
        writing: { step: { state: 'reverted', gate: null, started: true, ended: true }, lines: [lineOf(move, 'step reverted')] },
        restMs: 0,
      }
}

async function applyBack(move: Move): Promise<Came> {
  const { inverse } = move.verb
  if (isInverse(inverse)) await inverse.apply(move.world, move.step.memo)
  return { writing: { step: { state: 'unsettling', gate: null, applied: true }, lines: [lineOf(move, 'inverse applied')] }, restMs: 0 }
}

async function settleBack(move: Move): Promise<Came> {
  const { inverse } = move.verb
  const gate = isInverse(inverse) ? await inverse.settled(move.world, move.step.memo) : passed()
  if (gate.verdict === 'not_enough_evidence') return hold(move, gate, null)
  if (gate.verdict === 'fail') return refuse(move, gate)
  return {
    writing: { step: { state: 'reverted', gate: null, ended: true }, lines: [lineOf(move, 'step reverted', numbersOf(gate))] },
    restMs: 0,
  }
}

/** The gate says no: a person has to look. */
const refuse = (move: Move, gate: Gate): Came => ({
  writing: {
    step: { state: 'failed', gate: viewOf(move, gate, null) },
    run: { turned: true },
    lines: [lineOf(move, 'gate failed', numbersOf(gate))],
  },
  restMs: null,
})

/** Not enough evidence: the run waits, for as long as it takes. That it waits is told once; the figures are kept up to date. */
function hold(move: Move, gate: Gate, wayBack: GateView['way_back']): Came {
  const view = viewOf(move, gate, wayBack)
  const before = move.step.gate
  if (before !== null && JSON.stringify({ ...before, at: '' }) === JSON.stringify({ ...view, at: '' }))
    return { writing: null, restMs: lookAgainMs }
  const told = before?.waits_for?.code === view.waits_for?.code
  const lines = told ? [] : [lineOf(move, 'gate holds', { ...numbersOf(gate), waits_for: gate.waitsFor?.code ?? '' })]
  return { writing: { step: { gate: view }, lines }, restMs: lookAgainMs }
}

/**
 * A move did not come off. A service that is away, or busy, is waited for and named; that another engine acts by now
 * ends our part; anything else is the step's failure, which a person has to see.
 */
function stumble(move: Move, error: unknown, log: Log): Came {
  const code = codeOf(error)
  if (code === 'term_stale') throw new LeaseLost('a service has seen a higher term', { cause: error })
  // The engine's own database is away: nothing can be written either, and the move is made again when it is back.
  if (isTransient(error)) throw error
  const { run, step } = move
  const reason = error instanceof Error ? error.message : String(error)
  const attempts = step.attempts + 1
  if (error instanceof Problem && (error.retryable || code === 'capability_missing')) {
    const why = awayOf(error) ?? saidIn(error) ?? said('step_refused', { reason })
    const gate = viewOf(move, holds(why), null)
    const told = step.gate?.waits_for?.code === why.code && step.gate.waits_for.params['reason'] === why.params['reason']
    return {
      writing: { step: { gate, attempts }, lines: told ? [] : [lineOf(move, 'step waits', { code })] },
      restMs: Math.min(awayMs.firstMs * 2 ** Math.min(attempts - 1, 10), awayMs.maxMs),
    }
  }
  log.error({ err: error, run: runId(run.number), step: nameOf(step) }, 'run: a step failed')
  const why = error instanceof Problem ? (saidIn(error) ?? said('step_refused', { reason })) : said('internal', { reason })
  return {
    writing: {
      step: { state: 'failed', gate: viewOf(move, failed(why), null), attempts },
      run: { turned: true },
      lines: [lineOf(move, 'step failed', { code })],
    },
    restMs: null,
  }
}

/** Which service does not answer, and why, where that is the trouble. */
function awayOf({ extensions: { service, reason } }: Problem): Said | null {
  return typeof service === 'string' && typeof reason === 'string' ? said('service_away', { service, reason }) : null
}

/** The sentence that a verb gives its refusal, so that each reader has it in its own language. */
function saidIn({ extensions }: Problem): Said | null {
  return (extensions['said'] as Said | undefined) ?? null
}

/** What the service said, where a service refused; else what the engine says itself. */
function codeOf(error: unknown): string {
  if (!(error instanceof Problem)) return 'internal'
  const told = error.extensions['service_code']
  return typeof told === 'string' ? told : error.code
}

const viewOf = ({ nowMs }: Move, { verdict, figures, waitsFor, etaMs }: Gate, wayBack: GateView['way_back']): GateView => ({
  verdict,
  figures,
  waits_for: waitsFor,
  eta_ms: etaMs,
  way_back: wayBack,
  at: new Date(nowMs).toISOString(),
})

const numbersOf = ({ figures }: Gate): HistoryRow['numbers'] =>
  Object.fromEntries(figures.map(({ name, value }) => [name.replace('figure_', ''), value]))
