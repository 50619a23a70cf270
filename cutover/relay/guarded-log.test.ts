import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TopicUnknown } from '../broker/broker.ts'
import type { Clock } from '../process/clock.ts'
import { guardLog, LogAway } from './guarded-log.ts'

/** A log that answers as it is told, over a clock that stands until it is set; `swallow` answers nothing. */
function setup() {
  const log = { appends: 0, answer: undefined as Error | 'swallow' | undefined }
  const clock = { nowMs: 0, late: [] as (() => void)[] }
  const ports: Clock = {
    now: () => clock.nowMs,
    sleep: (_, signal) =>
      new Promise(resolve => {
        clock.late.push(resolve)
        signal?.addEventListener('abort', () => resolve())
      }),
  }
  const guarded = guardLog(
    {
      async append() {
        log.appends++
        if (log.answer === 'swallow') return new Promise(() => undefined)
        if (log.answer !== undefined) throw log.answer
      },
    },
    ports,
    { next: () => 0.5, uuid: () => '' },
  )
  const append = (): Promise<void> => guarded.append('t', [])
  return { log, clock, guarded, append }
}

test('after three failures nothing is sent until a single probe has gone through', async () => {
  const { log, clock, guarded, append } = setup()
  log.answer = new Error('ECONNREFUSED')
  for (let n = 0; n < 6; n++) await assert.rejects(append(), LogAway)
  assert.equal(log.appends, 3)
  assert.deepEqual([guarded.view().breaker.state, guarded.view().trouble], ['open', 'ECONNREFUSED'])
  clock.nowMs = 10_000
  log.answer = 'swallow'
  const probe = append()
  await assert.rejects(append(), /the log is away \(ECONNREFUSED\); facts wait, no attempt is spent/)
  assert.equal(log.appends, 4)
  for (const late of clock.late) late()
  await assert.rejects(probe, /no answer within 10000 ms/)
  clock.nowMs = 20_000
  log.answer = undefined
  await append()
  assert.deepEqual([guarded.view().breaker.state, guarded.view().trouble, log.appends], ['closed', null, 5])
})

test('a log that swallows what it is sent holds nobody longer than its deadline', async () => {
  const { log, clock, append } = setup()
  log.answer = 'swallow'
  const waits = append()
  for (const late of clock.late) late()
  await assert.rejects(waits, LogAway)
})

test('that a topic is unknown or hidden is no outage: it is told as it is, and opens nothing', async () => {
  const { log, guarded, append } = setup()
  log.answer = new TopicUnknown('t')
  for (let n = 0; n < 6; n++) await assert.rejects(append(), TopicUnknown)
  assert.deepEqual([guarded.view().breaker.state, log.appends], ['closed', 6])
})
