import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Database, openDatabase, type Tx } from 'cutover/database'
import { installMigrations } from 'cutover/database/install'
import type { Applied, Incoming } from 'cutover/receive/handler'
import { freshDatabase } from '../../../tests/database.ts'
import type { TaskReworkRequested } from '../../contracts/events/task-rework-requested/event.ts'
import { onReworkRequested } from './consumer.ts'

const open: Database[] = []
after(async () => {
  await Promise.all(open.map(database => database.close()))
})

async function setup(): Promise<Database> {
  const { url } = await freshDatabase()
  const database = openDatabase({ url, name: 'test', connectionsMax: 4, onIdleError: () => undefined })
  open.push(database)
  await installMigrations(database, [{ name: 'management', folder: fileURLToPath(new URL('../db', import.meta.url)) }])
  await database.query(
    `insert into manager (manager_id, first_name, last_name, account_id) values ('m1', 'A', 'B', 'a1'), ('m2', 'C', 'D', 'a2')`,
  )
  await database.query(
    `insert into task (task_id, creator_id, title, text, questions, revision, fact_id)
     values ('t1', 'm1', 'T', 'X', '[]', 3, gen_random_uuid()), ('t2', 'm2', 'T', 'X', '[]', 1, gen_random_uuid())`,
  )
  return database
}

const asked = (taskId: string, revision: number | null, solvedCount = 10): Incoming<TaskReworkRequested> => ({
  factId: `01890000-0000-7000-8000-0000000000${taskId.slice(1)}${revision ?? 0}`,
  event: 'TaskReworkRequested',
  version: 0,
  businessKey: `TaskReworkRequested:${taskId}:${revision}`,
  orderKey: taskId,
  revision,
  source: 'hiring',
  position: '1',
  stamps: {},
  traceparent: null,
  bytes: '',
  envelope: {
    payload: { task_id: taskId, solved_count: solvedCount },
    meta: { event_id: 'e', event_version: 0, event_name: 'TaskReworkRequested', produced_at: '2026-01-01T00:00:00Z' },
  },
})

/** What the receiver does around a handler, for messages that are all applied. */
async function apply(tx: Tx, ...messages: Incoming<TaskReworkRequested>[]): Promise<readonly Applied['outcome'][]> {
  const known = await onReworkRequested.lookup(messages, tx)
  const effects = messages.map(message => {
    const decision = onReworkRequested.decide(message, known)
    assert.ok(decision.do === 'apply')
    return { message, effect: decision.effect }
  })
  return (await onReworkRequested.apply(effects, tx)).map(one => one.outcome)
}

const reworks = async (database: Database): Promise<unknown[]> =>
  (
    await database.query(
      'select task_id, revision::int as revision, manager_id, done_at is null as open from rework order by task_id, revision',
    )
  ).rows

test('the author is appointed, once per task and revision', async () => {
  const database = await setup()
  assert.deepEqual(await database.transaction(tx => apply(tx, asked('t1', 3), asked('t2', 1))), ['done', 'done'])
  assert.deepEqual(await database.transaction(tx => apply(tx, asked('t1', 3), asked('t2', 1, 11))), ['duplicate', 'conflict'])
  assert.deepEqual(await reworks(database), [
    { task_id: 't1', revision: 3, manager_id: 'm1', open: true },
    { task_id: 't2', revision: 1, manager_id: 'm2', open: true },
  ])
})

test('what was asked for an older revision than the task has is done already', async () => {
  const database = await setup()
  await database.transaction(tx => apply(tx, asked('t1', 2)))
  assert.deepEqual(await reworks(database), [{ task_id: 't1', revision: 2, manager_id: 'm1', open: false }])
})

test('a rework that arrives while its task is being edited does not stay open', async () => {
  const database = await setup()
  let arrived: Promise<unknown> = Promise.resolve()
  await database.transaction(async tx => {
    await tx.query(`update task set revision = revision + 1 where task_id = 't1'`)
    await tx.query(`update rework set done_at = now() where task_id = 't1' and done_at is null`)
    arrived = database.transaction(other => apply(other, asked('t1', 3)))
    // It has come as far as it gets: the other transaction waits for this one, or has ended without waiting.
    const isWaiting = async (): Promise<boolean> =>
      ((await database.query(`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)).rowCount ??
        0) > 0
    const ended = arrived.then(() => true)
    while (!(await isWaiting()) && !(await Promise.race([ended, new Promise<false>(resolve => setImmediate(resolve, false))])));
  })
  await arrived
  assert.deepEqual(await reworks(database), [{ task_id: 't1', revision: 3, manager_id: 'm1', open: false }])
})

test('a task that is not there is waited for; one that was taken back, and a message without a revision, are refused for ever', async () => {
  const database = await setup()
  await database.query(`update task set removed = true where task_id = 't2'`)
  const messages = [asked('t9', 1), asked('t2', 1), asked('t1', null)] as const
  const known = await onReworkRequested.lookup(messages, database)
  assert.deepEqual(
    messages.map(message => onReworkRequested.decide(message, known)),
    [
      { do: 'wait', for: 'task_unknown:t9' },
      { do: 'reject', rule: 'task_gone' },
      { do: 'reject', rule: 'revision_missing' },
    ],
  )
})
