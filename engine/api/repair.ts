/** Orders that repair what the doctor has found, where no plan does. Repeating one changes nothing. */

/** How the epoch of a service stands against what is known of it. */
export interface EpochView {
  readonly service: string
  readonly epoch: number
  /** The highest that anybody has seen of it, and who. */
  readonly seen: number
  readonly by: string
  /** Services that could not be asked what they have seen. */
  readonly away: readonly string[]
  /** Whether this call has raised it. */
  readonly raised: boolean
}

export interface EpochRequest {
  /** The epoch that it is raised to, where nobody who has seen a higher one can be asked; else it follows from what is known. */
  readonly at_least?: number
}

export interface DeployRequest {
  readonly add?: readonly string[]
  readonly remove?: readonly string[]
}

export interface DeployAnswer {
  readonly service: string
  readonly add: readonly string[]
  readonly remove: readonly string[]
  /** Of how many live instances, as far as is known, how many are as ordered already; the others follow one by one. */
  readonly instances: number
  readonly deployed: number
}

export interface TopicAnswer {
  readonly event: string
  readonly state: 'open' | 'quarantined' | 'absent'
}

export interface CopyRequest {
  /** `create`: makes an empty one. `restore`: takes it out of quarantine. `fill`: has its owner tell every row once more. */
  readonly do: 'create' | 'restore' | 'fill'
}

export interface CopyAnswer {
  readonly link: string
  readonly state: 'absent' | 'present' | 'quarantined'
  readonly rows: number
}
