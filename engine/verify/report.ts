import type { CheckVerdict, LedgerVerdict, LinkVerdict, VerifyReport } from '../api/contract.ts'
import type { Expectation } from './expectation.ts'
import { type CopyBooks, verifyCopy } from './copies.ts'
import { type Books, isClean, verifyLink } from './verify.ts'

export interface VerifyOptions {
  readonly expectations: readonly Expectation[]
  readonly booksOf: (link: string) => Books
  /** The data links whose copies are in use now, with what they are verified with: one that is read by HTTP has none. */
  readonly copies: () => Promise<readonly { readonly link: string; readonly books: CopyBooks }[]>
  /** The sum over all accounts, asked last; null for a system without money. */
  readonly ledger: (() => Promise<LedgerVerdict>) | null
  /** What services check themselves, asked after the ledger. */
  readonly checks: () => Promise<readonly CheckVerdict[]>
  /** Milliseconds, from any beginning. */
  readonly now: () => number
}

/** Verifies every link that has an expectation, one after the other, then the ledger and what services check themselves. Throws when a book cannot be read. */
export async function verifyAll(options: VerifyOptions): Promise<VerifyReport> {
  const begun = options.now()
  const links: LinkVerdict[] = []
  // One link at a time: two services share the load of reading, and one set of effects is held in memory.
  for (const expectation of options.expectations) links.push(await verifyLink(expectation, options.booksOf(expectation.link)))
  for (const { link, books } of await options.copies()) links.push(await verifyCopy(link, books))
  links.sort((a, b) => (a.link < b.link ? -1 : 1))
  const ledger = options.ledger === null ? null : await options.ledger()
  const checks = await options.checks()
  const ok = links.every(isClean) && (ledger === null || (ledger.balanced && ledger.sum === 0)) && checks.every(check => check.wrong === 0)
  return { ok, links, ledger, checks, took_ms: Math.round(options.now() - begun) }
}
