import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Draining } from '../plan/world.ts'
import { creditLink as link } from '../../tests/small-world.ts'
import { countedOf, isClean, revocationOf, stateOf } from './certificate.ts'
import type { Certificate } from './store.ts'

const count: Draining = {
  route: 'event',
  share: 100,
  since: 4,
  issued: 10,
  newest: 3,
  outstanding: 0,
  onTheirWay: 0,
  retrying: 0,
  parked: 0,
  dead: 0,
  late: { count: 2, fact: 'f-2', epoch: 3 },
  unsure: null,
}
const certificate: Certificate = {
  link: link.id,
  route: 'http',
  run: 'R-1',
  ...countedOf(count),
  issuedAt: new Date(1_000),
  expiresAt: new Date(2_000),
  revokedAt: null,
  revokedBy: null,
  looked: false,
}
const against = (now: Partial<Draining>) => revocationOf(certificate, { ...count, ...now }, link, 'http')

test('only a count that is certain, and of which nothing is left, is clean', () => {
  assert.equal(isClean(count, 'http'), true)
  assert.equal(isClean({ ...count, route: 'http' }, 'http'), false)
  assert.equal(isClean({ ...count, share: 99 }, 'http'), false)
  assert.equal(isClean({ ...count, outstanding: 1 }, 'http'), false)
  assert.equal(isClean({ ...count, unsure: { code: 'drained_unknown', params: {} } }, 'http'), false)
})

test('a certificate stands against the same count, and against one of which the outbox has let facts go', () => {
  assert.equal(against({}), null)
  assert.equal(against({ issued: 0, newest: 0 }), null)
  assert.equal(against({ since: 9 }), null)
})

test('a stray, more facts, a fact that is open again and an epoch that fell each revoke it, by their names', () => {
  assert.deepEqual(against({ late: { count: 3, fact: 'f-3', epoch: 2 } }), {
    code: 'certificate_stray',
    params: { link: link.id, route: 'http', service: 'bonuses', fact: 'f-3', epoch: 2, strays: 1 },
  })
  assert.equal(against({ route: 'http' })?.code, 'certificate_more')
  assert.equal(against({ share: 99 })?.code, 'certificate_more')
  assert.equal(against({ since: 8, newest: 6 })?.code, 'certificate_more')
  assert.deepEqual(against({ outstanding: 2 })?.params, { link: link.id, route: 'http', outstanding: 2 })
  assert.equal(against({ since: 3 })?.code, 'certificate_epoch')
})

test('what proves nothing revokes nothing', () => {
  assert.equal(against({ unsure: { code: 'drained_unknown', params: {} } }), null)
})

test('it is valid until it expires, and revoked whenever it was revoked', () => {
  assert.deepEqual([stateOf(certificate, 1_999), stateOf(certificate, 2_000)], ['valid', 'expired'])
  assert.equal(stateOf({ ...certificate, revokedAt: new Date(1_500) }, 1_600), 'revoked')
})
