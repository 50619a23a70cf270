import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Counter, Gauge, Registry } from 'prom-client'
import { otherLink, wordLink } from '../../tests/copying.ts'
import { operate } from '../../tests/operator-calls.ts'
import { systemClock } from '../process/clock.ts'
import { openMeters } from './meter.ts'
import { seriesRoutes } from './series-routes.ts'

async function setup() {
  const metrics = new Registry()
  const meters = openMeters([wordLink, otherLink], systemClock, metrics)
  const { get, stranger } = await operate(seriesRoutes(metrics))
  return {
    metrics,
    meters,
    get,
    stranger,
    series: async (link: string, route: string) => (await get(`/operator/series/${link}?route=${route}`)).body,
  }
}

test('only the series of that link and that route are told, each by its name and once', async () => {
  const { metrics, meters, series } = await setup()
  meters.read('L-2', 'http')
  meters.read('L-2', 'http')
  meters.read('L-3', 'event')
  const stamps = { 'L-2': { route: 'event', epoch: 1 }, 'L-3': { route: 'event', epoch: 1 } } as const
  meters.stated([{ stamps } as never])
  // Of the link or of the route alone, and of another link by a part of its name.
  new Counter({ name: 'by_link', help: '-', labelNames: ['link'], registers: [metrics] }).inc({ link: 'L-2' })
  new Counter({ name: 'by_route', help: '-', labelNames: ['route'], registers: [metrics] }).inc({ route: 'http' })
  new Gauge({ name: 'of_another', help: '-', labelNames: ['link', 'route'], registers: [metrics] }).set({ link: 'L-22', route: 'http' }, 1)
  new Gauge({ name: 'lag', help: '-', labelNames: ['link', 'route', 'partition'], registers: [metrics] }).set(
    { link: 'L-2', route: 'http', partition: '0' },
    0,
  )
  assert.deepEqual(await series('L-2', 'http'), { series: ['cutover_reads_total', 'lag'] })
  assert.deepEqual(await series('L-2', 'event'), { series: ['cutover_facts_total'] })
  assert.deepEqual(await series('L-3', 'event'), { series: ['cutover_facts_total', 'cutover_reads_total'] })
})

test('a route that was never used, and a link that nobody knows, has none', async () => {
  const { meters, series } = await setup()
  meters.read('L-2', 'http')
  for (const [link, route] of [
    ['L-2', 'event'],
    ['L-3', 'http'],
    ['L-9', 'http'],
  ] as const)
    assert.deepEqual(await series(link, route), { series: [] }, `${link} ${route}`)
})

test('a question without a route, for one that there is not, or with more than that is refused, and so is a stranger', async () => {
  const { get, stranger } = await setup()
  for (const query of ['', '?route=', '?route=sms', '?route=http&route=event', '?route=http&all=true']) {
    const { status, body } = await get(`/operator/series/L-2${query}`)
    assert.deepEqual([status, body['code']], [400, 'parameter_invalid'], query)
  }
  assert.equal((await get(`/operator/series/${'x'.repeat(65)}?route=http`)).status, 400)
  assert.equal(await stranger('/operator/series/L-2?route=http'), 401)
})
