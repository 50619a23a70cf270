import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aFact, countLink } from '../../tests/counting.ts'
import { type HttpClient, type HttpReply, Unreachable } from '../http/client.ts'
import { classify, type Courier, inFlightMax, openCourier, overdueMax } from './courier.ts'

interface Paper {
  readonly courier: Courier
  /** What the receiver answers; until it is set, calls hang. */
  readonly receiver: { calls: number; answer: (() => Promise<HttpReply>) | undefined }
  readonly clock: { nowMs: number }
  /** Answers the calls that hang. */
  release(): void
}

const done = async (): Promise<HttpReply> => ({ status: 200, headers: {}, body: '{"outcome":"done"}' })
const refused = async (): Promise<HttpReply> => {
  throw new Unreachable('ECONNREFUSED', { sent: false, reason: 'refused' })
}

function onPaper(): Paper {
  const receiver: Paper['receiver'] = { calls: 0, answer: undefined }
  const clock = { nowMs: 0 }
  const hanging: (() => void)[] = []
  const client: HttpClient = {
    async request() {
      receiver.calls++
      if (receiver.answer !== undefined) return receiver.answer()
      await new Promise<void>(resolve => hanging.push(resolve))
      return done()
    },
    close: async () => undefined,
  }
  const ports = [
    { now: () => clock.nowMs, sleep: async () => undefined },
    { next: () => 0.5, uuid: () => '' },
  ] as const
  return { courier: openCourier(countLink, client, 5_000, ...ports), receiver, clock, release: () => hanging.forEach(one => one()) }
}

test('an answer that is the fault of a deployment costs the fact no attempt: it waits', () => {
  for (const status of [401, 403, 404, 405, 408, 410, 429, 502, 503, 504])
    assert.throws(() => classify(status, '{}'), Unreachable, String(status))
})

test('what the receiver says of the fact itself is a receipt, a promise, or an attempt', () => {
  assert.deepEqual(classify(200, '{"outcome":"duplicate"}'), { kind: 'receipt', outcome: 'duplicate' })
  assert.deepEqual(classify(409, '{"code":"rejected"}'), { kind: 'receipt', outcome: 'rejected' })
  assert.deepEqual(classify(202, '{}'), { kind: 'accepted' })
  assert.deepEqual(classify(422, '{"code":"message_invalid","detail":"no"}'), {
    kind: 'refused',
    final: true,
    code: 'message_invalid',
    detail: 'no',
  })
  assert.deepEqual(classify(500, 'a page'), { kind: 'refused', final: false, code: 'http_500', detail: 'the receiver answered 500' })
})

test('a slow receiver holds up no more immediate calls than the bulkhead takes; the others are left to the relay, which can still call', async () => {
  const { courier, receiver, release } = onPaper()
  const waiting = Array.from({ length: inFlightMax + 3 }, () => courier.deliverNow(aFact('a')))
  assert.deepEqual(
    waiting.map(one => one !== undefined),
    Array.from({ length: inFlightMax + 3 }, (_, place) => place < inFlightMax),
  )
  const { inFlight, left } = courier.view()
  assert.deepEqual([inFlight, left, receiver.calls], [inFlightMax, 3, inFlightMax])
  const relayed = courier.deliver(aFact('b'))
  assert.equal(receiver.calls, inFlightMax + 1)
  release()
  await Promise.all([...waiting, relayed])
  assert.equal(courier.view().inFlight, 0)
  receiver.answer = done
  assert.deepEqual(await courier.deliverNow(aFact('a')), { kind: 'receipt', outcome: 'done' })
})

test('while the breaker is open nobody calls; when the probe is due it is made with a message for which nobody waits', async () => {
  const { courier, receiver, clock } = onPaper()
  receiver.answer = refused
  for (let n = 0; n < 5; n++) assert.deepEqual(await courier.deliverNow(aFact('a')), { kind: 'away', reason: 'ECONNREFUSED' })
  assert.equal(courier.deliverNow(aFact('a')), undefined)
  assert.deepEqual([courier.view().breaker.state, courier.view().trouble, receiver.calls], ['open', 'ECONNREFUSED', 5])
  assert.deepEqual(await courier.deliver(aFact('a')), { kind: 'away', reason: 'breaker open after: ECONNREFUSED' })
  clock.nowMs = 10_000
  receiver.answer = undefined
  assert.equal(courier.deliverNow(aFact('a')), undefined)
  assert.deepEqual([courier.view().breaker.state, receiver.calls], ['half-open', 6])
  assert.equal(courier.deliverNow(aFact('a')), undefined, 'one probe only')
  assert.equal(receiver.calls, 6)
})

test('every way of being away counts the same: refused, no answer in time, and answers that say "not now"', async () => {
  const unavailable = async (): Promise<HttpReply> => ({ status: 503, headers: {}, body: '{"code":"unavailable"}' })
  const timeout = async (): Promise<HttpReply> => {
    throw new Unreachable('no answer within 5000 ms', { sent: true, reason: 'timeout' })
  }
  for (const answer of [refused, unavailable, timeout]) {
    const { courier, receiver } = onPaper()
    receiver.answer = answer
    for (let n = 0; n < 5; n++) assert.equal((await courier.deliver(aFact('a'))).kind, 'away')
    assert.equal(courier.view().breaker.state, 'open')
  }
})

test('a fault of one message is no outage: the breaker stays closed', async () => {
  const { courier, receiver } = onPaper()
  receiver.answer = async () => ({ status: 500, headers: {}, body: '' })
  for (let n = 0; n < 20; n++) assert.equal((await courier.deliver(aFact('a'))).kind, 'refused')
  assert.equal(courier.view().breaker.state, 'closed')
})

test('when five calls take longer than anybody waits, nobody else begins to wait', async () => {
  const { courier, receiver, clock, release } = onPaper()
  const early = Array.from({ length: overdueMax - 1 }, () => courier.deliverNow(aFact('a')))
  clock.nowMs = 201
  const fifth = courier.deliverNow(aFact('a'))
  assert.ok(fifth !== undefined, 'four may be slow')
  assert.ok(courier.deliverNow(aFact('a')) !== undefined, 'the fifth is not overdue yet')
  clock.nowMs = 402
  assert.equal(courier.deliverNow(aFact('a')), undefined)
  assert.deepEqual([courier.view().left, receiver.calls], [1, overdueMax + 1])
  release()
  await Promise.all([...early, fifth])
  receiver.answer = done
  assert.deepEqual(await courier.deliverNow(aFact('a')), { kind: 'receipt', outcome: 'done' })
})
