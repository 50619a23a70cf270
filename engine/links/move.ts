import type { LinkContract } from 'cutover/contract'
import type { Database } from 'cutover/database'
import { extendProblems, Problem } from 'cutover/failure'
import type { Clock } from 'cutover/process/clock'
import type { HistoryRow, Route, SwitchAnswer } from '../api/contract.ts'
import { appendHistory, seeEpoch } from '../history/history.ts'
import type { Lease } from '../lease/lease.ts'
import type { World } from '../plan/world.ts'
import { readSwitched } from '../services/answers.ts'
import type { Directory } from '../services/directory.ts'
import { makeAble } from './able.ts'
import { linkUnknown } from './unknown.ts'

extendProblems({ link_needs_plan: { status: 409, title: 'The link moves by its plan only' } })

/** The service tries for up to some ten seconds to get the lock between its transactions. */
const deadlineMs = 15_000

export interface Mover {
  /**
   * Moves a link to a route. When it resolves, no fact with the other route's stamp can appear any more. Repeating it
   * changes nothing. Every attempt is in the history, also one that fails.
   */
  move(id: string, to: Route, who: string): Promise<SwitchAnswer>
}

export interface MoverPorts {
  readonly links: readonly LinkContract[]
  readonly directory: Directory
  readonly database: Database
  readonly lease: Lease
  readonly clock: Clock
  /** The running system under the term. */
  readonly worldOf: (term: number) => World
  /** The unfinished run that holds the link, which moves it alone. */
  readonly holder: (link: string) => Promise<string | null>
}

export function openMover({ links, directory, database, lease, clock, worldOf, holder }: MoverPorts): Mover {
  // One at a time, so that the lines of one order stand together in the history.
  let last: Promise<unknown> = Promise.resolve()

  async function moveNow(link: LinkContract, to: Route, who: string): Promise<SwitchAnswer> {
    const term = lease.required()
    const run = await holder(link.id)
    if (run !== null) {
      throw new Problem('run_exists', {
        detail: `${run} holds ${link.id} and moves it by its plan; see "cutover run show ${run}"`,
        extensions: { run },
      })
    }
    const note = (action: string, numbers: HistoryRow['numbers']): Promise<unknown> =>
      appendHistory(database, { who, action, link: link.id, run: null, step: null, term, numbers: { to, ...numbers } }, clock.now())
    await note('switch asked', {})
    try {
      await makeAble(worldOf(term), link, to, clock)
      const body = { link: link.id, route: to, shadow: false, term }
      const { epoch, changed } = readSwitched(
        await directory.ask(link.from, { method: 'POST', path: '/operator/switch', body, deadlineMs, term }),
      )
      const from = changed ? (to === 'http' ? 'event' : 'http') : to
      await note(changed ? 'switch moved' : 'switch unchanged', { from, epoch })
      await seeEpoch(database, link.from, epoch)
      return { link: link.id, from, to, epoch, changed, term }
    } catch (error) {
      await note('switch failed', { reason: error instanceof Problem ? error.code : 'internal' })
      throw error
    }
  }

  return {
    move(id, to, who) {
      const link = switchable(links, id)
      const result = last.then(() => moveNow(link, to, who))
      last = result.catch(() => undefined)
      return result
    },
  }
}

/** The link of this id, or a problem that says what to do instead. */
function switchable(links: readonly LinkContract[], id: string): LinkContract {
  const link = links.find(candidate => candidate.id === id)
  if (link === undefined) throw linkUnknown(id, links)
  if (link.kind === 'data') {
    throw new Problem('link_needs_plan', {
      detail: `${link.id} (${link.title}) carries state: whoever reads it needs a copy, or the other way, before it is switched. Use: cutover apply ${link.id}`,
    })
  }
  return link
}
