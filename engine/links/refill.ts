import type { LinkContract } from 'cutover/contract'
import type { Database } from 'cutover/database'
import { Problem } from 'cutover/failure'
import type { Clock } from 'cutover/process/clock'
import type { RefillCount, RefillView } from '../api/refill.ts'
import { appendHistory } from '../history/history.ts'
import type { Lease } from '../lease/lease.ts'
import { readSwitch } from '../services/answers.ts'
import { readRefill, readRefillCount } from '../services/refill-answers.ts'
import type { Directory } from '../services/directory.ts'
import { linkUnknown } from './unknown.ts'

const readMs = 5_000
/** A count asks the receiver after up to 10,000 facts. */
const countMs = 30_000

export interface Refiller {
  /** Begins to send again what is not terminal; one that is under way goes on. Every order is in the history. */
  refill(id: string, who: string): Promise<RefillView>
  /** What it would send again now. */
  count(id: string): Promise<RefillCount>
  /** How far the last refill of the link has come. */
  last(id: string): Promise<RefillView>
}

export interface RefillerPorts {
  readonly links: readonly LinkContract[]
  readonly directory: Directory
  readonly database: Database
  readonly lease: Lease
  readonly clock: Clock
}

export function openRefiller({ links, directory, database, lease, clock }: RefillerPorts): Refiller {
  function linkOf(id: string): LinkContract {
    const link = links.find(candidate => candidate.id === id)
    if (link === undefined) throw linkUnknown(id, links)
    return link
  }

  async function isDirect({ id, from }: LinkContract): Promise<boolean> {
    const answer = await directory.ask(from, { method: 'GET', path: `/operator/switches/${id}`, deadlineMs: readMs })
    return readSwitch(answer).direct === true
  }

  return {
    async refill(id, who) {
      const link = linkOf(id)
      const term = lease.required()
      const note = (action: string, numbers: Parameters<typeof appendHistory>[1]['numbers']): Promise<unknown> =>
        appendHistory(database, { who, action, link: id, run: null, step: null, term, numbers }, clock.now())
      await note('refill asked', {})
      try {
        const call = { method: 'POST', path: '/operator/refills', body: { link: id, term }, deadlineMs: readMs, term } as const
        const begun = readRefill(await directory.ask(link.from, call))
        await note('refill begun', { number: begun.number })
        return { link: id, ...begun, direct: await isDirect(link) }
      } catch (error) {
        await note('refill failed', { reason: error instanceof Problem ? error.code : 'internal' })
        throw error
      }
    },
    async count(id) {
      const link = linkOf(id)
      const body = { link: id, term: lease.required(), dry_run: true }
      const call = { method: 'POST', path: '/operator/refills', body, deadlineMs: countMs } as const
      return { link: id, dry_run: true, ...readRefillCount(await directory.ask(link.from, call)), direct: await isDirect(link) }
    },
    async last(id) {
      const link = linkOf(id)
      const call = { method: 'GET', path: `/operator/refills/${id}`, deadlineMs: readMs } as const
      return { link: id, ...readRefill(await directory.ask(link.from, call)), direct: await isDirect(link) }
    },
  }
}
