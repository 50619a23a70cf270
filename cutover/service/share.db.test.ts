import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countLink } from '../../tests/counting.ts'
import { declare, openOperated, type Operated } from '../../tests/operating.ts'

const data = { ...countLink, id: 'L-3', kind: 'data' as const, event: 'Copied', start: 'event' as const }
const keys = Array.from({ length: 200 }, (_, at) => `k${at}`)

/** The stamps of what was stated since an epoch, by route. */
async function stated({ database }: Operated, since: number): Promise<Record<string, number>> {
  const { rows } = await database.query<{ route: string; count: number }>(
    `select stamps -> 'L-1' ->> 'route' as route, count(*)::int as count from outbox
      where (stamps -> 'L-1' ->> 'epoch')::bigint >= $1 group by 1 order by 1`,
    [since],
  )
  return Object.fromEntries(rows.map(({ route, count }) => [route, count]))
}

test('from the flip on the route carries its share of the keys and the other route the rest; all who ask are told', async context => {
  const operated = await openOperated(context, [])
  const { state, get, flip } = operated
  assert.equal((await flip({ route: 'event', share: 25, shadow: true, term: 1 })).body['share'], 25)
  for (const key of keys) await state(key)
  const { event = 0, http = 0 } = await stated(operated, 2)
  assert.ok(event > 20 && event < 90 && event + http === keys.length, `${event} by event, ${http} by http`)
  const { route, share, shadow, epoch } = (await get('/operator/switches/L-1')).body
  assert.deepEqual({ route, share, shadow, epoch }, { route: 'event', share: 25, shadow: true, epoch: 2 })
  const [row] = (await get('/operator/links')).body as unknown as readonly { route: string; share: number }[]
  assert.deepEqual([row?.route, row?.share], ['event', 25])
})

test('a share needs both ways in every live instance; who lacks one is named', async context => {
  const { stores, flip } = await openOperated(context, [])
  await declare(stores, '1', 'call:L-1', 'produce:L-1')
  await declare(stores, '2', 'call:L-1')
  const asked = { route: 'http', share: 50, term: 1 }
  const refused = async (): Promise<unknown[]> => {
    const { status, body } = await flip(asked)
    return [status, body['code'], body['capability'], body['instances']]
  }
  assert.deepEqual(await refused(), [409, 'capability_missing', 'produce:L-1', ['2']])
  await declare(stores, '2', 'produce:L-1')
  assert.deepEqual(await refused(), [409, 'capability_missing', 'call:L-1', ['2']])
  await declare(stores, '2', 'call:L-1', 'produce:L-1')
  assert.equal((await flip(asked)).body['changed'], true)
})

test('a data link is not shared between its routes, and no share is outside 1 to 100', async context => {
  const { stores, flip } = await openOperated(context, [data])
  const before = await stores.switch.read()
  const { status, body } = await flip({ link: 'L-3', route: 'event', share: 5, term: 1 })
  assert.deepEqual([status, body['code']], [409, 'link_not_shared'])
  for (const share of [0, 101, 2.5, -1, '5', null]) {
    const wrong = await flip({ route: 'event', share, term: 1 })
    assert.deepEqual([wrong.status, wrong.body['code']], [400, 'body_invalid'], String(share))
  }
  assert.deepEqual(await stores.switch.read(), before)
})

test('while a share is below 100 either route gets more, and that is told with what was stated since an epoch', async context => {
  const operated = await openOperated(context, [])
  const { state, get, flip } = operated
  await flip({ route: 'event', term: 1 })
  for (const key of keys.slice(0, 7)) await state(key)
  await flip({ route: 'event', share: 25, shadow: true, term: 1 })
  for (const key of keys) await state(key)
  const { event = 0, http = 0 } = await stated(operated, 3)
  const draining = async (query: string): Promise<unknown[]> => {
    const { body } = await get(`/operator/draining/L-1?compared=0&${query}`)
    return [body['route'], body['share'], body['issued'], body['open']]
  }
  assert.deepEqual(await draining('route=event&since=3'), ['event', 25, event, event])
  assert.deepEqual(await draining('route=event'), ['event', 25, event + 7, event + 7])
  assert.deepEqual(await draining('route=http'), ['event', 25, http, http])
  await state('later')
  const all = (await stated(operated, 2)) as { event: number; http: number }
  // Nothing that is not final is remembered.
  assert.deepEqual(await draining('route=http'), ['event', 25, all.http, all.http])
  await flip({ route: 'http', term: 1 })
  assert.deepEqual(await draining('route=event'), ['http', 100, all.event, all.event])
})
