import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openDataService, type DataService } from '../../tests/data-service.ts'

const open: DataService[] = []
after(async () => {
  await Promise.all(open.map(({ database }) => database.close()))
})

async function setup(): Promise<DataService> {
  const service = await openDataService()
  open.push(service)
  return service
}

const orders = {
  '/operator/readings': { link: 'L-2', answers: 'http', compares: false, term: 1 },
  '/operator/copies': { link: 'L-2', do: 'create', term: 1 },
  '/operator/snapshots': { link: 'L-4', run: 'run-1', do: 'tell', term: 1 },
} as const
const everything = { answers: 'replica', compares: true } as const

const noIds = ['', ' ', 'L 2', `L-2'; drop table word; --`, 'L/2', 'ё', 'x'.repeat(65), 2, null, ['L-2'], {}]
const wrong: Readonly<Record<string, readonly unknown[]>> = {
  link: noIds,
  run: noIds,
  answers: ['', 'copy', 'HTTP', true, null, ['http']],
  compares: ['true', '', 0, null],
  do: ['', 'make', 'DROP', 'drop ', true, null, ['drop']],
  term: [-1, 1.5, '1', true, null, [1]],
  dry_run: ['false', 1, null],
}

test('whatever is wrong with an order is refused by the name of its field, and nothing was done', async () => {
  const { post, stand, turns } = await setup()
  const before = await stand()
  for (const [path, order] of Object.entries(orders)) {
    const fields = [...Object.keys(order), ...(path === '/operator/readings' ? ['dry_run'] : [])]
    const bodies = fields.flatMap(field =>
      (wrong[field] ?? assert.fail(field)).map(value => [field, { ...order, [field]: value }] as const),
    )
    const lacking = Object.keys(order).map(
      field => [field, Object.fromEntries(Object.entries(order).filter(([name]) => name !== field))] as const,
    )
    for (const [field, body] of [...bodies, ...lacking, ['force', { ...order, force: true }] as const]) {
      const { status, body: answer } = await post(path, body)
      const pointers = (answer['errors'] as { pointer: string }[] | undefined)?.map(one => one.pointer.split('/')[1])
      assert.deepEqual([status, answer['code'], [...new Set(pointers)]], [400, 'body_invalid', [field]], `${path} ${JSON.stringify(body)}`)
    }
  }
  assert.deepEqual([await stand(), turns()], [before, 0])
})

test('a path with something that is no id of a link is refused by the name of the parameter', async () => {
  const { get } = await setup()
  for (const path of ['readings/{}', 'readings/{}/parity', 'readings/{}/mismatches', 'snapshots/{}']) {
    for (const id of ['L 2', `L-2'`, 'x'.repeat(65), 'ё']) {
      const { status, body } = await get(`/operator/${path.replace('{}', encodeURIComponent(id))}`)
      assert.deepEqual([status, body['code']], [400, 'parameter_invalid'], `${path} ${id}`)
    }
  }
})

test('without a token nobody sees or orders anything', async () => {
  const { stranger, stand } = await setup()
  const before = await stand()
  for (const path of ['readings/L-2', 'readings/L-2/parity', 'readings/L-2/mismatches', 'snapshots/L-4'])
    assert.equal(await stranger(`/operator/${path}`), 401, path)
  for (const [path, order] of Object.entries(orders)) assert.equal(await stranger(path, order), 401, path)
  assert.deepEqual(await stand(), before)
})

test('a link that nobody knows, and one of which this service is the other side, is unknown wherever it is named', async () => {
  const { get, post, stand } = await setup()
  const before = await stand()
  const unknown = async (answer: Promise<{ status: number; body: Readonly<Record<string, unknown>> }>, what: string): Promise<void> => {
    const { status, body } = await answer
    assert.deepEqual([status, body['code']], [404, 'link_unknown'], what)
  }
  for (const link of ['L-9', 'L-4']) {
    for (const path of [`readings/${link}`, `readings/${link}/parity`, `readings/${link}/mismatches`])
      await unknown(get(`/operator/${path}`), path)
    for (const dry_run of [true, false]) await unknown(post('/operator/readings', { ...orders['/operator/readings'], link, dry_run }), link)
    for (const change of ['create', 'quarantine', 'restore', 'drop'])
      await unknown(post('/operator/copies', { link, do: change, term: 1 }), `${change} ${link}`)
  }
  for (const link of ['L-9', 'L-2']) {
    await unknown(get(`/operator/snapshots/${link}`), link)
    for (const change of ['tell', 'cancel']) await unknown(post('/operator/snapshots', { link, run: 'r', do: change, term: 1 }), link)
  }
  assert.deepEqual(await stand(), before)
})

test('an engine that was overtaken is refused whatever it orders, a dry run as well, and the same term goes on', async () => {
  const { post, turn, stand, turns, copy } = await setup()
  await copy('create', 5)
  const before = await stand()
  const stale = [
    ['/operator/readings', { ...orders['/operator/readings'], ...everything }],
    ['/operator/readings', { ...orders['/operator/readings'], ...everything, dry_run: true }],
    // Also where nothing would be changed.
    ['/operator/readings', orders['/operator/readings']],
    ['/operator/readings', { ...orders['/operator/readings'], dry_run: true }],
    ...['create', 'quarantine', 'restore', 'drop'].map(change => ['/operator/copies', { link: 'L-2', do: change }] as const),
    ...['tell', 'cancel'].map(change => ['/operator/snapshots', { link: 'L-4', run: 'run-1', do: change }] as const),
  ] as const
  for (const [path, order] of stale) {
    const { status, body } = await post(path, { ...order, term: 4 })
    assert.deepEqual([status, body['code']], [409, 'term_stale'], `${path} ${JSON.stringify(order)}`)
  }
  assert.deepEqual([await stand(), turns()], [before, 0])
  assert.equal((await turn({ compares: true, term: 5 })).status, 200)
})

test('every order raises the term that is refused from then on', async () => {
  for (const [path, order] of Object.entries(orders)) {
    const { post, stores } = await setup()
    assert.equal((await post(path, { ...order, term: 7 })).status, 200, path)
    assert.equal(await stores.switch.term(), 7, path)
  }
})

test('a copy that answers, and one that is compared, can be neither hidden nor dropped; making it and taking it out again can be repeated', async () => {
  const { turn, copy, stand } = await setup()
  await copy('create')
  for (const use of [{ answers: 'replica' }, { compares: true }, everything]) {
    assert.equal((await turn(use)).status, 200)
    const before = await stand()
    for (const order of ['quarantine', 'drop']) {
      const { status, body } = await copy(order)
      assert.deepEqual([status, body['code']], [409, 'copy_in_use'], `${order} under ${JSON.stringify(use)}`)
    }
    for (const order of ['create', 'restore']) assert.equal((await copy(order)).status, 200)
    assert.deepEqual(await stand(), before)
  }
  await turn({})
  assert.equal((await copy('quarantine')).status, 200)
})

test('nothing is read from a copy, or compared with it, that is not there or out of reach', async () => {
  const { turn, copy, stand, turns } = await setup()
  for (const order of ['', 'create', 'quarantine', 'drop']) {
    if (order !== '') await copy(order)
    if (order === 'create') continue
    const before = await stand()
    for (const use of [{ answers: 'replica' }, { compares: true }, everything]) {
      for (const dry_run of [true, false]) {
        const { status, body } = await turn({ ...use, dry_run })
        assert.deepEqual([status, body['code']], [409, 'copy_absent'], `${order} ${JSON.stringify(use)}`)
      }
    }
    assert.deepEqual([await stand(), turns()], [before, 0])
  }
})
