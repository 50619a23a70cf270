import type { Home } from '../home.ts'

/** What a system consists of. The supervisor runs it and knows nothing else about it. */
export interface SystemDefinition {
  /** Shown when it starts. */
  readonly name: string
  /** Made before the first process starts. The database's name is its owner's too. */
  readonly databases: readonly string[]
  /** Whether an Apache Kafka cluster of three brokers runs beside PostgreSQL, on `kafkaPorts`. */
  readonly kafka?: boolean
  /** Who signs tokens: each gets a key pair. */
  readonly issuers: readonly string[]
  /** Started stage by stage, each stage at once; stopped the other way round. */
  readonly stages: readonly (readonly ProcessDefinition[])[]
  /** A process that takes `GET` and `POST /traffic`, for the interface to pass them on to. */
  readonly traffic?: { readonly url: string }
  /** The page for operators, who sign in there with their token. */
  readonly console?: string
  /** Done while PostgreSQL starts, for example building that page. */
  readonly prepare?: { readonly name: string; work(): Promise<string> }
  /** Addresses worth knowing, by what they are. */
  readonly addresses: Readonly<Record<string, string>>
  /** Commands that a newcomer may try next, with what they show. */
  readonly next: readonly (readonly [command: string, shows: string])[]
}

export interface ProcessDefinition {
  /** The service's name. */
  readonly name: string
  /** The program, absolute. Runs on the Node that runs the supervisor. */
  readonly file: string
  /** Another program for an instance, until the first deployment of the service brings `file` to all of them. */
  readonly firstFile?: (instance: number) => string | undefined
  /** One instance per port. */
  readonly ports: readonly number[]
  /** What it is able to do until something else is deployed. Without it, it cannot be deployed. */
  readonly capabilities?: readonly string[]
  /** What may be deployed at all; anything if absent. */
  readonly possible?: readonly string[]
  /** The variables of one instance, besides those of every process. */
  readonly environment: (context: InstanceContext) => Readonly<Record<string, string>>
}

export interface InstanceContext {
  readonly home: Home
  readonly port: number
  /** From 1. */
  readonly instance: number
  /** What this instance shall be able to do. */
  readonly capabilities: readonly string[]
  /** The address of one of the system's databases, for its owner. */
  readonly database: (name: string) => string
}

/** Where the system's own parts listen, counted from the first port. */
export const supervisorPort = (home: Home): number => home.firstPort + 1
export const postgresPort = (home: Home): number => home.firstPort + 2

/** `hiring` when there is one, `hiring-2` when there are several. */
export const instanceName = (definition: ProcessDefinition, instance: number): string =>
  definition.ports.length === 1 ? definition.name : `${definition.name}-${instance}`
