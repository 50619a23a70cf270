/** Dead letters as the engine tells them: of all services, with ids that name the service. Wire names are snake_case. */

export const deadLetterPaths = {
  /** DeadLettersAnswer: the groups, those that are most urgent first. */
  groups: '/api/dead-letters',
  /** DeadLetterPage of `?service=`, beyond `?after=`; `?link=`, `?cause=`, `?state=`. */
  letters: '/api/dead-letters/letters',
  /** DeadLetterView. */
  letter: '/api/dead-letters/letters/{id}',
  /** `POST` with an EditRequest: DeadLetterView. */
  edit: '/api/dead-letters/letters/{id}/edit',
  /** `POST` with a ReplayRequest, WriteOffRequest, ExportRequest: OrderedAnswer. */
  replay: '/api/dead-letters/replay',
  writeOff: '/api/dead-letters/write-off',
  export: '/api/dead-letters/export',
  /** JobsAnswer. */
  jobs: '/api/dead-letters/jobs',
  /** DeadLetterJob. */
  job: '/api/dead-letters/jobs/{id}',
  /** `POST`, by somebody else than who ordered the job: DeadLetterJob. */
  approve: '/api/dead-letters/jobs/{id}/approve',
  /** `POST`: DeadLetterJob. */
  stop: '/api/dead-letters/jobs/{id}/stop',
} as const

export type DeadLetterState = 'open' | 'replaying' | 'resolved' | 'written_off'

/** Letters that failed alike. */
export interface DeadLetterGroup {
  readonly service: string
  /** `receive`: its consumer could not handle them; `relay`: the other side refuses them. */
  readonly side: 'receive' | 'relay'
  readonly link: string
  /** Null where the message does not say it, or nobody knows it. */
  readonly event: string | null
  readonly version: number | null
  readonly code: string
  /** The digest of code and text, by which the group is named. */
  readonly cause: string
  /** The error without ids, numbers and personal values. */
  readonly text: string
  readonly open: number
  readonly replaying: number
  readonly first_at: string
  readonly last_at: string
  /** The oldest letter of it. */
  readonly sample: string
  /** The link moves money. */
  readonly money: boolean
}

export interface DeadLettersAnswer {
  readonly groups: readonly DeadLetterGroup[]
  /** All that there ever were, each in one state; of the services that answered. */
  readonly totals: Readonly<Record<DeadLetterState, number>>
  /** Services that do not answer: what they have is not known. */
  readonly away: readonly string[]
}

export interface DeadLetterRow {
  /** `bonuses:17` */
  readonly id: string
  readonly service: string
  readonly side: 'receive' | 'relay'
  readonly link: string
  readonly fact_id: string | null
  readonly event: string | null
  readonly version: number | null
  readonly code: string
  readonly cause: string
  readonly text: string
  readonly attempts: number
  readonly state: DeadLetterState
  /** The job that has claimed it. */
  readonly job: string | null
  readonly first_at: string
  readonly last_at: string
  readonly edited: boolean
  readonly money: boolean
}

export interface DeadLetterPage {
  readonly letters: readonly DeadLetterRow[]
  /** Pass it as `after` for the next page; null at the end. */
  readonly next: string | null
}

/** A place that is wrong, and by which rule. */
export interface WrongField {
  readonly pointer: string
  readonly code: string
  readonly detail: string
}

export interface ShownMessage {
  /** What is personal in it is `***`. Null when the bytes are hidden whole: nobody knows what is in them. */
  readonly value: unknown
  readonly headers: Readonly<Record<string, string>>
  readonly size: number
  readonly errors: readonly WrongField[]
}

export interface DeadLetterView extends DeadLetterRow {
  readonly origin: string
  readonly error: string
  readonly original: ShownMessage
  readonly edit: {
    readonly author: string
    readonly reason: string
    readonly at: string
    /** Why a second person has to look at it: identity, stamp, effect. */
    readonly touches: readonly string[]
    readonly changed: readonly string[]
    readonly message: ShownMessage
  } | null
  readonly history: readonly {
    readonly at: string
    readonly what: string
    readonly who: string | null
    readonly approver: string | null
    readonly job: string | null
    readonly outcome: string | null
    readonly detail: string | null
  }[]
}

/** Letters by id, or all that are open and free: of a link, of a cause, or with neither of all services. */
export interface DeadLetterSelection {
  readonly ids?: readonly string[]
  readonly link?: string
  readonly cause?: string
}

export interface EditRequest {
  /** `/payload/…`, `/meta/…`, `/headers/NAME`, or the empty path for the whole envelope. */
  readonly set: readonly { readonly path: string; readonly value?: unknown; readonly remove?: boolean }[]
  readonly reason: string
}

interface OrderRequest {
  readonly selection: DeadLetterSelection
  /** A UUID: who repeats an order under it gets the same job. */
  readonly request?: string
}
export interface ReplayRequest extends OrderRequest {
  /** Letters per second, 1 to 1000. */
  readonly rate?: number
  readonly dry_run?: boolean
}
export interface WriteOffRequest extends OrderRequest {
  readonly reason: string
}
export type ExportRequest = OrderRequest

export interface DeadLetterJob {
  /** `bonuses:j3` */
  readonly job: string
  readonly service: string
  readonly kind: 'replay' | 'rehearsal' | 'write_off' | 'export'
  /** `waiting` for a second person; `held` because the first letter failed again. */
  readonly state: 'waiting' | 'running' | 'done' | 'held' | 'stopped'
  /** Why a second person is needed: count, edit, money, not_terminal. */
  readonly needs: readonly string[]
  readonly total: number
  readonly left: number
  /** Letters by what became of them. */
  readonly outcomes: Readonly<Record<string, number>>
  readonly rate: number
  readonly reason: string | null
  readonly who: string
  readonly approver: string | null
  readonly trouble: string | null
  readonly asked_at: string
  readonly approved_at: string | null
  readonly ended_at: string | null
}

export interface OrderedAnswer {
  /** One for each service that has letters of it. */
  readonly jobs: readonly DeadLetterJob[]
  /** Services that do not answer: ask again. */
  readonly away: readonly string[]
}

export interface JobsAnswer {
  readonly jobs: readonly DeadLetterJob[]
  readonly away: readonly string[]
}
