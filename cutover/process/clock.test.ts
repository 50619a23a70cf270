import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock, systemRandom } from './clock.ts'

test('a sleep ends early, and without an error, when its signal aborts', async () => {
  const abort = new AbortController()
  const slept = systemClock.sleep(60_000, abort.signal)
  abort.abort()
  await slept
  await systemClock.sleep(60_000, abort.signal)
})

test('a sleep is not shorter than asked for', async () => {
  const from = performance.now()
  await systemClock.sleep(20)
  // Timers count in whole milliseconds and may round down.
  assert.ok(performance.now() - from >= 19)
})

test('ids are UUIDs of version 7, all different, and ordered by time', () => {
  const before = Date.now()
  const ids = Array.from({ length: 1_000 }, () => systemRandom.uuid())
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.equal(new Set(ids).size, ids.length)
  const times = ids.map(id => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16))
  assert.ok(times.every((time, n) => time >= (times[n - 1] ?? before) && time <= Date.now()))
})
