import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Database, openDatabase } from 'cutover/database'
import { installMigrations } from 'cutover/database/install'
import { Unreachable } from 'cutover/http/client'
import type { Clock } from 'cutover/process/clock'
import { openLog } from 'cutover/process/log'
import { freshDatabase } from '../../../tests/database.ts'
import { anOwner, readerOver } from '../../../tests/reading.ts'
import type { Task } from '../../contracts/http/task.ts'
import { tasks as definition } from './copy.ts'
import { openTasks, type Tasks } from './tasks.ts'
import { wholeTitles } from '../../../tests/titles.ts'

const open: Database[] = []
after(async () => {
  await Promise.all(open.map(database => database.close()))
})

interface Management {
  /** What it answers; a task that is not here is unknown. */
  readonly tasks: Map<string, unknown>
  away: boolean
  /** How often it was asked. */
  asked: number
}

async function setup(): Promise<{ database: Database; management: Management; tasks: Tasks; pass: (ms: number) => void }> {
  const { url } = await freshDatabase()
  const database = openDatabase({ url, name: 'test', connectionsMax: 4, onIdleError: () => undefined })
  open.push(database)
  await installMigrations(database, [
    { name: 'cutover', folder: fileURLToPath(new URL('../../../cutover/sql', import.meta.url)) },
    { name: 'hiring', folder: fileURLToPath(new URL('../db', import.meta.url)) },
  ])
  const management: Management = { tasks: new Map(), away: false, asked: 0 }
  let now = 1_000_000
  const clock: Clock = { now: () => now, sleep: async () => undefined }
  const owner = anOwner(path => {
    management.asked++
    if (management.away) throw new Unreachable('nobody answers', { sent: true })
    return management.tasks.get(path.slice('/tasks/'.length)) ?? null
  })
  const { reader } = await readerOver(database, definition, { answers: 'http', owner, clock })
  const tasks = openTasks({
    database,
    clock,
    log: openLog({ service: 'test', instance: '1', level: 'fatal' }),
    owner: reader,
    title: wholeTitles,
  })
  return { database, management, tasks, pass: ms => void (now += ms) }
}

type Revised = Task & { readonly revision: number }

const aTask = (changes: Partial<Revised> = {}): Revised => ({
  task_id: 't1',
  creator_id: 'm1',
  title: '[A] B',
  text: 'First',
  questions: [{ question: '?', answer: '!' }],
  revision: 1,
  ...changes,
})

test('a task is read from management, kept, and read again only when the copy is old', async () => {
  const { management, tasks, pass } = await setup()
  management.tasks.set('t1', aTask())
  assert.deepEqual((await tasks.fresh(['t1', 't9'])).get('t1'), { ...aTask(), withdrawn: false, gone: false })
  management.tasks.set('t1', aTask({ revision: 2, text: 'Second' }))
  assert.equal((await tasks.fresh(['t1'])).get('t1')?.text, 'First')
  pass(5_001)
  assert.equal((await tasks.fresh(['t1'])).get('t1')?.text, 'Second')
  assert.equal(management.asked, 3)
})

test('an older revision never overwrites a newer one', async () => {
  const { management, tasks, pass } = await setup()
  management.tasks.set('t1', aTask({ revision: 5, text: 'Fifth' }))
  await tasks.fresh(['t1'])
  management.tasks.set('t1', aTask({ revision: 4, text: 'Fourth' }))
  pass(60_000)
  assert.equal((await tasks.fresh(['t1'])).get('t1')?.text, 'Fifth')
})

test('a withdrawn task is asked for every time, and a newer revision puts it back', async () => {
  const { database, management, tasks } = await setup()
  management.tasks.set('t1', aTask())
  await tasks.fresh(['t1'])
  await database.query('update task set withdrawn = true, solved = 10, checks = 12, failed = 2')
  assert.equal((await tasks.fresh(['t1'])).get('t1')?.withdrawn, true)
  management.tasks.set('t1', aTask({ revision: 2 }))
  assert.equal((await tasks.fresh(['t1'])).get('t1')?.withdrawn, false)
  // The rating goes on over all answers; what counts as too easy begins anew.
  assert.deepEqual((await database.query('select solved, checks, failed from task')).rows, [{ solved: 0, checks: 12, failed: 2 }])
})

test('while management is away the copies answer, it is asked now and then only, and its return is noticed', async () => {
  const { management, tasks, pass } = await setup()
  management.tasks.set('t1', aTask())
  await tasks.fresh(['t1'])
  management.away = true
  const before = management.asked
  for (let n = 0; n < 100; n++) {
    pass(100)
    assert.equal((await tasks.fresh(['t1'])).get('t1')?.text, 'First')
  }
  assert.ok(management.asked - before <= 12, `ten seconds away, asked ${management.asked - before} times`)
  management.away = false
  management.tasks.set('t1', aTask({ revision: 2, text: 'Second' }))
  pass(5_001)
  assert.equal((await tasks.fresh(['t1'])).get('t1')?.text, 'Second')
})

test('an answer that is not this task is not kept', async () => {
  const { management, tasks } = await setup()
  for (const answer of [aTask({ task_id: 't2' }), aTask({ questions: [] }), { ...aTask(), revision: '1' }, 'hello']) {
    management.tasks.set('t1', answer)
    assert.equal((await tasks.fresh(['t1'])).size, 0)
  }
})
