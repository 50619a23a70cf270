import { createHash } from 'node:crypto'
import type { EventContract, LinkContract } from 'cutover/contract'
import { canonicalJson } from 'cutover/contract/json'
import type { Route } from '../api/contract.ts'
import type { Title } from '../api/plan.ts'
import type { Portions } from '../api/portions.ts'
import type { Transition } from './state.ts'
import { isInverse, type Verb } from './verb.ts'

/** A numbered step of a procedure, in one or more verbs. The id is a name: it never changes, gaps included. */
export interface Step {
  readonly id: string
  readonly title: Title
  /** Why it was added to the written procedure; null for a written step. */
  readonly why: Title | null
  readonly verbs: readonly Verb[]
}

/** What a plan changes in several services at once: columns of theirs, and the versions in which events are told. */
export interface Change {
  /** The services whose columns change. */
  readonly services: readonly string[]
  /** Each with the version in which it is told in the end. */
  readonly events: readonly { readonly event: EventContract; readonly version: number }[]
}

/** What all plans have: a written procedure that can be run, checked, resumed, undone. */
interface Written {
  /** The link that it moves, or the name of the change: what it is asked for by, and has to itself while it runs. */
  readonly id: string
  readonly title: Title
  /** The heading in docs/procedures.md whose numbers the steps have. */
  readonly procedure: string
  readonly steps: readonly Step[]
  readonly hash: string
}

/** Takes a link to a route. */
export interface LinkPlan extends Written {
  readonly link: LinkContract
  readonly to: Route
}

/** Takes what several services keep and tell to its new form, whichever routes their links are on. */
export interface ChangePlan extends Written {
  readonly change: Change
  readonly to: 'new'
}

export type Plan = LinkPlan | ChangePlan
type Head<P extends Plan> = Omit<P, 'steps' | 'hash'>

/** Gives the plan that takes a link to a route, by these portions first; undefined where there is none. */
export type PlanFor = (link: LinkContract, to: Route, made: { readonly portions: Portions }) => LinkPlan | undefined

/** A step that the procedure has, under its number there. */
export const step = (id: string, title: Title, ...verbs: readonly Verb[]): Step => ({ id, title, why: null, verbs })

/** A step that the procedure forgets. */
export const added = (id: string, title: Title, why: Title, ...verbs: readonly Verb[]): Step => ({ id, title, why, verbs })

/** Throws for a plan that cannot be meant: a step without verbs, a name used twice, a way back beyond a point of no return. */
export function plan(head: Head<LinkPlan>, steps: readonly Step[]): LinkPlan
export function plan(head: Head<ChangePlan>, steps: readonly Step[]): ChangePlan
export function plan(head: Head<LinkPlan> | Head<ChangePlan>, steps: readonly Step[]): Plan {
  const ids = steps.map(one => one.id)
  const twice = ids.find((id, at) => ids.indexOf(id) < at)
  if (twice !== undefined) throw new Error(`plan ${head.id}: two steps are named ${twice}`)
  const empty = steps.find(one => one.verbs.length === 0)
  if (empty !== undefined) throw new Error(`plan ${head.id}: step ${empty.id} does nothing`)
  const made = { ...head, steps, hash: '' }
  const actions = actionsOf(made)
  const first = actions.findIndex(({ verb }) => isFinal(verb))
  const after = first === -1 ? undefined : actions.slice(first).find(({ verb }) => isInverse(verb.inverse))
  if (after !== undefined) throw new Error(`plan ${head.id}: step ${after.step.id} could be undone, but lies beyond the point of no return`)
  return { ...made, hash: hashOf(made) }
}

/** One verb of one step: what a run does at a time. */
export interface Action {
  readonly step: Step
  readonly verb: Verb
}

export const actionsOf = ({ steps }: Pick<Plan, 'steps'>): readonly Action[] =>
  steps.flatMap(one => one.verbs.map(verb => ({ step: one, verb })))

/** Whether the verb cannot be undone. */
export const isFinal = (verb: Verb): boolean => verb.inverse !== null && !isInverse(verb.inverse)

/** What a run of the plan has to itself, under this name among others. */
export const lockOf = (of: Plan): string => ('link' in of ? `link ${of.id}` : `change ${of.id}`)

export const transitionsOf = (of: Pick<Plan, 'steps'>): readonly Transition[] =>
  actionsOf(of).map(({ step: { id }, verb: { name, requires, effects } }) => ({ step: id, verb: name, requires, effects }))

/** What all of it touches: the locks of its run. */
export const touchedBy = (of: Plan): readonly string[] =>
  [...new Set([lockOf(of), ...actionsOf(of).flatMap(({ verb }) => verb.touches)])].toSorted()

function hashOf(of: Plan): string {
  const actions = actionsOf(of).map(({ step: { id }, verb: { name, does, asks, requires, effects } }) => ({
    step: id,
    verb: name,
    does: { ...does },
    asks: { ...asks },
    requires: requires.map(one => ({ ...one })),
    effects: { ...effects },
  }))
  return createHash('sha256')
    .update(canonicalJson({ id: of.id, to: of.to, actions }))
    .digest('hex')
    .slice(0, 16)
}
