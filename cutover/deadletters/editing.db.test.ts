import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { aFact, effectsIn } from '../../tests/counting.ts'
import { aName, type DeadLetters, openDeadLetters } from '../../tests/dead-letters.ts'
import { toHeaders } from '../contract/headers.ts'
import type { Message } from '../contract/message.ts'
import { Problem } from '../failure/problem.ts'
import type { Change } from './edit.ts'

async function setup(
  context: TestContext,
): Promise<DeadLetters & { editing: (letter: string, ...set: Change[]) => Promise<readonly string[]> }> {
  const letters = await openDeadLetters()
  context.after(() => letters.database.close())
  return {
    ...letters,
    /** Answers with what a second person has to look at. */
    async editing(letter, ...set) {
      await letters.orders.edit(letter, set, 'put right', 'operator')
      return (await letters.store.letter(letter))?.edit?.touches ?? assert.fail('no edit was kept')
    },
  }
}

const refused =
  (code: string, ...pointers: string[]) =>
  (error: unknown) => {
    assert.ok(error instanceof Problem, String(error))
    assert.deepEqual([error.code, error.errors.map(one => one.pointer)], [code, pointers])
    return true
  }
const set = (path: string, value: unknown): Change => ({ path, value })
const dataLetter = (letters: DeadLetters, message: Message): Promise<string> =>
  letters.bury(Buffer.from(message.bytes), toHeaders(message), message.factId)

test('an edit keeps the original, and says who, why, and what', async context => {
  const { die, editing, store } = await setup(context)
  const fact = aFact('a')
  const [letter = ''] = await die('handler_error', fact)
  await editing(letter, set('/payload/amount', 7))
  const kept = await store.letter(letter)
  assert.equal(Buffer.from(kept?.bytes ?? []).toString(), fact.bytes)
  assert.deepEqual(JSON.parse(Buffer.from(kept?.edit?.bytes ?? []).toString()), {
    ...JSON.parse(fact.bytes),
    payload: { key: 'a', amount: 7, needs: '' },
  })
  assert.deepEqual(
    [kept?.edit?.author, kept?.edit?.reason, JSON.parse(kept?.edit?.patch ?? '')],
    ['operator', 'put right', [set('/payload/amount', 7)]],
  )
  assert.deepEqual(
    (await store.history(letter)).map(line => line.what),
    ['failed', 'edited'],
  )
})

test('what an effect depends on needs a second person, who did not write the edit', async context => {
  const { die, editing, order, orders, finish, database, states } = await setup(context)
  const [letter = ''] = await die('handler_error', aFact('a'))
  assert.deepEqual(await editing(letter, set('/payload/amount', 7)), ['effect'])
  const job = await order('replay', { ids: [letter] }, { by: 'somebody' })
  assert.deepEqual([job.state, job.needs], ['waiting', ['edit']])
  // While it is looked at nobody changes what it is about.
  await assert.rejects(orders.edit(letter, [set('/payload/amount', 9)], 'more', 'operator'), refused('dead_letter_claimed'))
  await assert.rejects(orders.approve(job.id, 'operator'), refused('approval_own'))
  await assert.rejects(orders.approve(job.id, 'somebody'), refused('approval_own'))
  await finish(job)
  assert.deepEqual([await effectsIn(database), await states()], [[], ['open']])
  await orders.approve(job.id, 'approver')
  assert.deepEqual((await finish(job)).outcomes, { done: 1 })
  assert.deepEqual(await effectsIn(database), ['a:7'])
})

test('key, identity and stamp need one as well; a time does not, nor a name on a data link', async context => {
  const letters = await setup(context)
  const { die, editing } = letters
  const one = async (...changes: Change[]): Promise<readonly string[]> => {
    const [letter = ''] = await die('handler_error', aFact('a'))
    return editing(letter, ...changes)
  }
  const other = '01980000-0000-7000-8000-000000000001'
  assert.deepEqual(await one(set('/payload/key', 'b'), set('/headers/cutover-business-key', 'Counted:b')), ['effect'])
  assert.deepEqual(await one(set('/meta/event_id', other), set('/headers/cutover-fact', other)), ['identity'])
  assert.deepEqual(await one(set('/headers/cutover-stamps', { 'L-1': { route: 'http', epoch: 1 } })), ['stamp'])
  assert.deepEqual(await one(set('/headers/cutover-position', '77')), ['identity'])
  assert.deepEqual(await one(set('/meta/produced_at', '2026-02-02T00:00:00Z')), [])
  const name = await dataLetter(letters, aName('Ann'))
  assert.deepEqual(await editing(name, set('/payload/name', 'Anna')), [])
  assert.deepEqual(await editing(name, set('/payload/id', 'p2'), set('/headers/cutover-business-key', 'Named:p2:3')), ['effect'])
  assert.deepEqual(
    await editing(name, set('/headers/cutover-revision', 4), set('/headers/cutover-business-key', 'Named:p1:4'), set('/payload/id', 'p1')),
    ['effect'],
  )
})

test('an edit of an edit is compared with the original', async context => {
  const { die, editing, order } = await setup(context)
  const [letter = ''] = await die('handler_error', aFact('a'))
  await editing(letter, set('/payload/amount', 7))
  assert.deepEqual(await editing(letter, set('/meta/produced_at', '2026-02-02T00:00:00Z')), ['effect'])
  assert.deepEqual(await editing(letter, set('/payload/amount', 1)), [])
  assert.deepEqual((await order('replay', { ids: [letter] })).state, 'running')
})

test('what would be no valid message is refused, with the place and the rule, and nothing is kept', async context => {
  const letters = await setup(context)
  const { die, orders, store } = letters
  const [letter = ''] = await die('handler_error', aFact('a'))
  const edit = (...changes: Change[]): Promise<void> => orders.edit(letter, changes, 'put right', 'operator')
  await assert.rejects(edit(set('/payload/amount', 'much')), refused('edit_invalid', '/payload/amount'))
  await assert.rejects(edit({ path: '/payload/key', remove: true }), refused('edit_invalid', '/payload/key'))
  await assert.rejects(edit(set('/payload/key', 'b')), refused('edit_invalid', ''))
  await assert.rejects(edit(set('/headers/cutover-source', 'elsewhere')), refused('edit_invalid', '/headers/cutover-source'))
  await assert.rejects(edit(set('/headers/cutover-version', 7)), refused('edit_invalid', '/meta/event_version'))
  await assert.rejects(edit(set('/payload/deep/er', 1)), refused('edit_invalid', '/payload/deep/er'))
  await assert.rejects(edit(set('/payload/__proto__/x', 1)), refused('edit_invalid', '/payload/__proto__/x'))
  await assert.rejects(edit(set('/elsewhere', 1)), refused('edit_invalid', '/elsewhere'))
  await assert.rejects(edit({ path: '/payload/amount' }), refused('edit_invalid', '/payload/amount'))
  await assert.rejects(edit(set('', 'text')), refused('edit_invalid', ''))
  assert.equal((await store.letter(letter))?.edit, null)
  await assert.rejects(orders.edit('999999', [set('/payload/amount', 1)], 'put right', 'operator'), refused('dead_letter_unknown'))
  // Bounds are stricter than the schema.
  const name = await dataLetter(letters, aName('Ann'))
  await assert.rejects(
    orders.edit(name, [set('/payload/name', 'n'.repeat(41))], 'put right', 'operator'),
    refused('edit_invalid', '/payload/name'),
  )
})

for (const [what, bytes] of [
  ['no JSON', Buffer.from('{"payload":')],
  ['not UTF-8', Buffer.from([0xc3, 0x28, 0xff])],
  ['U+0000', Buffer.from('\u0000')],
] as const) {
  test(`bytes that are ${what} can be given whole, by two people, and act then`, async context => {
    const { bury, orders, editing, order, finish, database, store } = await setup(context)
    const fact = aFact('a')
    const letter = await bury(bytes, toHeaders(fact), fact.factId)
    assert.equal((await finish(await order('replay', { ids: [letter] }))).outcomes['failed'], 1)
    await assert.rejects(
      orders.edit(letter, [set('/payload/amount', 1)], 'put right', 'operator'),
      refused('edit_invalid', '/payload/amount'),
    )
    assert.deepEqual(
      await editing(letter, set('', JSON.parse(fact.bytes))),
      what === 'not UTF-8' ? ['identity', 'stamp', 'effect'] : ['identity', 'effect'],
    )
    const job = await order('replay', { ids: [letter] })
    await orders.approve(job.id, 'approver')
    assert.deepEqual((await finish(job)).outcomes, { done: 1 })
    assert.deepEqual(await effectsIn(database), ['a:1'])
    assert.deepEqual(Buffer.from((await store.letter(letter))?.bytes ?? []), bytes)
  })
}

test('a text with U+0000 in it, which no database takes, fails alone and can be edited', async context => {
  const { die, editing, order, orders, finish, database } = await setup(context)
  const fact = aFact('a\u0000', {})
  const [letter = ''] = await die('handler_error', { ...fact, businessKey: 'Counted:a\u0000' })
  assert.deepEqual((await finish(await order('replay', { ids: [letter] }))).outcomes, { failed: 1 })
  const right = aFact('a', { factId: fact.factId })
  await editing(letter, set('', JSON.parse(right.bytes)), set('/headers/cutover-business-key', 'Counted:a'))
  const job = await order('replay', { ids: [letter] })
  await orders.approve(job.id, 'approver')
  assert.deepEqual((await finish(job)).outcomes, { done: 1 })
  assert.deepEqual(await effectsIn(database), ['a:1'])
})
