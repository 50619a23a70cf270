import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Unreachable } from '../http/client.ts'
import { classify } from './courier.ts'

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
