import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readDraining, readLate } from './answers.ts'
// Knows the problems of services that answer wrongly.
import './directory.ts'

const draining = {
  route: 'event',
  since: 2,
  epoch: 2,
  epoch_seen: 0,
  issued: 7,
  newest: 1,
  open: 0,
  candidates: [],
  retrying: [],
  dead: [],
  gone: false,
}
const late = { count: 0, fact: null, epoch: null, at: null, epoch_seen: 2, compared: '7' }

test('a count that is unknown is no count: what is missing, negative or half is refused by its name', () => {
  assert.equal(readDraining(draining).open, 0)
  for (const name of ['since', 'epoch', 'epoch_seen', 'issued', 'newest', 'open'] as const) {
    for (const value of [-1, 0.5, Number.NaN, null, undefined, '0'])
      assert.throws(() => readDraining({ ...draining, [name]: value }), {
        code: 'service_answer_wrong',
        message: new RegExp(`draining/${name} `),
      })
  }
  for (const name of ['route', 'candidates', 'retrying', 'dead', 'gone'] as const)
    assert.throws(() => readDraining({ ...draining, [name]: undefined }), { code: 'service_answer_wrong' })
})

test('a receiver that does not say what it remembers of its sender is of a build that is not believed', () => {
  assert.deepEqual(readLate(late), { count: 0, fact: null, epoch: null, epochSeen: 2, compared: '7' })
  for (const wrong of [{ compared: undefined }, { compared: '-1' }, { count: -1 }, { epoch_seen: undefined }])
    assert.throws(() => readLate({ ...late, ...wrong }), { code: 'service_answer_wrong' })
})
