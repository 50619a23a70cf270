// What a program outside may ask of a running sandbox. Imports nothing.

/** Paths of the supervisor's interface, on the port after CUTOVER_PORT, with the operator's token. */
export const paths = {
  status: '/sandbox/status',
  faults: '/sandbox/faults',
  traffic: '/sandbox/traffic',
  deployments: '/deployments',
} as const

export type ProcessState = 'starting' | 'ready' | 'paused' | 'restarting' | 'stopped' | 'failed'

export interface SandboxProcess {
  /** `hiring`, or `hiring-2` when there are several. */
  readonly name: string
  readonly pid: number | null
  readonly url: string | null
  readonly state: ProcessState
  /** What it is an instance of, and which, from 1. */
  readonly service: string
  readonly instance: number
  /** How often it has been started again since the system came up. */
  readonly restarts: number
}

/** Answer to `GET /sandbox/status`. */
export interface SandboxStatus {
  /** Everything is up. */
  readonly ready: boolean
  readonly processes: readonly SandboxProcess[]
  readonly supervisor: { readonly pid: number }
  /** Addresses with credentials, by database: the sandbox is for looking in. */
  readonly databases: Readonly<Record<string, string>>
}

export const faultKinds = ['kill', 'pause', 'resume'] as const
export type FaultKind = (typeof faultKinds)[number]

/** Body of `POST /sandbox/faults`. */
export interface FaultRequest {
  /** `kill`: ended at once, then started again. `pause`: stands still. `resume`: ends a pause early. */
  readonly kind: FaultKind
  /** A service's name, or `postgres`. */
  readonly service: string
  /** From 1; all instances if absent. */
  readonly instance?: number
  /** How long a pause lasts. */
  readonly seconds?: number
}

export const pauseSeconds = { default: 10, maximum: 3600 } as const

/** Answer to `POST /sandbox/faults`: the processes that it hit. */
export interface FaultAnswer {
  readonly kind: FaultKind
  readonly processes: readonly { readonly name: string; readonly pid: number | null }[]
}

export const trafficActions = ['start', 'stop', 'rate'] as const
export const trafficRate = { minimum: 0, maximum: 10_000 } as const

/** Body of `POST /sandbox/traffic`; `rate` is outcomes per second, required by the action `rate`. */
export interface TrafficRequest {
  readonly action: (typeof trafficActions)[number]
  readonly rate?: number
}

/** What is deployed of one service. */
export interface ServiceDeployment {
  readonly service: string
  /** What its instances shall be able to do, such as `record:COMM-040`, sorted. */
  readonly capabilities: readonly string[]
  /** Instances are being started again, one by one, because they were started with something else. */
  readonly rolling: boolean
  readonly instances: readonly {
    readonly name: string
    /** What its present process was started with, or its last one if there is none. */
    readonly capabilities: readonly string[]
    readonly state: ProcessState
  }[]
}

/** Answer to `GET /deployments`. */
export interface DeploymentsAnswer {
  readonly services: readonly ServiceDeployment[]
}

export const deploymentBounds = { capabilities: 500 } as const

/**
 * Body of `POST /deployments`, answered with the ServiceDeployment as it is then. What is wanted is stored before the
 * answer; the instances follow one by one, and `GET` tells when they have. Repeating it changes nothing.
 */
export interface DeploymentRequest {
  readonly service: string
  readonly add?: readonly string[]
  readonly remove?: readonly string[]
  /** The fencing number of whoever deploys: one lower than the highest seen is refused. */
  readonly term: number
  /** Checks everything, changes nothing, and answers what would be. */
  readonly dry_run?: boolean
}
