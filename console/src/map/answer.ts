import type { LinkRow } from '@cutover/engine/api'
import type { RunView, Said } from '@cutover/engine/api/plan'

/** The one sentence over the map, before it is put into words. */
export interface Answer {
  readonly total: number
  /** Links that a run moves at this moment, or would move if it were let. */
  readonly moving: number
  /** Runs that a person has to look at. */
  readonly runs: readonly RunView[]
  /** What is wrong with the system itself, each thing once. */
  readonly troubles: readonly Said[]
}

/** A run in one of these has not come to its end yet. */
const active = new Set(['running', 'waiting', 'paused', 'failed'])
const needy = new Set(['paused', 'failed'])

export const isActive = (run: RunView): boolean => active.has(run.state)
export const needsSomebody = (run: RunView): boolean => needy.has(run.state)

export function answer(links: readonly LinkRow[], runs: readonly RunView[]): Answer {
  return {
    total: links.length,
    moving: new Set(runs.filter(isActive).map(({ link }) => link)).size,
    runs: runs.filter(needsSomebody),
    troubles: troublesOf(links),
  }
}

/** Each trouble once, though a service that is away is told on every one of its links. */
export function troublesOf(links: readonly LinkRow[]): readonly Said[] {
  const all = links.flatMap(troubles)
  return [...new Map(all.map(said => [JSON.stringify(said), said])).values()]
}

/** The troubles of one link; from an engine that gives its note only, the note as it is. */
export const troubles = ({ troubles, note }: LinkRow): readonly Said[] =>
  troubles ?? (note === null ? [] : note.split('; ').map(reason => ({ code: 'step_refused', params: { reason } })))
