import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LinkContract } from 'cutover/contract'
import { type InstanceReport, type ServiceReports, mergeLinks } from './merge.ts'

const credit: LinkContract = {
  id: 'COMM-040',
  from: 'hiring',
  to: 'bonuses',
  kind: 'business',
  title: 'Credit',
  event: 'TaskCompleted',
  http: { method: 'POST', path: '/credits' },
  start: 'http',
  order: 'commutes',
}
const read: LinkContract = { ...credit, id: 'COMM-010', from: 'management', to: 'hiring', kind: 'data' }

const says = (link: string, route: 'http' | 'event' | null, epoch: number, rate: number, facts = 7): InstanceReport => ({
  url: 'http://a',
  links: [{ link, route, share: 100, epoch, facts, rate, open: null, shadow: false }],
})
const silent: InstanceReport = { url: 'http://a', links: [] }
const away: InstanceReport = { url: 'http://b', away: 'timeout' }
const row = (link: LinkContract, reports: ServiceReports) => mergeLinks([link], reports)[0]

test('rates and facts of all instances are added', () => {
  const merged = row(credit, { hiring: [says('COMM-040', 'event', 3, 5.25), says('COMM-040', 'event', 3, 4.5)], bonuses: [silent] })
  assert.equal(merged?.rate, 9.8)
  assert.equal(merged?.facts, 14)
  assert.equal(merged?.note, null)
})
test('traffic that both sides count is shown once', () => {
  assert.equal(row(credit, { hiring: [says('COMM-040', 'http', 1, 5)], bonuses: [says('COMM-040', null, 1, 4)] })?.rate, 5)
})
test('the instance with the later epoch tells the route', () => {
  const merged = row(credit, { hiring: [says('COMM-040', 'http', 3, 0), says('COMM-040', 'event', 4, 0)], bonuses: [silent] })
  assert.equal(merged?.route, 'event')
  assert.equal(merged?.epoch, 4)
})
test('the instance that tells the route tells the share as well', () => {
  const told = (share: number, epoch: number): InstanceReport => ({
    url: 'http://a',
    links: [{ link: 'COMM-040', route: 'event', share, epoch, facts: 1, rate: 0, open: null, shadow: true }],
  })
  assert.equal(row(credit, { hiring: [told(5, 4), told(25, 5)], bonuses: [silent] })?.share, 25)
  assert.equal(row(credit, { hiring: [away], bonuses: [silent] })?.share, 100)
})
test('a sender that is away leaves the route unknown and says why', () => {
  const merged = row(credit, { hiring: [away], bonuses: [silent] })
  assert.equal(merged?.route, null)
  assert.equal(merged?.rate, null)
  assert.equal(merged?.note, 'hiring does not answer (timeout)')
  assert.deepEqual(merged?.troubles, [{ code: 'link_service_away', params: { service: 'hiring', reason: 'timeout' } }])
})
test('one instance that is away is counted in the note and the others speak', () => {
  const merged = row(credit, { hiring: [away, says('COMM-040', 'http', 1, 2)], bonuses: [silent] })
  assert.equal(merged?.route, 'http')
  assert.equal(merged?.note, '1 of 2 instances of hiring do not answer (timeout)')
})
test('a data link stands where its reader says, and nowhere while nobody does', () => {
  assert.equal(row(read, { management: [says('COMM-010', null, 4, 0)], hiring: [says('COMM-010', 'event', 2, 0)] })?.route, 'event')
  assert.equal(row(read, { management: [silent], hiring: [silent] })?.route, null)
  assert.equal(row(read, { management: [away], hiring: [away] })?.route, null)
})
test('a service without an address is named', () =>
  assert.match(row(credit, {})?.note ?? '', /hiring has no address; bonuses has no address/))
test('the sender tells how facts leave, where it may be direct; the receiver tells the gaps of the log', () => {
  const words = { link: 'COMM-010', route: null, share: 100, epoch: 4, facts: 1, rate: 0, open: 0, shadow: false }
  const owner: InstanceReport = { url: 'http://a', links: [{ ...words, delivery: 'direct' }] }
  const reader: InstanceReport = { url: 'http://b', links: [{ ...words, route: 'event', gaps: 2 }] }
  const merged = row(read, { management: [owner], hiring: [reader] })
  assert.deepEqual([merged?.route, merged?.delivery], ['event', 'direct'])
  assert.match(merged?.note ?? '', /^2 partitions of COMM-010 stand still.*data_gap/)
  const other = row(credit, { hiring: [says('COMM-040', 'event', 3, 1)], bonuses: [silent] })
  assert.equal(Object.hasOwn(other ?? {}, 'delivery'), false)
})
