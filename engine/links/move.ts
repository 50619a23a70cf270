import type { LinkContract } from 'cutover/contract'
import type { Database } from 'cutover/database'
import { Problem } from 'cutover/failure'
import type { Clock } from 'cutover/process/clock'
import type { Route, SwitchAnswer } from '../api/contract.ts'
import { appendHistory, nextTerm, seeEpoch } from '../history/history.ts'
import { readSwitched } from '../services/answers.ts'
import type { Directory } from '../services/directory.ts'
import { closest } from './closest.ts'

/** The service tries for up to some ten seconds to get the lock between its transactions. */
const deadlineMs = 15_000

export interface Mover {
  /**
   * Moves a link to a route. When it resolves, no fact with the other route's stamp can appear any more. Repeating it
   * changes nothing. Every attempt is in the history, also one that fails.
   */
  move(id: string, to: Route, who: string): Promise<SwitchAnswer>
}

export function openMover(links: readonly LinkContract[], directory: Directory, database: Database, clock: Clock): Mover {
  // One at a time, so that terms reach the services in the order in which they were drawn.
  let last: Promise<unknown> = Promise.resolve()

  async function moveNow(link: LinkContract, to: Route, who: string): Promise<SwitchAnswer> {
    const term = await nextTerm(database)
    const line = { who, link: link.id, to, term }
    await appendHistory(database, { ...line, from: null, epoch: null, outcome: 'asked' }, clock.now())
    try {
      const body = { link: link.id, route: to, term }
      const { epoch, changed } = readSwitched(
        await directory.ask(link.from, { method: 'POST', path: '/operator/switch', body, deadlineMs }),
      )
      const from = changed ? (to === 'http' ? 'event' : 'http') : to
      await appendHistory(database, { ...line, from, epoch, outcome: changed ? 'moved' : 'unchanged' }, clock.now())
      await seeEpoch(database, link.from, epoch)
      return { link: link.id, from, to, epoch, changed, term }
    } catch (error) {
      await appendHistory(database, { ...line, from: null, epoch: null, outcome: 'failed' }, clock.now())
      throw error
    }
  }

  return {
    move(id, to, who) {
      const link = movable(links, id)
      const result = last.then(() => moveNow(link, to, who))
      last = result.catch(() => undefined)
      return result
    },
  }
}

/** The link of this id, or a problem that says what to do instead. */
function movable(links: readonly LinkContract[], id: string): LinkContract {
  const link = links.find(candidate => candidate.id === id)
  if (link === undefined) {
    const known = links.map(candidate => candidate.id)
    const near = closest(id, known)
    throw new Problem('link_unknown', {
      detail: `there is no link "${id}". ${near === undefined ? `Links: ${known.join(', ')}.` : `Did you mean ${near}?`}`,
      extensions: { known, ...(near === undefined ? {} : { did_you_mean: near }) },
    })
  }
  if (!link.movable) {
    throw new Problem('link_not_movable', {
      detail: `${link.id} (${link.title}) works in its starting form only (${link.start}); its other route is not built yet. Movable: ${links
        .filter(other => other.movable)
        .map(other => other.id)
        .join(', ')}.`,
    })
  }
  return link
}
