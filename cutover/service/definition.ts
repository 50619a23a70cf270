import type { Columns } from '../columns/columns.ts'
import type { ColumnChange } from '../contract/columns.ts'
import type { EventContract, LinkContract } from '../contract/contract.ts'
import type { Database } from '../database/database.ts'
import type { HttpClient } from '../http/client.ts'
import type { RouteDefinition } from '../http/server.ts'
import type { Once } from '../idempotency/once.ts'
import type { Sender } from '../outbox/sender.ts'
import type { LinkReader } from '../reading/reader.ts'
import type { ReplicaDefinition, Row } from '../replica/definition.ts'
import type { SourceDefinition } from '../snapshot/source.ts'
import type { Clock, Random } from '../process/clock.ts'
import type { Log } from '../process/log.ts'
import type { Running } from '../process/process.ts'
import type { Gather, Handler } from '../receive/handler.ts'
import type { Audit } from './audit.ts'

/** A service as its authors declare it. Everything that moves facts is built around it by `runService`. */
export interface ServiceDefinition {
  readonly name: string
  /** All links and all events of the system, not only its own. */
  readonly links: readonly LinkContract[]
  readonly events: readonly EventContract[]
  /** The folder of this service's numbered SQL files; the library's own run before them. */
  readonly migrations: string
  /** Values that move to other columns, by plans, while this build runs. */
  readonly columns?: readonly ColumnChange[]
  build(context: ServiceContext): ServiceParts
}

export interface ServiceParts {
  readonly routes: readonly RouteDefinition[]
  /** By link: what this service does about the facts that others state. */
  readonly handlers: Readonly<Record<string, Handler>>
  /** Fetches what messages wait for that no reader of a link can fetch. */
  readonly gather?: Gather
  /** The state that this service owns and that others read over links. */
  readonly sources?: readonly SourceDefinition[]
  readonly audits: readonly Audit[]
  readonly parts?: readonly Running[]
}

export interface ServiceContext {
  readonly database: Database
  readonly sender: Sender
  /** How writing routes run: a request that comes again with its key gets its first answer. */
  readonly once: Once
  readonly log: Log
  readonly clock: Clock
  readonly random: Random
  /** Reads over a data link, from wherever its switch says; keeps its copy while there is one. Once per link. */
  read<R extends Row>(definition: ReplicaDefinition<R>): LinkReader<R>
  /**
   * A client of what is called beyond the links: a service outside the system, by its name in SERVICE_URLS, with tokens of
   * this service for that audience. It retries nothing. Without an address every call throws `Unreachable`.
   */
  client(service: string, options: { readonly deadlineMs: number; readonly connectionsMax: number }): HttpClient
  /** How this instance writes and reads a value whose columns change. */
  columns(change: ColumnChange): Columns
}
