import assert from 'node:assert/strict'
import { test } from 'node:test'
import { effectsIn } from '../../tests/counting.ts'
import { instantly } from '../../tests/dead-letters.ts'
import { events, link, openTwo, registry } from '../../tests/draining.ts'
import { openLog } from '../process/log.ts'
import { openReceiver } from '../receive/receiver.ts'
import { describeNew, type JobPorts, work } from './jobs.ts'
import { openOrders } from './orders.ts'

test('a dead letter of the receiver counts as not terminal everywhere, open or being replayed, until it is done', async context => {
  const { flip, state, message, take, sweep, publish, gate, count, adding, receiving, sending, broker } = await openTwo(context)
  const stores = receiving.stores
  await flip('event')
  const fact = await state('a')
  await publish()
  await flip('http')
  // Its copy on the log was damaged; what the sender stated is kept by the sender.
  const copy = await message(fact)
  await take('event', { ...copy, bytes: copy.bytes.replace('"amount":1', '"amount":"1"') })
  await sweep()

  const reader = { service: link.to, links: [link], registry }
  const store = stores.deadLetters
  const orders = openOrders(store, reader)
  const ports: JobPorts = {
    reader,
    store,
    receive: stores.receive,
    receivers: new Map([[link.id, openReceiver(link, adding.handler, registry, stores.receive)]]),
    couriers: new Map(),
    broker,
    events,
    received: () => undefined,
    holder: 'bonuses-1',
    clock: instantly,
    log: openLog({ service: 'test', instance: '1', level: 'silent' }),
  }
  /** Drained, what verify asks both sides, `open` of the links, and the status of the receiver. */
  const everywhere = async (): Promise<readonly unknown[]> => {
    const { outstanding, dead } = await count('event')
    const { terminal, dead: kept } = await stores.receive.answer(link.id, [fact])
    const open = (await sending.stores.relay.open([link.id]))[link.id]
    return [await gate('event'), outstanding, dead, terminal.length, kept.length, open, (await stores.receive.counts()).dead_letters]
  }
  const states = async (): Promise<unknown> => await store.totals()
  const openNow = ['drained_waits', 1, 1, 0, 1, 1, 1]

  assert.deepEqual(await everywhere(), openNow)
  const [letter] = await store.page({}, ['open'], '0', 1)
  await orders.edit(letter?.id ?? '', [{ path: '', value: JSON.parse(copy.bytes) }], 'as it was stated', 'operator')
  await describeNew(ports)
  const job = await orders.order({ kind: 'replay', selection: { link: link.id }, reason: null, rate: 1_000, request: null, by: 'operator' })
  await orders.approve(job.id, 'approver')
  assert.deepEqual(await states(), { open: 0, replaying: 1, resolved: 0, written_off: 0 })
  assert.deepEqual(await everywhere(), openNow)
  const held = await store.take('bonuses-1', { receive: [link.id], relay: [] })
  assert.ok(held !== undefined)
  await work(ports, held, new AbortController().signal)
  await sweep()
  assert.deepEqual(await states(), { open: 0, replaying: 0, resolved: 1, written_off: 0 })
  assert.deepEqual(await everywhere(), ['drained', 0, 0, 1, 0, 0, 0])
  assert.deepEqual(await effectsIn(receiving.database), ['a:1'])
})
