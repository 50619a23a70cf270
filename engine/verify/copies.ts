import type { LinkVerdict } from '../api/contract.ts'
import type { Content, Row } from './expectation.ts'
import { type Books, type Page, pageSize } from './verify.ts'

/** What a copy is verified with: the rows of both sides, and how many of the owner's words are still on their way. */
export interface CopyBooks extends Pick<Books, 'effects' | 'facts' | 'findEffects' | 'findFacts'> {
  onTheirWay(): Promise<number>
  /**
   * Of a link that is direct: nobody can count what is between its sender's memory and its reader. A row that lacks is
   * looked at again after this has waited a while, for some times; then it counts as lost.
   */
  readonly direct?: { wait(): Promise<void> }
}

/** One side's row: its revision, whether it is a tombstone, and a digest of what is kept. */
interface Stand {
  readonly revision: number
  readonly removed: string
  readonly digest: string
}

const standOf = ({ revision, removed, digest }: Content): Stand => ({
  revision: Number(revision),
  removed: String(removed),
  digest: String(digest),
})

export type CopyJudgement = 'equal' | 'absent' | 'behind' | 'different'

/** Compares the owner's row with the copy's: pure. A copy that is ahead was read later, and is right. */
export function judgeCopy(owner: Stand, copy: Stand | undefined): CopyJudgement {
  if (copy === undefined) return 'absent'
  if (copy.revision < owner.revision) return 'behind'
  if (copy.revision > owner.revision) return 'equal'
  return copy.digest === owner.digest && copy.removed === owner.removed ? 'equal' : 'different'
}

const samplesPerKind = 10
const batchSize = 500
/** Looks at a row of a direct link, before it counts as lost. */
const directLooks = 20

/**
 * Compares each row of a copy with its original, while both change. A row that is behind or absent is on its way as long
 * as the owner's words are; with none on their way it is missing. Nothing is called wrong without a second look at both.
 */
export async function verifyCopy(link: string, books: CopyBooks): Promise<LinkVerdict> {
  const copies = new Map<string, Stand>()
  const counts = { facts: 0, open: 0, missing: 0, different: 0, extra: 0 }
  const samples: LinkVerdict['samples'][number][] = []
  const find = (kind: 'missing' | 'different' | 'extra', key: string, detail: string): void => {
    counts[kind]++
    if (samples.filter(sample => sample.kind === kind).length < samplesPerKind) samples.push({ kind, key, fact_id: null, detail })
  }

  for await (const rows of pagesOf(books.effects)) for (const { key, content } of rows) copies.set(key, standOf(content))
  const suspects: string[] = []
  for await (const rows of pagesOf(books.facts)) {
    for (const { key, content } of rows) {
      counts.facts++
      if (judgeCopy(standOf(content), copies.get(key)) !== 'equal') suspects.push(key)
      copies.delete(key)
    }
  }
  for (const batch of batchesOf(suspects)) await lookAgain(batch)
  for (const batch of batchesOf([...copies.keys()])) {
    const owned = new Set((await books.findFacts(batch)).map(({ key }) => key))
    for (const key of batch) {
      if (owned.has(key)) counts.facts++
      else find('extra', key, 'the copy has a row that its owner never had')
    }
  }
  const { facts, open, missing, different, extra } = counts
  // A row that is behind is a row of the copy that still lacks the last word: it counts as open, not as arrived.
  const effects = facts + extra - open - missing
  const lossy = books.direct === undefined ? {} : { may_lose: true as const }
  return {
    link,
    facts,
    effects,
    open,
    parked: 0,
    dead: 0,
    rejected: 0,
    missing,
    double: 0,
    different,
    extra,
    repeated: 0,
    ...lossy,
    samples,
  }

  /**
   * The original first, then the words on their way, then the copy: a word that was not on its way any more when the
   * original was known is in the copy by the time that this is read.
   */
  async function lookAgain(keys: readonly string[], look = 1): Promise<void> {
    const owned = standsOf(await books.findFacts(keys))
    const onTheirWay = await books.onTheirWay()
    const kept = standsOf(await books.findEffects(keys))
    const lacks = (key: string): boolean => {
      const owner = owned.get(key)
      return owner !== undefined && judgeCopy(owner, kept.get(key)) !== 'equal'
    }
    if (books.direct !== undefined && onTheirWay === 0 && look < directLooks && keys.some(lacks)) {
      await books.direct.wait()
      return lookAgain(keys.filter(lacks), look + 1)
    }
    const why = books.direct === undefined ? '' : `; the link is direct and may lose: cutover delivery ${link} outbox tells everything anew`
    for (const key of keys) {
      const owner = owned.get(key)
      if (owner === undefined) continue
      const judgement = judgeCopy(owner, kept.get(key))
      if (judgement === 'equal') continue
      if (judgement === 'different') find('different', key, 'the copy says something else at the same revision')
      else if (onTheirWay > 0) counts.open++
      else
        find(
          'missing',
          key,
          `${judgement === 'absent' ? 'the copy has no such row' : 'the copy is behind'}, and nothing is on its way${why}`,
        )
    }
  }
}

const standsOf = (rows: readonly Row[]): ReadonlyMap<string, Stand> => new Map(rows.map(({ key, content }) => [key, standOf(content)]))

async function* pagesOf(read: (after: string | null, limit: number) => Promise<Page>): AsyncGenerator<readonly Row[]> {
  for (let after: string | null = null; ;) {
    const page = await read(after, pageSize)
    yield page.rows
    if (page.next === null) return
    after = page.next
  }
}

function* batchesOf(keys: readonly string[]): Generator<readonly string[]> {
  for (let start = 0; start < keys.length; start += batchSize) yield keys.slice(start, start + batchSize)
}
