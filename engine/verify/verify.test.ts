import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { LinkVerdict } from '../api/contract.ts'
import type { Expectation, Row } from './expectation.ts'
import { type Books, type Page, isClean, verifyLink } from './verify.ts'

const expectation: Expectation = { link: 'COMM-040', expected: fact => ({ account: 'm1', amount: Number(fact.content.rating) * 20 }) }
const fact = (key: string, rating = 50): Row => ({ key, factId: `fact-${key}`, content: { rating } })
const effect = (key: string, amount: number | string = 1_000): Row => ({
  key,
  factId: null,
  content: { account: 'm1', amount, booked_at: 'now' },
})

interface World {
  facts: Row[]
  effects: Row[]
  receipts: Record<string, string>
  parked: string[]
  dead: string[]
  carried: string[]
  /** Runs after the last page of effects has been read: what happens while the cut is taken. */
  meanwhile?: () => void
}

const world = (changes: Partial<World> = {}): World => ({
  facts: [],
  effects: [],
  receipts: {},
  parked: [],
  dead: [],
  carried: [],
  ...changes,
})

/** Books over arrays, read in pages of `size` in the order of the array. */
function booksOf(state: World, size = 2): Books {
  const page = (rows: readonly Row[], after: string | null): Page => {
    const start = after === null ? 0 : Number(after)
    return { rows: rows.slice(start, start + size), next: start + size < rows.length ? String(start + size) : null }
  }
  return {
    effects: async after => {
      const read = page(state.effects, after)
      if (read.next === null) state.meanwhile?.()
      return read
    },
    facts: async after => page(state.facts, after),
    findEffects: async keys => state.effects.filter(({ key }) => keys.includes(key)),
    findFacts: async keys => state.facts.filter(({ key }) => keys.includes(key)),
    receipts: async ids => ({
      receipts: Object.fromEntries(Object.entries(state.receipts).filter(([id]) => ids.includes(id))),
      parked: new Set(state.parked),
      dead: new Set(state.dead),
    }),
    carried: async ids => new Set(state.carried.filter(id => ids.includes(id))),
  }
}

const verify = (state: World): Promise<LinkVerdict> => verifyLink(expectation, booksOf(state))

/** Every number of the verdict that is not zero. */
const numbers = (verdict: LinkVerdict): Record<string, number> =>
  Object.fromEntries(Object.entries(verdict).filter((entry): entry is [string, number] => typeof entry[1] === 'number' && entry[1] !== 0))

function balances(verdict: LinkVerdict): void {
  const { facts, double, extra, effects, open, missing, rejected, repeated } = verdict
  assert.equal(facts + double + extra, effects + open + missing + rejected + repeated, 'every row is accounted for')
}

describe('nothing is wrong when', () => {
  test('every fact has its effect, over several pages', async () => {
    const keys = ['a', 'b', 'c', 'd', 'e']
    const verdict = await verify(world({ facts: keys.map(key => fact(key)), effects: keys.toReversed().map(key => effect(key)) }))
    assert.deepEqual(numbers(verdict), { facts: 5, effects: 5 })
    assert.ok(isClean(verdict))
  })
  test('there is nothing', async () => assert.ok(isClean(await verify(world()))))
  test('an int8 arrives as text', async () =>
    assert.ok(isClean(await verify(world({ facts: [fact('a')], effects: [effect('a', '1000')] })))))
  test('a fact and its effect are committed while the effects are read', async () => {
    const state = world({ facts: [fact('a')], effects: [effect('a')] })
    state.meanwhile = () => {
      state.facts.push(fact('b'))
      state.effects.push(effect('b'))
    }
    assert.deepEqual(numbers(await verify(state)), { facts: 2, effects: 2 })
  })
  test('the effect is committed between the look at the effects and the question for the receipt', async () => {
    const state = world({ facts: [fact('a')], receipts: { 'fact-a': 'done' } })
    const books = booksOf(state)
    const verdict = await verifyLink(expectation, {
      ...books,
      receipts: async ids => {
        state.effects.push(effect('a'))
        return books.receipts(ids)
      },
    })
    assert.deepEqual(numbers(verdict), { facts: 1, effects: 1 })
  })
  test('a rule of the business refused the fact, or two people wrote it off', async () => {
    const verdict = await verify(world({ facts: [fact('a'), fact('b')], receipts: { 'fact-a': 'rejected', 'fact-b': 'written_off' } }))
    assert.deepEqual(numbers(verdict), { facts: 2, rejected: 2 })
    assert.ok(isClean(verdict))
  })
  test('a fact is on its way, parked or a dead letter: it is open', async () => {
    const verdict = await verify(
      world({ facts: [fact('a'), fact('b'), fact('c')], carried: ['fact-a', 'fact-b', 'fact-c'], parked: ['fact-b'], dead: ['fact-c'] }),
    )
    assert.deepEqual(numbers(verdict), { facts: 3, open: 3, parked: 1, dead: 1 })
    assert.ok(isClean(verdict))
    balances(verdict)
  })
})

describe('verify finds', () => {
  async function finds(state: World, expected: Record<string, number>, detail: RegExp): Promise<void> {
    const verdict = await verify(state)
    assert.deepEqual(numbers(verdict), expected)
    assert.ok(!isClean(verdict))
    assert.match(verdict.samples[0]?.detail ?? '', detail)
    balances(verdict)
  }
  test('a fact that nothing will deliver', () =>
    finds(world({ facts: [fact('a'), fact('b')], effects: [effect('a')] }), { facts: 2, effects: 1, missing: 1 }, /no outbox row/))
  test('a receipt without an effect', () =>
    finds(
      world({ facts: [fact('a')], receipts: { 'fact-a': 'done' }, carried: ['fact-a'] }),
      { facts: 1, missing: 1 },
      /a receipt \(done\) and no effect/,
    ))
  test('a fact without an id that has no effect', () =>
    finds(world({ facts: [{ ...fact('a'), factId: null }] }), { facts: 1, missing: 1 }, /no fact id/))
  test('a fact counted twice', () =>
    finds(
      world({ facts: [fact('a'), fact('b')], effects: [effect('a'), effect('b'), effect('a')] }),
      { facts: 2, effects: 3, double: 1 },
      /2 effects for one fact/,
    ))
  test('a fact counted three times, as two too many', () =>
    finds(
      world({ facts: [fact('a')], effects: [effect('a'), effect('a'), effect('a')] }),
      { facts: 1, effects: 3, double: 2 },
      /3 effects/,
    ))
  test('a late fact counted twice', () => {
    const state = world()
    state.meanwhile = () => {
      state.facts.push(fact('b'))
      state.effects.push(effect('b'), effect('b'))
    }
    return finds(state, { facts: 1, effects: 2, double: 1 }, /2 effects/)
  })
  test('another amount than the rule gives', () =>
    finds(
      world({ facts: [fact('a', 40)], effects: [effect('a')] }),
      { facts: 1, effects: 1, different: 1 },
      /^amount is 1000, expected 800$/,
    ))
  test('a column that is not there', () =>
    finds(
      world({ facts: [fact('a')], effects: [{ ...effect('a'), content: { amount: 1_000 } }] }),
      { facts: 1, effects: 1, different: 1 },
      /account is absent, expected "m1"/,
    ))
  test('an effect that nobody stated', () =>
    finds(world({ facts: [fact('a')], effects: [effect('a'), effect('x')] }), { facts: 1, effects: 2, extra: 1 }, /without a fact/))
  test('two facts of one business key', () =>
    finds(world({ facts: [fact('a'), fact('a')], effects: [effect('a')] }), { facts: 2, effects: 1, repeated: 1 }, /second fact/))
  test('at most ten samples of a kind, and counts all', async () => {
    const verdict = await verify(world({ effects: Array.from({ length: 12 }, (_, number) => effect(`x${number}`)) }))
    assert.equal(verdict.extra, 12)
    assert.equal(verdict.samples.length, 10)
  })
})

test('an effect whose fact the pages did not show is not called invented while the owner has the fact', async () => {
  const state = world({ facts: [fact('a')], effects: [effect('a')] })
  const verdict = await verifyLink(expectation, { ...booksOf(state), facts: async () => ({ rows: [], next: null }) })
  assert.deepEqual(numbers(verdict), { facts: 1, effects: 1 })
})

test('a paging that stands still is an error, not an endless loop', async () => {
  const books = { ...booksOf(world()), facts: async () => ({ rows: [], next: 'a' }) }
  await assert.rejects(verifyLink(expectation, books), /paging stands still/)
})
