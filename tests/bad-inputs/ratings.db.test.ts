// Row 40 of the catalogue: ratings that are none, at either side of their link.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildFact } from '../../cutover/outbox/fact.ts'
import { Problem } from '../../cutover/failure/problem.ts'
import { aServer } from '../../cutover/http/testing.ts'
import { systemRandom } from '../../cutover/process/clock.ts'
import { openRegistry } from '../../cutover/registry/registry.ts'
import { events } from '../../school/contracts/events.ts'
import { TaskRating } from '../../school/contracts/events/task-rating/event.ts'
import { links } from '../../school/contracts/links.ts'
import { openSchool } from './school.ts'
import { figure } from '../tables.ts'
import { complete } from './catalogue.ts'
import { bookings, completed, deliver, openAccount } from './facts.ts'
import { until } from './people.ts'

test('row 40: a rating that is none is refused at the append; 0 and 100 are fine', () => {
  const registry = openRegistry(events)
  const details = { service: 'hiring', factId: systemRandom.uuid(), producedAt: '2026-01-01T00:00:00.000Z', revision: null }
  const rating = (value: unknown): unknown =>
    buildFact(
      TaskRating,
      { task_id: 't', outcome_id: 'o', rating: value },
      details,
      { epoch: 1, links: {}, versions: {} } as never,
      links,
      registry,
    )
  for (const value of [0, 100]) rating(value)
  for (const [value, code] of [
    [-1, 'range'],
    [101, 'range'],
    [4.5, 'type'],
    ['5', 'type'],
    [null, 'type'],
  ] as const)
    assert.throws(
      () => rating(value),
      (error: unknown) => error instanceof Problem && error.errors.some(one => one.code === code),
    )
})

test('row 40: a rating that is none, as hiring’s answer: the fact waits, and the breaker counts', async () => {
  const bad = [-1, 101, 4.5, '"5"', 'null', '1e308']
  let asked = 0
  const fact = completed('t40', 'c1')
  const liar = await aServer([
    {
      method: 'GET',
      path: '/tasks/{id}/rating',
      operationId: 'rating',
      summary: 'answers with ratings that are none',
      policy: 'public',
      query: { type: 'object', additionalProperties: true },
      handle: async () => ({
        body: `{"task_id":"t40","outcome_id":"${fact.factId}","rating":${bad[asked++ % bad.length]}}`,
        headers: { 'content-type': 'application/json' },
      }),
    },
  ])
  await liar.start()
  const other = await openSchool({ hiring: [liar.url] })
  try {
    const { database, start, server } = other.services.bonuses
    await openAccount(database)
    await database.query(`update reading set answers = 'http', epoch = epoch + 1 where link = 'COMM-060'`)
    await start()
    // The switch is read anew before the fact comes.
    const answer = await deliver(other, fact)
    assert.equal(answer.status, 202)
    await until(async () => asked >= bad.length)
    const { rows: waiting } = await database.query('select waits_for from parked')
    assert.deepEqual(waiting, [{ waits_for: `COMM-060:${fact.factId}:t40` }])
    assert.deepEqual(await bookings(database), [])
    assert.equal(await figure(database, 'select count(*) from dead_letter'), 0)
    assert.equal((await server.inject('/livez')).statusCode, 200)
  } finally {
    await other.close()
    await liar.stop()
  }
})

complete('ratings', [40])
