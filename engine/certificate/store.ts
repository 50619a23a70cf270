import type { Route } from '../api/contract.ts'
import type { Said } from '../api/plan.ts'

/** What is certified, and by which run. */
export interface Subject {
  readonly link: string
  readonly route: Route
  /** `R-7` */
  readonly run: string
}

/** What was counted when a certificate was issued. */
export interface Counted {
  /** The epoch of the switch. */
  readonly epoch: number
  readonly issued: number
  readonly terminal: number
  /** The messages of the route that had come late by then. */
  readonly late: number
}

export interface Certificate extends Subject, Counted {
  readonly issuedAt: Date
  readonly expiresAt: Date
  readonly revokedAt: Date | null
  readonly revokedBy: Said | null
  /** Whether the run was set going again after a step had been refused because of this: a person has seen why. */
  readonly looked: boolean
}

/** Certificates in the engine's database. Each change is written with its line of the history, under the term of the engine that acts. */
export interface Certificates {
  get(subject: Subject): Promise<Certificate | null>
  /** Of one link, or of all; the latest first. */
  list(link: string | null): Promise<readonly Certificate[]>
  /** Those of these runs. */
  ofRuns(runs: readonly string[]): Promise<readonly Certificate[]>
  /** Those of unfinished runs that are not revoked. */
  standing(): Promise<readonly Certificate[]>
  /** Issues one for `validMs` from now, in place of the one that is there. */
  issue(term: number, subject: Subject, counted: Counted, validMs: number): Promise<Certificate>
  /** Revokes it, unless it is revoked already. */
  revoke(term: number, subject: Subject, by: Said): Promise<void>
  /** Notes that a step was refused because of it. */
  refuse(term: number, subject: Subject): Promise<void>
  /** Sum of all versions: differs whenever anything has changed. */
  version(): Promise<number>
}
