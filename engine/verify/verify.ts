import type { Finding, FindingKind, LinkVerdict } from '../api/contract.ts'
import { type Whereabouts, fateOf, gatherEffects, judge } from './compare.ts'
import type { Expectation, Row } from './expectation.ts'

/** The books of the two services of one link. Every call may be repeated and reads what is committed now. */
export interface Books {
  effects(after: string | null, limit: number): Promise<Page>
  facts(after: string | null, limit: number): Promise<Page>
  findEffects(keys: readonly string[]): Promise<readonly Row[]>
  findFacts(keys: readonly string[]): Promise<readonly Row[]>
  /** What the receiver knows about facts: receipts by outcome, and what it keeps aside. */
  receipts(facts: readonly string[]): Promise<Omit<Whereabouts, 'carried'>>
  /** Which of the facts the sender still promises to deliver: they have an outbox row. */
  carried(facts: readonly string[]): Promise<ReadonlySet<string>>
}

export interface Page {
  readonly rows: readonly Row[]
  /** Pass it as `after` for the next page; null at the end. */
  readonly next: string | null
}

// Some 300 bytes a row: a page stays well below the megabyte that an answer may have.
export const pageSize = 2_000
const batchSize = 500
const samplesPerKind = 10

/**
 * Compares the business rows of both services of one link while traffic flows. The cut: all effects first, then all
 * facts, so that an effect in the cut always has its fact in the cut. A fact without an effect is asked after before
 * it is called missing; nothing is called wrong that a second look at the owner's rows does not confirm.
 */
export async function verifyLink(expectation: Expectation, books: Books): Promise<LinkVerdict> {
  const effects = gatherEffects()
  const tally = openTally(expectation.link)
  for await (const rows of pages(books.effects)) {
    for (const row of rows) effects.add(row)
    tally.count('effects', rows.length)
  }
  for await (const rows of pages(books.facts)) {
    tally.count('facts', rows.length)
    await meetAll(rows)
  }
  for (const batch of batches([...effects.unmet()])) {
    const found = await books.findFacts(batch.map(([key]) => key))
    const known = new Set(found.map(({ key }) => key))
    for (const [key, count] of batch) {
      if (!known.has(key))
        tally.find('extra', { key, factId: null }, `${count === 1 ? 'an effect' : `${count} effects`} without a fact`, count)
    }
    // A fact that its pages did not show, although it was there before its effect: judged like the others.
    tally.count('facts', found.length)
    await meetAll(found)
  }
  return tally.verdict()

  async function meetAll(facts: readonly Row[]): Promise<void> {
    const absent: Row[] = []
    const suspect: Row[] = []
    for (const fact of facts) {
      const met = effects.meet(fact, expectation)
      if (met === 'absent') absent.push(fact)
      else if (met === 'suspect') suspect.push(fact)
      else if (met === 'repeated') tally.find('repeated', fact, 'a second fact of the same business key')
    }
    for (const batch of batches(suspect)) await lookAgain(batch, 'suspect')
    for (const batch of batches(absent)) await askAfter(await lookAgain(batch, 'absent'))
  }

  /** Reads the effects of these facts anew and judges them. Answers with the facts that have none. */
  async function lookAgain(facts: readonly Row[], were: 'absent' | 'suspect'): Promise<readonly Row[]> {
    const found = Map.groupBy(await books.findEffects(facts.map(({ key }) => key)), ({ key }) => key)
    return facts.filter(fact => {
      const rows = found.get(fact.key) ?? []
      // Those that were in the cut have been counted with it.
      if (were === 'absent') tally.count('effects', rows.length)
      const judgement = judge(fact, rows, expectation)
      if (judgement.is === 'double') tally.find('double', fact, judgement.detail, judgement.surplus)
      if (judgement.is === 'different') tally.find('different', fact, judgement.detail)
      if (judgement.is === 'absent' && were === 'suspect') tally.find('missing', fact, 'its effect was deleted while it was read')
      return judgement.is === 'absent'
    })
  }

  /** Decides about facts without an effect: still on their way, refused by a rule, or lost. */
  async function askAfter(facts: readonly Row[]): Promise<void> {
    if (facts.length === 0) return
    const ids = facts.flatMap(({ factId }) => (factId === null ? [] : [factId]))
    const known = await books.receipts(ids)
    const without = ids.filter(id => known.receipts[id] === undefined && !known.parked.has(id) && !known.dead.has(id))
    const carried = without.length === 0 ? new Set<string>() : await books.carried(without)
    const handled: Row[] = []
    for (const fact of facts) {
      const fate = fateOf(fact.factId, { ...known, carried })
      if (fate === 'has_receipt') handled.push(fact)
      else if (fate === 'lost')
        tally.find('missing', fact, fact.factId === null ? 'no effect, and no fact id to ask by' : 'no effect, no receipt, no outbox row')
      else if (fate === 'rejected') tally.count('rejected')
      else {
        tally.count('open')
        if (fate !== 'on_its_way') tally.count(fate)
      }
    }
    // The effect may have been committed between the two questions; with a receipt it must be there now.
    const gone = handled.length === 0 ? [] : await lookAgain(handled, 'absent')
    for (const fact of gone)
      tally.find('missing', fact, `the receiver has a receipt (${known.receipts[fact.factId ?? ''] ?? ''}) and no effect`)
  }
}

type Counter = Exclude<keyof LinkVerdict, 'link' | 'samples' | 'may_lose'>

function openTally(link: string) {
  const counts: Record<Counter, number> = {
    facts: 0,
    effects: 0,
    open: 0,
    missing: 0,
    double: 0,
    different: 0,
    extra: 0,
    rejected: 0,
    repeated: 0,
    parked: 0,
    dead: 0,
  }
  const samples: Finding[] = []
  return {
    count(what: Counter, by = 1): void {
      counts[what] += by
    },
    find(kind: FindingKind, fact: { readonly key: string; readonly factId: string | null }, detail: string, by = 1): void {
      counts[kind] += by
      if (samples.filter(sample => sample.kind === kind).length < samplesPerKind)
        samples.push({ kind, key: fact.key, fact_id: fact.factId, detail })
    },
    verdict: (): LinkVerdict => ({ link, ...counts, samples }),
  }
}

/** Whether nothing is wrong on the link. Open facts are not wrong. */
export const isClean = ({ missing, double, different, extra, repeated }: LinkVerdict): boolean =>
  missing + double + different + extra + repeated === 0

async function* pages(read: (after: string | null, limit: number) => Promise<Page>): AsyncGenerator<readonly Row[]> {
  for (let after: string | null = null; ;) {
    const page = await read(after, pageSize)
    yield page.rows
    if (page.next === null) return
    if (page.next === after) throw new Error(`an audit answered the page after "${after}" with itself as the next: its paging stands still`)
    after = page.next
  }
}

function* batches<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += batchSize) yield items.slice(start, start + batchSize)
}
