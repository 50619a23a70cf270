import { type LinkContract, mayBeDirect } from 'cutover/contract'
import type { Refusal } from '../api/plan.ts'

/**
 * The abstract state of a system, as far as plans care: what is so about a thing, by the thing's name, for example
 * `consumer COMM-040` is `record`. What is not in it is not known.
 */
export type State = Readonly<Record<string, string>>

/** What a verb needs to be so: the thing is one of these. */
export interface Condition {
  readonly about: string
  readonly is: readonly string[]
  /** The command by which an operator makes it so, where there is one. */
  readonly mend?: string
}

export const condition = (about: string, ...is: readonly string[]): Condition => ({ about, is })

/** The names of the things, in one place, so that a verb's effect and another's condition mean the same. */
export const thing = {
  registered: (event: string, version: number): string => `registered ${event} v${version}`,
  /** none, record or act: the least that any live instance can do */
  consumer: (link: string): string => `consumer ${link}`,
  /** served or retired */
  endpoint: (link: string): string => `endpoint ${link}`,
  /** made or retired */
  calls: (link: string): string => `calls ${link}`,
  /** able or none */
  producer: (link: string): string => `producer ${link}`,
  /** on or off */
  shadow: (link: string): string => `shadow ${link}`,
  /** http, event, or both while each carries a share of the keys */
  route: (link: string): string => `route ${link}`,
  /** outbox or direct: how its facts leave for the log; of a link that may lose them */
  delivery: (link: string): string => `delivery ${link}`,
  /** absent, present or quarantined: the reader's copy */
  copy: (link: string): string => `copy ${link}`,
  /** nothing, changes (from now on) or everything (what was there before as well): what the owner has told */
  told: (link: string): string => `told ${link}`,
  /** http, replica; with ", compared" while the other side is compared */
  reading: (link: string): string => `reading ${link}`,
  /** yes or no: nobody reaches for what is in quarantine */
  quiet: (link: string): string => `quiet ${link}`,
  /** open, quarantined or absent */
  topic: (event: string): string => `topic ${event}`,
  /** proved or unproved */
  parity: (link: string): string => `parity ${link}`,
  /** yes or no: every fact that was stated for the route is terminal, and no more can be */
  drained: (link: string, route: string): string => `drained ${link} ${route}`,
} as const

/** That the facts of a link are in the outbox: what is direct cannot be counted. Always so for a link that may not lose any. */
export const onOutbox = (link: LinkContract): readonly Condition[] =>
  mayBeDirect(link) ? [{ ...condition(thing.delivery(link.id), 'outbox'), mend: `cutover delivery ${link.id} outbox` }] : []

/** One action of a plan, as far as following from one another goes. */
export interface Transition {
  readonly step: string
  readonly verb: string
  readonly requires: readonly Condition[]
  readonly effects: State
}

/** The actions that do not follow from what is before them, each with the condition that is missing. Pure. */
export function refusalsOf(actions: readonly Transition[], start: State): readonly Refusal[] {
  const refusals: Refusal[] = []
  let state = start
  for (const { step, verb, requires, effects } of actions) {
    for (const { about, is, mend } of requires) {
      const found = state[about] ?? 'unknown'
      if (!is.includes(found)) refusals.push({ step, verb, about, wanted: is, found, ...(mend === undefined ? {} : { mend }) })
    }
    state = { ...state, ...effects }
  }
  return refusals
}
