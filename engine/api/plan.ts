import type { Route } from './contract.ts'
import type { Portions } from './portions.ts'

/**
 * Plans and runs as they travel. Sentences travel as a code with parameters, so that each reader says them in its own
 * language; `words.ts` has them in English.
 */
export interface Said {
  readonly code: string
  readonly params: Readonly<Record<string, string | number>>
}

export interface Title {
  readonly en: string
  readonly ru: string
}

/** One verb of one step of a plan, as it would go now. */
export interface StepView {
  /** The number that the written procedure gives it, or the name of an added step: `4`, `4a`. */
  readonly step: string
  /** True for a step that the written procedure forgets. */
  readonly added: boolean
  readonly title: Title
  /** Why the step was added; null for a written one. */
  readonly why: Title | null
  readonly verb: string
  /** What it does, whatever the state. */
  readonly does: Said
  /** What it would do now. */
  readonly now: Said
  /** What its gate asks for. */
  readonly gate: Said
  /** What undoes it; null when it changes nothing, or cannot be undone. */
  readonly inverse: Said | null
  /** Why it cannot be undone: the point of no return lies before the first step that says so. */
  readonly no_return: Said | null
}

/** A step that does not follow from the steps before it: what it needs, and what it would find. */
export interface Refusal {
  readonly step: string
  readonly verb: string
  /** For example `consumer COMM-040`. */
  readonly about: string
  /** What it must be, one of these. */
  readonly wanted: readonly string[]
  /** What it would be then. */
  readonly found: string
  /** The command that makes it so, where there is one: `cutover delivery COMM-090 outbox`. */
  readonly mend?: string
}

export interface PlanView {
  readonly plan: string
  readonly link: string
  readonly from: Route
  readonly to: Route
  readonly title: Title
  /** The written procedure that it follows, as docs/procedures.md names it. */
  readonly procedure: string
  /** Per cents of the keys that it moves first, one step each; absent where it moves all at once. */
  readonly portions?: Portions
  /** Digest of the steps: `apply` with it is refused when the plan has changed since it was shown. */
  readonly hash: string
  readonly steps: readonly StepView[]
  /** Why it cannot be applied now; empty when it can. */
  readonly refusals: readonly Refusal[]
  /** The run that holds the link already. */
  readonly run: string | null
}

export type Verdict = 'pass' | 'fail' | 'not_enough_evidence'

export interface Figure {
  /** A code of `words.ts`: `figure_pairs`, `figure_different`, `figure_outstanding`. */
  readonly name: string
  readonly value: number
  /** What the gate asks for; null for a figure that is only shown. */
  readonly wanted: number | null
  readonly rule: 'at_least' | 'at_most' | null
}

/** What a gate saw when it looked last. */
export interface GateView {
  readonly verdict: Verdict
  readonly figures: readonly Figure[]
  /** What it waits for, or what is wrong; null once it has passed. */
  readonly waits_for: Said | null
  /** Milliseconds until it is likely to pass; null when nobody can tell. */
  readonly eta_ms: number | null
  /** Whether the inverse of the step would work now: tried without effect. Null where there is none, or it was not tried yet. */
  readonly way_back: 'open' | 'blocked' | null
  /** What was certified when it passed, as that stands now; absent where nothing was. */
  readonly certificate?: Said
  readonly at: string
}

export type StepState = 'pending' | 'applying' | 'settling' | 'done' | 'reverting' | 'unsettling' | 'reverted' | 'failed'

export interface RunStepView {
  readonly step: string
  readonly added: boolean
  readonly title: Title
  readonly why: Title | null
  readonly verb: string
  readonly does: Said
  readonly gate_asks: Said
  readonly inverse: Said | null
  readonly no_return: Said | null
  readonly state: StepState
  readonly gate: GateView | null
  readonly attempts: number
  readonly started_at: string | null
  /** When it had been done and its gate began to be looked at; what lies after it is waiting, not work. */
  readonly applied_at?: string | null
  readonly ended_at: string | null
}

/**
 * `waiting`: it goes on by itself as soon as its gate has enough evidence or a service is back. `failed`: a gate said
 * no, or a step cannot be done; resume tries again, revert goes back. `finished`: all that can be undone is done.
 */
export type RunState = 'running' | 'waiting' | 'paused' | 'failed' | 'finished' | 'reverted' | 'completed'

export type RunVerb = 'pause' | 'resume' | 'revert' | 'complete'

/** How a run stands with the approval of a second person, which it needs to pass its point of no return. */
export interface ApprovalView {
  /** Whether one has still to be given: there is none, or its time has run out. */
  readonly wanted: boolean
  /** Whose is the latest; null while there is none. */
  readonly by: string | null
  readonly at: string | null
  readonly expires_at: string | null
}

export interface ApproveRequest {
  /** The hash of the run's plan, as who approves has seen it. */
  readonly hash: string
}

export interface RunView {
  readonly run: string
  readonly plan: string
  readonly link: string
  readonly from: Route
  readonly to: Route
  readonly title: Title
  readonly hash: string
  readonly heading: 'forward' | 'back' | 'complete'
  readonly state: RunState
  readonly who: string
  readonly started_at: string
  /** When it came to rest: finished, reverted, completed, failed or paused. */
  readonly ended_at: string | null
  /** What it waits for, or why it failed. */
  readonly waits_for: Said | null
  readonly eta_ms: number | null
  /** Where it pauses by itself, if it was told to. */
  readonly until: string | null
  readonly steps: readonly RunStepView[]
  /** The orders that it takes now. */
  readonly can: readonly RunVerb[]
  /** Null where no approval is asked for; absent from an engine that knows none. */
  readonly approval?: ApprovalView | null
}

export interface ApplyRequest {
  /** Without it: the route that the link is not on. */
  readonly to?: Route
  /** The hash of the plan that the operator has seen. */
  readonly hash?: string
  /** Pause after this step. */
  readonly until?: string
  /** Per cents of the keys to move first, rising, one step each. */
  readonly portions?: Portions
}

/** How what the event route would have done compares with what HTTP did, by business key, since the shadow began. */
export interface ParityView {
  readonly link: string
  /** The epoch at which producing in shadow began; null while it is off. */
  readonly since_epoch: number | null
  /** Facts that HTTP has handled and the comparison expects. */
  readonly facts: number
  readonly equal: number
  readonly different: number
  /** Handled by HTTP, and the event has not come in time. */
  readonly missing: number
  /** The event has come, and HTTP has done nothing in time. */
  readonly extra: number
  /** Equal, but one side came later than the other by more than the limit. */
  readonly late: number
  /** Too young to be judged. */
  readonly undecided: number
  /** Pairs per second over the last ten seconds. */
  readonly rate: number
}

export type PairVerdict = 'equal' | 'different' | 'missing' | 'extra' | 'late' | 'undecided'
export type PairContent = Readonly<Record<string, string | number | null>>

/** One pair: the effect of HTTP beside the effect that the event would have had. */
export interface ParityPair {
  readonly key: string
  readonly fact_id: string
  readonly verdict: PairVerdict
  readonly by_http: PairContent | null
  readonly by_event: PairContent | null
  readonly acted_at: string | null
  readonly recorded_at: string | null
}

/** A read that did not come out equal at once. Keys and names of columns; values never travel. */
export interface ReadMismatch {
  readonly key: string
  readonly verdict: 'stale' | 'different' | 'missing' | 'extra' | 'failed'
  readonly columns: readonly string[]
  /** For how long the copy was behind. */
  readonly lag_ms: number | null
  readonly at: string
}

/** How a data link is read, and how the side that does not answer compares since that was turned. */
export interface ReadsView {
  readonly link: string
  readonly reader: string
  readonly owner: string
  readonly answers: 'http' | 'replica'
  readonly compares: boolean
  readonly epoch: number
  readonly equal: number
  /** The copy was behind, and caught up. */
  readonly stale: number
  readonly different: number
  /** The owner has it, the copy does not; and the other way round. */
  readonly missing: number
  readonly extra: number
  /** One side gave no answer. */
  readonly failed: number
  readonly skipped: number
  readonly rate: number
  readonly lag_p50_ms: number | null
  readonly lag_p99_ms: number | null
  readonly copy: {
    readonly state: 'absent' | 'present' | 'quarantined'
    readonly rows: number
    readonly touches: readonly { readonly who: string; readonly what: string; readonly count: number }[]
  }
  /** What was there before being told; null when it never was. */
  readonly snapshot: { readonly state: string; readonly copied: number; readonly total: number } | null
  readonly mismatches: readonly ReadMismatch[]
}
