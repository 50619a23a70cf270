import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { aFact } from '../../tests/counting.ts'
import { aName, type DeadLetters, Named, openDeadLetters } from '../../tests/dead-letters.ts'
import { toHeaders } from '../contract/headers.ts'
import { openRegistry } from '../registry/registry.ts'
import { causeOf } from './cause.ts'
import { describeNew } from './jobs.ts'
import { validOf } from './letter.ts'
import { masked, personalTexts, struck } from './mask.ts'
import { letterRow, letterView } from './view.ts'

const planted = 'Zebulon'

async function setup(context: TestContext): Promise<DeadLetters> {
  const letters = await openDeadLetters()
  context.after(() => letters.database.close())
  return letters
}

interface Shown {
  readonly error: string
  readonly original: {
    readonly value: unknown
    readonly size: number
    readonly errors: readonly { code: string; pointer: string }[]
    readonly headers: object
  }
}

/** Everything that an operator can see of a letter and of its group. */
async function seen({ store, reader }: DeadLetters, id: string): Promise<{ view: Shown; text: string }> {
  await describeNew({ store, reader })
  const letter = await store.letter(id)
  assert.ok(letter !== undefined)
  const view = letterView(letter, await store.history(id), reader) as Shown
  return { view, text: JSON.stringify([view, letterRow(letter, reader), await store.groups()]) }
}

const buried = async (
  letters: DeadLetters,
  bytes: string | Uint8Array,
  error: string,
  code: string,
  headers: object = {},
): Promise<string> => {
  const message = aName(planted)
  const id = await letters.bury(Buffer.from(bytes), { ...toHeaders(message), ...headers }, message.factId)
  await letters.database.query('update dead_letter set error = $2, code = $3 where id = $1', [id, error, code])
  return id
}

test('a name is never shown: not in the value, nor in the error that quotes it, nor in the group', async context => {
  const letters = await setup(context)
  const id = await buried(
    letters,
    aName(planted).bytes,
    `column "name" cannot hold ${planted.toUpperCase()}\n  at ${planted} (x.ts:1)`,
    'handler_error',
  )
  // The fact id of the envelope is another than that of the header: put right, so that the bytes are valid.
  const message = aName(planted)
  await letters.database.query('update dead_letter set bytes = $2, headers = $3 where id = $1', [
    id,
    Buffer.from(message.bytes),
    JSON.stringify(toHeaders(message)),
  ])
  const { view, text } = await seen(letters, id)
  assert.doesNotMatch(text, new RegExp(planted, 'i'))
  assert.deepEqual((view.original.value as { payload: object }).payload, { id: 'p1', name: '***' })
  assert.match(view.error, /^column "name" cannot hold \*\*\*/)
})

for (const [what, bytes, code] of [
  ['that are no JSON', `{"payload": {"name": "${planted}"`, 'not_json'],
  ['that are not UTF-8', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(planted)]), 'utf8_invalid'],
  ['with U+0000', Buffer.from(`\u0000{"name":"${planted}"}`), 'not_json'],
  ['that break the schema', JSON.stringify({ payload: { id: 1, name: planted }, meta: {} }), 'type'],
  ['that are nothing', '', 'empty_value'],
] as const) {
  test(`bytes ${what} are hidden whole, kept whole, and so is an error that may quote them`, async context => {
    const letters = await setup(context)
    const id = await buried(letters, bytes, `cannot handle ${planted}`, 'handler_error', {
      'x-author': planted,
      'cutover-order-key': planted,
    })
    const { view, text } = await seen(letters, id)
    assert.doesNotMatch(text, new RegExp(planted, 'i'))
    assert.equal(view.original.value, null)
    assert.ok(view.original.errors.length > 0)
    assert.equal(view.original.size, Buffer.from(bytes).length)
    assert.deepEqual(Buffer.from((await letters.store.letter(id))?.bytes ?? []), Buffer.from(bytes))
    assert.ok(view.original.errors.some(error => error.code === code))
  })
}

test('what a handler said of it in a replay or a dry run is not shown: it may quote the message', async context => {
  const letters = await setup(context)
  const { adding, die, order, finish } = letters
  const [id = ''] = await die('handler_error', aFact(planted))
  adding.poisonous.add(planted)
  assert.deepEqual((await finish(await order('rehearsal', { ids: [id] }))).outcomes, { failed: 1 })
  assert.deepEqual((await finish(await order('replay', { ids: [id] }))).outcomes, { failed: 1 })
  const { view } = await seen(letters, id)
  const history = (view as unknown as { history: { what: string; outcome: string | null; detail: string | null }[] }).history
  assert.deepEqual(
    history.map(({ what, outcome, detail }) => [what, outcome, detail]),
    [
      ['failed', 'handler_error', null],
      ['rehearsal', 'failed', 'handler_error'],
      ['replay', 'failed', 'handler_error'],
    ],
  )
})

test('a field that no schema describes is not shown either, nor its name', async context => {
  const letters = await setup(context)
  const message = aName('x')
  const bytes = message.bytes.replace('"name":"x"', `"name":"x","${planted}":"${planted}","tags":["${planted}"]`)
  const id = await letters.bury(Buffer.from(bytes), toHeaders(message), message.factId)
  const { view, text } = await seen(letters, id)
  assert.doesNotMatch(text, new RegExp(planted, 'i'))
  assert.deepEqual(Object.values((view.original.value as { payload: object }).payload), ['p1', '***', '***', '***'])
})

test('headers are shown where their format says that they name nobody', async context => {
  const letters = await setup(context)
  const id = await buried(letters, 'no JSON', 'x', 'not_json', { 'cutover-event': 'Named', 'cutover-source': planted, [planted]: planted })
  const { view, text } = await seen(letters, id)
  assert.doesNotMatch(text, new RegExp(planted, 'i'))
  const headers = view.original.headers as Record<string, string>
  assert.deepEqual([headers['cutover-event'], headers['cutover-source'], headers['cutover-version']], ['Named', '***', '0'])
})

test('letters of one cause are one group, whatever ids and numbers they name', async context => {
  const letters = await setup(context)
  await letters.die('handler_error', aFact('a'), aFact('b'))
  await letters.die('schema', aFact('c'))
  await describeNew(letters)
  const groups = await letters.store.groups()
  assert.deepEqual(
    groups.map(({ code, open, cause, event, version }) => [code, open, cause, event, version]),
    [
      ['handler_error', 2, 'it failed for <text> number <n>', 'Counted', 0],
      ['schema', 1, 'it failed for <text> number <n>', 'Counted', 0],
    ],
  )
  assert.notEqual(groups[0]?.fingerprint, groups[1]?.fingerprint)
})

test('what is masked, and struck out, is decided by the documents alone', () => {
  const documents = [Named.bounds, Named.versions[0] as object] as const
  const value = { payload: { id: 'p', name: 'a.b' }, meta: { event_id: 'e' } }
  assert.deepEqual(masked(value, documents), { payload: { id: 'p', name: '***' }, meta: { event_id: 'e' } })
  assert.deepEqual(personalTexts(value, documents), ['a.b'])
  assert.equal(struck('a.b and A.B, not axb', ['a.b']), '*** and ***, not axb')
  // An older version had it, and the newest has not: nobody says any more what it is.
  assert.deepEqual(masked(value, [{ properties: { payload: { properties: { id: {} } } } }, Named.versions[0] as object]), {
    payload: { id: 'p', '***1': '***' },
    '***1': '***',
  })
})

test('a field that the newest version has dropped is hidden in a message of the old one', () => {
  const [v0] = Named.versions
  const { meta } = v0.properties
  const newer = {
    ...v0,
    properties: {
      payload: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] },
      meta: { ...meta, properties: { ...meta.properties, event_version: { enum: [0, 1] } } },
    },
  }
  const event = {
    ...Named,
    versions: [v0, newer],
    bounds: newer,
    lenses: [{ up: ({ id }: { id: string }) => ({ id }), down: ({ id }: { id: string }) => ({ id, name: '' }) }],
  }
  const message = aName(planted)
  const valid = validOf({ message, via: 'event' }, openRegistry([event]))
  assert.ok('stated' in valid, JSON.stringify(valid))
  assert.deepEqual(valid.newest.payload, { id: 'p1' })
  assert.deepEqual((masked(valid.stated, valid.documents) as { payload: object }).payload, { id: 'p1', '***1': '***' })
  assert.deepEqual(personalTexts(valid.stated, valid.documents), [planted, 'name'])
})

test('a cause keeps the words and drops what differs', () => {
  assert.equal(
    causeOf(`Error: task t-17 of 01980000-0000-7000-8000-000000000001 isn't there\n  at x`),
    `Error: task <n> of <n> isn't there`,
  )
  assert.equal(causeOf(`bad "value \\" here" and 'other'`), 'bad <text> and <text>')
  assert.equal(causeOf('x'.repeat(500)).length, 200)
})
