import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { systemClock, systemRandom } from 'cutover/process/clock'
import { openLog } from 'cutover/process/log'
import type { Incoming } from 'cutover/receive/handler'
import { replicaHandler } from '../../../cutover/replica/handler.ts'
import { aReader, anOwner, readerOver } from '../../../tests/reading.ts'
import { person, type Served, serveSchool } from '../../../tests/serving.ts'
import { assignmentRoutes } from '../assignments/http.ts'
import { tasks } from './copy.ts'
import { openTasks, type Tasks } from './tasks.ts'
import { wholeTitles } from '../../../tests/titles.ts'

const open: Served[] = []
after(async () => {
  await Promise.all(open.map(({ database }) => database.close()))
})

const log = openLog({ service: 'test', instance: '1', level: 'fatal' })
const task = { task_id: 't1', creator_id: 'm1', title: 'T', text: 'X', questions: [{ question: '?', answer: 'Yes' }] }
const author = person('m1', 'manager')

/** Hiring with one task and two candidates, and its reader of tasks. `told` tells it what management states, where there is a copy. */
async function setup(answers: 'http' | 'replica') {
  const management = new Map<string, unknown>([['/tasks/t1', { ...task, revision: 1 }]])
  let held: Tasks
  const hiring = await serveSchool('hiring', (database, once) =>
    assignmentRoutes({
      database,
      once,
      random: systemRandom,
      tasks: { fresh: ids => held.fresh(ids) },
      authors: aReader('COMM-010'),
    }),
  )
  open.push(hiring)
  const { database } = hiring
  const owner = anOwner(path => management.get(path) ?? null)
  const { reader, definition, store } = await readerOver(database, tasks, { answers, owner })
  let now = systemClock.now()
  held = openTasks({ database, owner: reader, clock: { ...systemClock, now: () => now }, log, title: wholeTitles })
  await database.query(`insert into candidate (candidate_id, name) values ('c1', 'C'), ('c2', 'C')`)
  const keep = replicaHandler(definition, store)
  const told = (revision: number, removed: boolean): Promise<unknown> =>
    database.transaction(async tx => {
      const message = { revision, removed, envelope: { payload: task } } as unknown as Incoming<never>
      const decision = keep.decide(message, null)
      assert.ok(decision.do === 'apply')
      await keep.apply([{ message, effect: decision.effect }], tx)
    })
  if (answers === 'replica') await told(1, false)
  return {
    ...hiring,
    told,
    /** Its author takes the task back, and what was read of it grows old. */
    async remove() {
      if (answers === 'replica') await told(2, true)
      else management.delete('/tasks/t1')
      now += 60_000
    },
    give: (candidate: string) => hiring.call(author, 'POST', '/assignments', { candidate_id: candidate, task_ids: ['t1'] }),
  }
}

for (const answers of ['http', 'replica'] as const) {
  test(`a task that was taken back is given to nobody any more, and who has it can still answer (${answers})`, async () => {
    const { told, call, give, remove } = await setup(answers)
    const { body } = await give('c1')
    const assignment = (body['assignments'] as { assignment_id: string }[])[0]?.assignment_id ?? assert.fail('nothing was given')
    await remove()
    const refused = await give('c2')
    assert.deepEqual([refused.status, refused.body['code']], [409, 'task_gone'])
    const answered = await call(person('c1', 'candidate'), 'POST', `/assignments/${assignment}/answer`, { answers: ['yes'] })
    assert.deepEqual([answered.status, answered.body['outcome']], [200, 'completed'])
    // A word that is older than the tombstone brings nothing back.
    if (answers === 'replica') await told(1, false)
    assert.equal((await give('c2')).body['code'], 'task_gone')
  })
}
