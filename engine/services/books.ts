import type { LinkContract } from 'cutover/contract'
import type { Books } from '../verify/verify.ts'
import { readCarried, readPage, readReceipts, readRows } from './answers.ts'
import type { Directory } from './directory.ts'

const deadlineMs = 30_000

/** The books of one link over the operator interfaces of its two services. */
export function booksOf(link: LinkContract, directory: Directory): Books {
  const page = (service: string, side: 'fact' | 'effect') => async (after: string | null, limit: number) => {
    const query = new URLSearchParams({ limit: String(limit), ...(after === null ? {} : { after }) })
    return readPage(
      await directory.ask(service, { method: 'GET', path: `/operator/audits/${link.id}/${side}?${query.toString()}`, deadlineMs }),
    )
  }
  const find = (service: string, side: 'fact' | 'effect') => async (keys: readonly string[]) =>
    readRows(await directory.ask(service, { method: 'POST', path: `/operator/audits/${link.id}/${side}/find`, body: { keys }, deadlineMs }))
  return {
    effects: page(link.to, 'effect'),
    facts: page(link.from, 'fact'),
    findEffects: find(link.to, 'effect'),
    findFacts: find(link.from, 'fact'),
    receipts: async facts =>
      readReceipts(
        await directory.ask(link.to, { method: 'POST', path: '/operator/receipts', body: { link: link.id, facts }, deadlineMs }),
      ),
    carried: async facts =>
      readCarried(await directory.ask(link.from, { method: 'POST', path: '/operator/open', body: { link: link.id, facts }, deadlineMs })),
  }
}
