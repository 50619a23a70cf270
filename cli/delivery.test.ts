import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { commandLine } from '../tests/command-line.ts'
import { aDelivery, aLane, anOutbox, logLane, openUntil } from '../tests/paper-delivery.ts'
import { PaperClock } from '../tests/paper-terminal.ts'
import { ok } from '../tests/scripted-engine.ts'
import { exitCodes } from './exit.ts'

const { engine, say } = commandLine()
const call = 'GET /api/delivery'
const first = (out: string): string => out.split('\n')[0] ?? ''

describe('delivery', () => {
  test('says in one sentence who waits for whom since when, and that no attempt was spent; the table has the next probe', async () => {
    const lane = aLane({ facts: 1_203, oldest_ms: 113_000, breaker: openUntil(11_400), error: 'bonuses is away', since: null })
    engine.play({ [call]: [ok(aDelivery({ lanes: [logLane(), lane], services: [anOutbox(1_203)] }))] })
    const { code, out } = await say('delivery')
    assert.equal(code, exitCodes.fine)
    assert.equal(first(out), 'COMM-040 waits for bonuses since 12:01 UTC; 1,203 facts wait, none has spent an attempt.')
    assert.match(out, /^hiring +1,203 +1,000,000 +normal \(0 %\)/m)
    assert.match(out, /^COMM-040 +hiring +bonuses +1,203 +1 min 53 s +open, probe in 12 s/m)
    assert.match(out, /^events +hiring +log +0 +- +closed/m)
  })

  test('an outage of the log is told like that of a receiver, and a probe that is under way is named', async () => {
    const lane = logLane({ facts: 10_000, more: true, breaker: openUntil(null) })
    engine.play({ [call]: [ok(aDelivery({ lanes: [lane] }))] })
    const { out } = await say('delivery')
    assert.equal(
      first(out),
      'What hiring publishes waits for the log since 12:01 UTC; at least 10,000 facts wait, none has spent an attempt.',
    )
    assert.match(out, /10,000\+ .*probing/)
  })

  test('retries come with the next time and the attempts', async () => {
    const lane = aLane({ facts: 1, retries: 3, next_retry_in_ms: 11_001, attempts: 6, breaker: openUntil(0) })
    engine.play({ [call]: [ok(aDelivery({ lanes: [lane] }))] })
    const { out } = await say('delivery')
    assert.match(first(out), /; 1 fact waits, and 3 wait for their next try\.$/)
    assert.match(out, /open, probe due +3, next in 12 s, up to 6 attempts/)
  })

  test('at the bound it says first what is refused, and near it how near', async () => {
    engine.play({ [call]: [ok(aDelivery({ services: [anOutbox(1_000_000, 'full'), anOutbox(840_000, 'warning', 'management')] }))] })
    const { out } = await say('delivery')
    assert.deepEqual(out.split('\n').slice(0, 2), [
      'hiring refuses what would state a fact (503 capacity): 1,000,000 facts wait, and the bound is 1,000,000. Nothing that was accepted is dropped.',
      'The outbox of management is at 84 % of its bound: 840,000 of 1,000,000 facts.',
    ])
  })

  test('when all is well it says so; a backlog, dead letters, readers that wait and services that are away are told', async () => {
    engine.play({ [call]: [ok(aDelivery()), ok(aDelivery({ lanes: [aLane({ facts: 4, oldest_ms: 240 })] }))] })
    assert.equal(first((await say('delivery')).out), 'Delivery is well in one service: nothing waits.')
    assert.equal(first((await say('delivery')).out), 'Delivery is well in one service: 4 facts on their way, the oldest for 0.2 s.')
    const trouble = { consumer: 'bonuses.COMM-060', topic: 't', trouble: 'ECONNREFUSED', since: '2026-11-29T12:01:07.000Z' }
    const bonuses = { ...anOutbox(0, 'normal', 'bonuses'), consumers: [trouble] }
    const gone = { service: 'management', outbox: null, consumers: [], away: [{ url: 'http://a', reason: 'no answer' }] }
    const lanes = [aLane({ catching_up: true, facts: 77 })]
    const aside = [{ link: 'COMM-050', service: 'hiring', dead: 2, parked: 5 }]
    engine.play({ [call]: [ok(aDelivery({ services: [anOutbox(0), bonuses, gone], lanes, set_aside: aside }))] })
    const { out } = await say('delivery')
    assert.deepEqual(out.split('\n').slice(0, 4), [
      'bonuses.COMM-060 does not read since 12:01 UTC: ECONNREFUSED. It waits, and spends no attempt.',
      'COMM-040 catches up at a bounded rate: 77 facts to go.',
      '2 dead letters need a person, on COMM-050.',
      'management does not answer (no answer); what waits there is unknown.',
    ])
    assert.match(out, /^management +- +- +unknown/m)
    assert.match(out, /^COMM-050 +hiring +2 +5/m)
  })

  test('of one link: its lane and what its sender publishes; --json is the answer as it is', async () => {
    const other = aLane({ lane: 'http:COMM-080', link: 'COMM-080', service: 'management' })
    const view = aDelivery({ services: [anOutbox(0), anOutbox(0, 'normal', 'management')], lanes: [logLane(), aLane(), other] })
    engine.play({ [call]: [ok(view)] })
    const { out } = await say('delivery COMM-040')
    assert.match(out, /COMM-040/)
    assert.doesNotMatch(out, /management|COMM-080/)
    assert.deepEqual(JSON.parse((await say('delivery --json')).out), view)
    assert.equal((await say('delivery COMM/040')).code, exitCodes.usage)
  })

  test('--watch without a terminal prints the sentence when it changes, not when a figure does, until Ctrl-C', async () => {
    const stuck = (facts: number): ReturnType<typeof ok> => ok(aDelivery({ lanes: [aLane({ facts, breaker: openUntil(5_000) })] }))
    engine.play({ [call]: [ok(aDelivery()), stuck(5), stuck(17), stuck(90), ok(aDelivery())] })
    let interrupt = (): void => undefined
    const clock = new PaperClock(0)
    const sleep = clock.sleep.bind(clock)
    clock.sleep = async (ms, signal) => {
      if (engine.lines.length >= 6) interrupt()
      await sleep(ms, signal)
    }
    const { code, out } = await say('delivery --watch', { clock, onInterrupt: listener => (interrupt = listener) })
    assert.equal(code, exitCodes.fine)
    assert.deepEqual(out.trimEnd().split('\n'), [
      'Delivery is well in one service: nothing waits.',
      'COMM-040 waits for bonuses since 12:01 UTC; 5 facts wait, none has spent an attempt.',
      'Delivery is well in one service: nothing waits.',
    ])
  })
})
