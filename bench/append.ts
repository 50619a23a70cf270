import { TaskCompleted } from '../school/contracts/events/task-completed/event.ts'
import { events } from '../school/contracts/events.ts'
import { links } from '../school/contracts/links.ts'
import { installSender, withDatabase } from './ground.ts'
import { type Comparison, perSecond } from './measure.ts'

const count = 4_000
const connections = 16
const businessSql = 'insert into answered (task_id, candidate_id, body) values ($1, $2, $3)'
const bareSql = 'insert into bare (id, bytes) values ($1, $2)'
const body = 'x'.repeat(200)
const payload = (n: number): { task_id: string; creator_id: string; candidate_id: string } => ({
  task_id: `t-${n}`,
  creator_id: 'm-1',
  candidate_id: `c-${n}`,
})
const tables = `create table answered (task_id text, candidate_id text, body text, primary key (task_id, candidate_id));
                create table bare (id text primary key, bytes text not null)`

export const appendInBusiness: Comparison = {
  title: 'append with the switch check in a business transaction, against that transaction without it',
  floor: 0.65,
  aim: 0.8,
  baseline: {
    name: `begin; ${businessSql}; commit`,
    run: () =>
      withDatabase(connections, async database => {
        await database.query(tables)
        return perSecond(count, connections, n => database.transaction(tx => tx.query(businessSql, [`t-${n}`, `c-${n}`, body])))
      }),
  },
  ours: {
    name: 'the same in sender.transaction, with one fact',
    run: () =>
      withDatabase(connections, async database => {
        await database.query(tables)
        const sender = await installSender(database, 'hiring', events, links)
        return perSecond(count, connections, n =>
          sender.transaction(async (tx, record) => {
            await tx.query(businessSql, [`t-${n}`, `c-${n}`, body])
            record(TaskCompleted, payload(n))
          }),
        )
      }),
  },
}

export const publishSingly: Comparison = {
  title: 'a fact alone, in a transaction under the switch, against a bare one-row insert',
  floor: 0.8,
  aim: 0.95,
  baseline: {
    name: bareSql,
    run: () =>
      withDatabase(connections, async database => {
        await database.query(tables)
        return perSecond(count, connections, n => database.query(bareSql, [`f-${n}`, JSON.stringify({ payload: payload(n), meta: body })]))
      }),
  },
  ours: {
    name: 'sender.transaction with one fact and nothing else',
    run: () =>
      withDatabase(connections, async database => {
        const sender = await installSender(database, 'hiring', events, links)
        return perSecond(count, connections, n => sender.transaction(async (_tx, record) => record(TaskCompleted, payload(n))))
      }),
  },
}
