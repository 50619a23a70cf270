import type { Delivery, Route } from '../contract/contract.ts'
import type { Tx } from '../database/database.ts'

/** What the switch of one link says. */
export interface Stand {
  readonly route: Route
  /** Per cent of the business keys that the route carries, 1 to 100; the other route carries the rest. */
  readonly share: number
  /** Publish the event as well although HTTP has the authority. */
  readonly shadow: boolean
  /** How facts of the event route leave for the log: by the outbox, unless said otherwise. */
  readonly delivery?: Delivery
}

/** What the switches of one database say. `epoch` rises with every change of any of them. */
export interface SwitchState {
  readonly epoch: number
  /** The highest epoch that peers have seen of this database while it stood below; 0 unless it was restored. */
  readonly seen: number
  readonly links: Readonly<Record<string, Stand>>
  /** The version in which each event is produced; 0 where nothing is said. */
  readonly versions: Readonly<Record<string, number>>
}

/** How the switch of one link stands; `route` is null when this database does not decide it. */
export interface Standing {
  readonly epoch: number
  readonly seen: number
  /** The highest engine term that the database has seen. */
  readonly term: number
  readonly route: Route | null
  readonly share: number
  readonly shadow: boolean
  readonly delivery: Delivery
}

/** What the switch needs of the service's own database. */
export interface SwitchStore {
  /** Gives links their starting route under epoch 1. Links that are there keep what they say. */
  install(links: readonly { readonly link: string; readonly route: Route }[]): Promise<void>
  /** All of it in one read, so that the epoch and what it stands for belong together. */
  read(): Promise<SwitchState>
  /**
   * Runs `work` in a transaction that holds the switch alone: every transaction that held it shared has ended, and none
   * begins. `busy` when it is not to be had within `waitMs`; nothing was done then.
   */
  alone<Result>(waitMs: number, work: (tx: Tx) => Promise<Result>): Promise<{ readonly done: Result } | 'busy'>
  standing(tx: Tx, link: string | null): Promise<Standing>
  /** How a link's switch stands, and since which epoch; null when this database does not decide it. */
  since(link: string): Promise<(Stand & { readonly epoch: number }) | null>
  /** What is not said of the delivery stays as it is. */
  move(tx: Tx, to: Stand & { readonly link: string; readonly epoch: number }): Promise<void>
  /** The version in which an event is told; 0 where nothing is said. */
  version(tx: Tx, event: string): Promise<number>
  moveVersion(tx: Tx, to: { readonly event: string; readonly version: number; readonly epoch: number }): Promise<void>
  /** The highest engine term that the database has seen. */
  term(): Promise<number>
  /** Remembers a term; false, and nothing is changed, when a higher one was seen. */
  raise(tx: Tx, term: number): Promise<boolean>
  /** Notes the epoch that a peer has seen, when the database stands below it: then it is true. */
  heed(seen: number): Promise<boolean>
  /** Raises the epoch, of every link. */
  raiseEpoch(tx: Tx, epoch: number): Promise<void>
}
