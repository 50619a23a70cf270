import { type LinkContract, mayBeDirect } from 'cutover/contract'
import type { Database } from 'cutover/database'
import { Problem } from 'cutover/failure'
import type { Clock } from 'cutover/process/clock'
import type { HistoryRow } from '../api/contract.ts'
import type { Delivery, DeliveryAnswer } from '../api/refill.ts'
import { appendHistory, seeEpoch } from '../history/history.ts'
import type { Lease } from '../lease/lease.ts'
import { readRedelivered } from '../services/refill-answers.ts'
import type { Directory } from '../services/directory.ts'
import { linkUnknown } from './unknown.ts'

/** The service tries for up to some ten seconds to get the lock between its transactions. */
const deadlineMs = 15_000

export interface Redeliverer {
  /**
   * Sets how the facts of a link leave for the log. When it resolves, none can be stated the old way any more. Repeating
   * it changes nothing. Every attempt is in the history, also one that fails; a dry run is not, and changes nothing.
   */
  redeliver(id: string, to: Delivery, who: string, dryRun: boolean): Promise<DeliveryAnswer>
}

export interface RedelivererPorts {
  readonly links: readonly LinkContract[]
  readonly directory: Directory
  readonly database: Database
  readonly lease: Lease
  readonly clock: Clock
  /** The unfinished run that holds the link: its plan counts on the outbox. */
  readonly holder: (link: string) => Promise<string | null>
}

export function openRedeliverer({ links, directory, database, lease, clock, holder }: RedelivererPorts): Redeliverer {
  // One at a time, so that the lines of one order stand together in the history.
  let last: Promise<unknown> = Promise.resolve()

  async function redeliverNow(link: LinkContract, to: Delivery, who: string, dryRun: boolean): Promise<DeliveryAnswer> {
    const term = lease.required()
    const run = await holder(link.id)
    if (run !== null) {
      throw new Problem('run_exists', {
        detail: `${run} holds ${link.id}, and its plan counts on how the facts leave; see "cutover run show ${run}"`,
        extensions: { run },
      })
    }
    const note = async (action: string, numbers: HistoryRow['numbers']): Promise<void> => {
      if (dryRun) return
      const line = { who, action, link: link.id, run: null, step: null, term, numbers: { to, ...numbers } }
      await appendHistory(database, line, clock.now())
    }
    await note('delivery asked', {})
    try {
      const body = { link: link.id, delivery: to, term, ...(dryRun ? { dry_run: true } : {}) }
      const call = { method: 'POST', path: '/operator/delivery', body, deadlineMs, term } as const
      const done = readRedelivered(await directory.ask(link.from, call))
      await note(done.changed ? 'delivery moved' : 'delivery unchanged', { from: done.from, epoch: done.epoch })
      if (!dryRun) await seeEpoch(database, link.from, done.epoch)
      return { link: link.id, to, ...done, term }
    } catch (error) {
      await note('delivery failed', { reason: error instanceof Problem ? error.code : 'internal' })
      throw error
    }
  }

  return {
    redeliver(id, to, who, dryRun) {
      const link = links.find(candidate => candidate.id === id)
      if (link === undefined) throw linkUnknown(id, links)
      if (to === 'direct' && !mayBeDirect(link)) {
        const may = links.filter(mayBeDirect).map(one => one.id)
        throw new Problem('delivery_not_allowed', {
          detail: `${id} (${link.title}) does not declare that it may lose facts, so it stays on the outbox. Nothing was changed. Links that may be direct: ${may.join(', ') || 'none'}`,
        })
      }
      const result = last.then(() => redeliverNow(link, to, who, dryRun))
      last = result.catch(() => undefined)
      return result
    },
  }
}
