import type { End } from '../api/contract.ts'
import type { GateView, StepState } from '../api/plan.ts'
import type { Portions } from '../api/portions.ts'
import type { HistoryLine } from '../history/history.ts'
import type { Plan } from '../plan/plan.ts'
import type { Memo } from '../plan/verb.ts'
import type { RunFacts } from './decide.ts'

export interface StoredRun extends RunFacts {
  readonly number: number
  readonly plan: string
  /** The link that it moves, or the name of the change that it makes. */
  readonly link: string
  readonly from: End
  readonly to: End
  /** What its plan was made with, and is made with again. */
  readonly portions: Portions
  readonly hash: string
  readonly who: string
  readonly until: string | null
  readonly startedAt: Date
  readonly turnedAt: Date
  readonly version: number
  /** Who ordered it past its point of no return. */
  readonly completer: string | null
  readonly approvals: readonly Approval[]
  readonly steps: readonly StoredStep[]
}

/** That a person agrees to the plan of this hash being carried past its point of no return. */
export interface Approval {
  readonly who: string
  readonly hash: string
  readonly at: Date
  readonly until: Date
  /** Whether its time had not run out when the run was read, by the database's clock. */
  readonly holds: boolean
}

export interface StoredStep {
  readonly place: number
  readonly step: string
  readonly verb: string
  readonly final: boolean
  readonly state: StepState
  readonly memo: Memo
  readonly gate: GateView | null
  readonly attempts: number
  readonly startedAt: Date | null
  readonly appliedAt: Date | null
  readonly endedAt: Date | null
}

export const runId = (number: number): string => `R-${number}`

/** The number in a run's id, or null for a text that is none. */
export const numberOf = (id: string): number | null => {
  const digits = /^R-(\d{1,9})$/.exec(id)?.[1]
  return digits === undefined ? null : Number(digits)
}

/** What one change writes; what is not named stays. */
export interface StepChange {
  readonly state?: StepState
  readonly memo?: Memo
  readonly gate?: GateView | null
  readonly attempts?: number
  /** Begins now; with `ended`, takes no time at all. */
  readonly started?: true
  readonly applied?: true
  readonly ended?: true
}

export interface RunChange {
  readonly heading?: RunFacts['heading']
  readonly paused?: boolean
  readonly until?: string | null
  readonly ended?: 'reverted' | 'completed'
  readonly completer?: string
  /** It comes to rest, or is set going again. */
  readonly turned?: true
}

/** Why a run cannot begin: another one has what it touches. */
export class Held extends Error {
  override readonly name = 'Held'
  readonly resource: string
  readonly run: number
  constructor(resource: string, run: number) {
    super(`${resource} is held by ${runId(run)}`)
    this.resource = resource
    this.run = run
  }
}

/** The run was changed since it was read, by an order: look again before doing anything. */
export class RunMoved extends Error {
  override readonly name = 'RunMoved'
}

/** Runs in the engine's database. What a run does is written together with its line of the history, or not at all. */
export interface Runs {
  start(plan: Plan, as: Pick<StoredRun, 'from' | 'portions' | 'who' | 'until'>): Promise<number>
  get(number: number): Promise<StoredRun | null>
  /** Those that have not ended, oldest first. */
  unfinished(): Promise<readonly StoredRun[]>
  latest(limit: number): Promise<readonly StoredRun[]>
  /** The unfinished run that holds what is named, for example `link COMM-040`. */
  holder(resource: string): Promise<number | null>
  /** Sum of all versions: differs whenever anything has changed. */
  version(): Promise<number>
  /** An order of an operator: `change` sees the run, locked, and says what to write; it throws to refuse. */
  order(number: number, who: string, change: (run: StoredRun) => Order): Promise<void>
  /**
   * Notes that `who` approves the run's plan: `check` sees the run, locked, and throws to refuse. While an approval by
   * the same person holds, nothing is written, not even a line.
   */
  approve(number: number, who: string, hours: number, check: (run: StoredRun) => void): Promise<void>
  /** What the acting engine did, under its term. Throws `LeaseLost` when another acts by now, `RunMoved` after an order. */
  write(run: StoredRun, term: number, writing: Writing): Promise<void>
}

export interface StepOrder {
  readonly place: number
  readonly change: StepChange
}

export interface Order extends RunChange {
  /** Its line in the history. */
  readonly action: string
  readonly steps?: readonly StepOrder[]
}

export interface Writing {
  readonly place?: number
  readonly step?: StepChange
  readonly run?: RunChange
  /** Lines of the history. */
  readonly lines: readonly Pick<HistoryLine, 'action' | 'step' | 'numbers'>[]
}
