import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { LinkVerdict } from '../api/contract.ts'
import { judgeCopy, verifyCopy, type CopyBooks } from './copies.ts'
import type { Row } from './expectation.ts'
import type { Page } from './verify.ts'
import { isClean } from './verify.ts'

const row = (key: string, revision: number, digest = `r${revision}`, removed = false): Row => ({
  key,
  factId: null,
  content: { revision, removed: String(removed), digest },
})

interface Both {
  owner: Row[]
  copy: Row[]
  onTheirWay: number
  /** A direct link: what happens while it waits for another look. */
  waits?: () => void
  /** Runs once, before the first question of this kind. */
  before: Partial<Record<'findFacts' | 'findEffects', () => void>>
}

function verify(changes: Partial<Both>): Promise<LinkVerdict> {
  const both: Both = { owner: [], copy: [], onTheirWay: 0, before: {}, ...changes }
  const happens = (when: keyof Both['before']): void => {
    const act = both.before[when]
    delete both.before[when]
    act?.()
  }
  const page = (rows: readonly Row[], after: string | null): Page => {
    const start = Number(after ?? 0)
    return { rows: rows.slice(start, start + 2), next: start + 2 < rows.length ? String(start + 2) : null }
  }
  const books: CopyBooks = {
    effects: async after => page(both.copy, after),
    facts: async after => page(both.owner, after),
    findFacts: async keys => (happens('findFacts'), both.owner.filter(({ key }) => keys.includes(key))),
    findEffects: async keys => (happens('findEffects'), both.copy.filter(({ key }) => keys.includes(key))),
    onTheirWay: async () => both.onTheirWay,
    ...(both.waits === undefined ? {} : { direct: { wait: async () => both.waits?.() } }),
  }
  return verifyCopy('L-2', books)
}

/** Every number of the verdict that is not zero. */
const numbers = (verdict: LinkVerdict): Record<string, number> =>
  Object.fromEntries(Object.entries(verdict).filter((entry): entry is [string, number] => typeof entry[1] === 'number' && entry[1] !== 0))

describe('one row against its copy', () => {
  const stand = (revision: number, digest = 'd', removed = 'false') => ({ revision, removed, digest })
  test('a copy that says the same is equal, and one that is ahead was read later', () => {
    assert.equal(judgeCopy(stand(2), stand(2)), 'equal')
    assert.equal(judgeCopy(stand(2), stand(3, 'other')), 'equal')
  })
  test('an older revision is behind, none is absent', () => {
    assert.equal(judgeCopy(stand(2), stand(1)), 'behind')
    assert.equal(judgeCopy(stand(2), undefined), 'absent')
  })
  test('other content, or a tombstone on one side only, at the same revision is different', () => {
    assert.equal(judgeCopy(stand(2), stand(2, 'other')), 'different')
    assert.equal(judgeCopy(stand(2), stand(2, 'd', 'true')), 'different')
  })
})

describe('nothing is wrong when', () => {
  test('every row has its copy, over several pages', async () => {
    const rows = ['a', 'b', 'c', 'd', 'e'].map(key => row(key, 1))
    const verdict = await verify({ owner: rows, copy: rows })
    assert.deepEqual([numbers(verdict), isClean(verdict)], [{ facts: 5, effects: 5 }, true])
  })
  test('there is nothing', async () => assert.ok(isClean(await verify({}))))
  test('a row is behind, or not there yet, and words are on their way', async () => {
    const verdict = await verify({ owner: [row('a', 2), row('b', 1)], copy: [row('a', 1)], onTheirWay: 2 })
    assert.deepEqual([numbers(verdict), isClean(verdict)], [{ facts: 2, open: 2 }, true])
  })
  test('the missing row arrives before the second look', async () => {
    const both: Partial<Both> = { owner: [row('a', 1)], copy: [] }
    both.before = { findEffects: () => both.copy?.push(row('a', 1)) }
    assert.deepEqual(numbers(await verify(both)), { facts: 1, effects: 1 })
  })
  test('a row changes while it is looked at again, and its word has not arrived', async () => {
    // At every place between the questions: the change is on its way from the moment that it is made.
    for (const when of ['findFacts', 'onTheirWay', 'afterOnTheirWay', 'findEffects'] as const) {
      let [owner, onTheirWay, stated] = [row('a', 2), 0, false]
      const act = (here: string): void => {
        if (here !== when || stated) return
        ;[owner, onTheirWay, stated] = [row('a', 3), 1, true]
      }
      // Revision 2 has arrived since the copies were read; revision 3 is stated at this place.
      const books: CopyBooks = {
        effects: async () => ({ rows: [row('a', 1)], next: null }),
        facts: async () => ({ rows: [row('a', 2)], next: null }),
        findFacts: async () => (act('findFacts'), [owner]),
        async onTheirWay() {
          act('onTheirWay')
          const now = onTheirWay
          act('afterOnTheirWay')
          return now
        },
        findEffects: async () => (act('findEffects'), [row('a', 2)]),
      }
      const verdict = await verifyCopy('L-2', books)
      assert.ok(isClean(verdict), `${when}: ${JSON.stringify(numbers(verdict))}`)
    }
  })
  test('a row is made while the copies are read', async () => {
    const both: Partial<Both> = { owner: [], copy: [row('a', 1)] }
    both.before = { findFacts: () => both.owner?.push(row('a', 1)) }
    assert.deepEqual(numbers(await verify(both)), { facts: 1, effects: 1 })
  })
})

describe('it is found that', () => {
  test('a row is missing, or behind, and nothing is on its way', async () => {
    const verdict = await verify({ owner: [row('a', 2), row('b', 1), row('c', 1)], copy: [row('a', 1), row('c', 1)] })
    assert.deepEqual([numbers(verdict), isClean(verdict)], [{ facts: 3, effects: 1, missing: 2 }, false])
    assert.deepEqual(
      verdict.samples.map(({ kind, key, detail }) => `${kind} ${key}: ${detail}`),
      ['missing a: the copy is behind, and nothing is on its way', 'missing b: the copy has no such row, and nothing is on its way'],
    )
  })
  test('a row is different, whatever is on its way', async () => {
    const verdict = await verify({ owner: [row('a', 2)], copy: [row('a', 2, 'other')], onTheirWay: 5 })
    assert.deepEqual([verdict.different, isClean(verdict)], [1, false])
  })
  test('a removal has not reached the copy at its own revision', async () => {
    assert.equal((await verify({ owner: [row('a', 2, 'd', true)], copy: [row('a', 2, 'd')] })).different, 1)
  })
  test('the copy has a row that its owner never had', async () => {
    const verdict = await verify({ copy: [row('a', 1)] })
    assert.deepEqual([numbers(verdict), isClean(verdict)], [{ effects: 1, extra: 1 }, false])
  })
  test('of a direct link what lacks is looked at again before it counts as lost, and then it says why and what to do', async () => {
    const copy = [row('a', 1)]
    let waited = 0
    const comes = (): void => {
      if (++waited === 3) copy[0] = row('a', 2)
    }
    const late = await verify({ owner: [row('a', 2)], copy, waits: comes })
    assert.deepEqual([numbers(late), late.may_lose, isClean(late)], [{ facts: 1, effects: 1 }, true, true])
    const lost = await verify({ owner: [row('a', 2), row('b', 1)], copy: [row('b', 1)], waits: () => void waited++ })
    assert.deepEqual([numbers(lost), isClean(lost)], [{ facts: 2, effects: 1, missing: 1 }, false])
    assert.match(lost.samples[0]?.detail ?? '', /the link is direct and may lose: cutover delivery L-2 outbox tells everything anew$/)
    // In somebody's memory it is on its way.
    assert.deepEqual(numbers(await verify({ owner: [row('a', 2)], onTheirWay: 1, waits: () => undefined })), { facts: 1, open: 1 })
  })
})
