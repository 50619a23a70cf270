import assert from 'node:assert/strict'
import { test } from 'node:test'
import { events } from './events.ts'
import { links } from './links.ts'

// link, from, to, kind, starts as, event, HTTP: the table of the requirements. `from` states the facts or owns the state.
const table = `
  COMM-010  management  hiring      data      http   ManagerCreated       GET /managers/{id}
  COMM-020  management  hiring      data      http   TaskChanged          GET /tasks/{id}
  COMM-030  hiring      management  business  http   TaskReworkRequested  POST /tasks/{id}/rework
  COMM-040  hiring      bonuses     business  http   TaskCompleted        POST /credits
  COMM-050  hiring      bonuses     business  http   TaskFailed           POST /debits
  COMM-060  hiring      bonuses     data      event  TaskRating           GET /tasks/{id}/rating
  COMM-070  management  bonuses     data      http   ManagerCreated       GET /managers/{id}
  COMM-080  management  bonuses     business  http   TaskCreated          POST /credits
  COMM-090  hiring      management  data      http   CandidateRegistered  GET /candidates/{id}
`

test('the nine links are those of the requirements', () => {
  const rows = links.map(({ id, from, to, kind, start, event, http }) => [id, from, to, kind, start, event, http.method, http.path])
  assert.deepEqual(
    rows,
    table
      .trim()
      .split('\n')
      .map(line => line.trim().split(/\s+/)),
  )
})

test('every link carries an event of the service that it comes from', () => {
  for (const link of links) assert.equal(events.find(event => event.name === link.event)?.service, link.from, link.id)
})

test('business links commute, data links go by revision', () => {
  for (const link of links) assert.equal(link.order, link.kind === 'business' ? 'commutes' : 'revision', link.id)
})

test('events go to topics of their service by name, keyed by what they are about', () => {
  assert.deepEqual(events.map(event => event.topic).toSorted(), [
    'hiring.candidate-registered',
    'hiring.task-completed',
    'hiring.task-failed',
    'hiring.task-rating',
    'hiring.task-rework-requested',
    'management.manager-created',
    'management.task-changed',
    'management.task-created',
  ])
  const payload = { task_id: 't', candidate_id: 'c', manager_id: 'm', creator_id: 'm', outcome_id: 'o' }
  const keys = Object.fromEntries(
    events.map(event => [event.name, [event.orderKey(payload as never), event.businessKey(payload as never, 7)]]),
  )
  assert.deepEqual(keys, {
    CandidateRegistered: ['c', 'CandidateRegistered:c:7'],
    ManagerCreated: ['m', 'ManagerCreated:m:7'],
    TaskChanged: ['t', 'TaskChanged:t:7'],
    TaskCompleted: ['t', 'TaskCompleted:t:c'],
    TaskCreated: ['t', 'TaskCreated:t'],
    TaskFailed: ['t', 'TaskFailed:t:c'],
    TaskRating: ['t', 'TaskRating:o'],
    TaskReworkRequested: ['t', 'TaskReworkRequested:t:7'],
  })
})
