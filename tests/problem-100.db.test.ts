import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { checkBooks } from '../school/bonuses/ledger/ledger.ts'
import { crashing } from './crashing.ts'
import { openOutcomeWay, type OutcomeWay, type Used } from './outcome-way.ts'

const open: OutcomeWay[] = []
after(async () => {
  await Promise.all(open.map(way => way.close()))
})

/** What was booked for a candidate, and what is still kept of anything on its way. */
async function found({ hiring, bonuses }: OutcomeWay, candidate: string) {
  const outcomes = await hiring.query<{ outcome: string | null; rating: number }>(
    'select outcome, rating from assignment where candidate_id = $1',
    [candidate],
  )
  const bookings = await bonuses.query<{ reason: string; amount: number }>(
    'select reason, amount::int as amount from ledger where candidate_id = $1',
    [candidate],
  )
  const kept = await bonuses.query<{ parked: number; dead: number }>(
    'select (select count(*)::int from parked) as parked, (select count(*)::int from dead_letter) as dead',
    [],
  )
  return { outcome: outcomes.rows[0], bookings: bookings.rows, kept: kept.rows[0] }
}

const alive = (database: Used['database']): Used => ({ database, dead: () => false })

for (const route of ['http', 'event'] as const)
  for (const service of ['hiring', 'bonuses'] as const)
    for (const when of ['before', 'after'] as const)
      test(`Problem-100: whichever statement ${service} dies ${when}, an outcome by ${route} is booked once, by the rating that it left`, async () => {
        const way = await openOutcomeWay(route)
        open.push(way)
        let at = 0
        for (let crashes = true; crashes; at++) {
          const [candidate, isRight] = [`c${at}`, at % 2 === 0]
          await way.give(candidate)
          const dies = crashing(way[service], at, when)
          const dying: Used = { database: dies.database, dead: dies.crashed }
          const hiring = service === 'hiring' ? dying : alive(way.hiring)
          const bonuses = service === 'bonuses' ? dying : alive(way.bonuses)
          await way.handIn(candidate, isRight, hiring)
          if (!hiring.dead()) await way.relay(hiring, bonuses)
          if (!bonuses.dead()) await way.receive(bonuses)
          crashes = dies.crashed()
          // Started again. The candidate, who may have seen an error page, hands in once more.
          await way.handIn(candidate, isRight, alive(way.hiring))
          await way.relay(alive(way.hiring), alive(way.bonuses))
          await way.receive(alive(way.bonuses))
          const { outcome, bookings, kept } = await found(way, candidate)
          const note = `${service} died ${when} statement ${at}`
          assert.equal(outcome?.outcome, isRight ? 'completed' : 'failed', note)
          const amount = isRight ? 20 * (outcome?.rating ?? 0) : 500
          assert.deepEqual(bookings, [{ reason: isRight ? 'task completed' : 'task failed', amount }], note)
          assert.deepEqual(kept, { parked: 0, dead: 0 }, note)
        }
        const books = await checkBooks(way.bonuses)
        assert.equal(books.balanced, true)
        assert.ok(at > 8, `${at} statements`)
      })
