// Sections 8.2 and 8.7 of the catalogue, names of people.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { systemRandom } from '../../cutover/process/clock.ts'
import { type Asking, openSchool, type School } from './school.ts'
import { complete } from './catalogue.ts'
import { admin, aManager, hire, type Person, task } from './people.ts'

let school: School
let author: Person
before(async () => {
  school = await openSchool()
  author = await aManager(school)
})
after(() => school.close())

const names = [`👩‍👩‍👧‍👦 👩🏽‍🚀`, 'محمد علي', 'Z\u0351\u036b\u0343algo', 'Ж', "O'Brien", 'Null', 'undefined', `x${'y'.repeat(199)}`, '👩‍👩‍👧‍👦'.repeat(200)]
const inert = ['<script>alert(1)</script>', '=1+1', '=HYPERLINK("http://x")', '\u001b[31mred', "'; drop table candidate; --", '${7*7}']

for (const [row, all, what] of [
  [44, names, 'names of every kind'],
  [47, inert, 'what would do something elsewhere'],
] as const) {
  test(`row ${row}: ${what} are kept and given back as they were sent`, async () => {
    // The school has no pages, exports or terminal views of names yet, in which they would have to be isolated or escaped: the
    // API gives them as JSON, and nothing else may be made of them.
    for (const name of all) {
      const hired = await hire(school, name)
      assert.equal(hired.status, 201, JSON.stringify(hired.body))
      const shown = await school.call('hiring', admin, 'GET', hired.headers['location'] as string)
      assert.equal(shown.body['name'], name)
      assert.match(String(shown.headers['content-type']), /^application\/json; charset=utf-8$/)
      const taken = await school.call('management', admin, 'POST', '/managers', { body: { first_name: name, last_name: 'B' } })
      const manager = await school.call('management', admin, 'GET', taken.headers['location'] as string)
      assert.equal(manager.body['first_name'], name)
    }
  })
}

test('row 48: two ways to write one name are stored as they were sent, and count as two contents; answers compare as people read them', async () => {
  const [nfc, nfd] = ['Café', 'Cafe\u0301'] as const
  const headers = { 'idempotency-key': systemRandom.uuid() }
  const first = await school.call('hiring', admin, 'POST', '/candidates', { body: { name: nfc }, headers })
  assert.equal(first.body['name'], nfc)
  // Ids and digests are over what was sent. There is no search over names yet.
  const other = await school.call('hiring', admin, 'POST', '/candidates', { body: { name: nfd }, headers })
  assert.deepEqual([other.status, other.body['code']], [422, 'idempotency_key_reused'])
  assert.equal((await hire(school, nfd)).body['name'], nfd)
  const { body: made } = await school.call('management', author, 'POST', '/tasks', {
    body: { ...task, questions: [{ question: '?', answer: nfc }] },
  })
  const given = await school.call('hiring', author, 'POST', '/assignments', {
    body: { candidate_id: first.body['candidate_id'], task_ids: [made['task_id']] },
  })
  const [one] = given.body['assignments'] as { assignment_id: string }[]
  const candidate: Asking = { subject: first.body['candidate_id'] as string, role: 'candidate' }
  const solved = await school.call('hiring', candidate, 'POST', `/assignments/${one?.assignment_id}/answer`, { body: { answers: [nfd] } })
  assert.equal(solved.body['outcome'], 'completed')
})

test('row 117: for a candidate there are no managers', async () => {
  const candidate: Asking = { subject: 'c1', role: 'candidate' }
  const known = await school.call('management', candidate, 'GET', `/managers/${author.subject}`)
  const unknown = await school.call('management', candidate, 'GET', '/managers/m-unknown')
  assert.deepEqual([known.status, known.body['code']], [404, 'manager_unknown'])
  const plain = ({ trace_id: _, ...rest }: Readonly<Record<string, unknown>>): object => rest
  assert.deepEqual(plain(known.body), plain(unknown.body), 'nobody can tell the one from the other')
  const same: Asking = { subject: author.subject, role: 'candidate' }
  assert.equal((await school.call('management', same, 'GET', `/managers/${author.subject}`)).status, 404)
})

complete('names', [44, 47, 48, 117])
