import { fileURLToPath } from 'node:url'
import { toHeaders } from '../cutover/contract/headers.ts'
import { installMigrations } from '../cutover/database/install.ts'
import { systemRandom } from '../cutover/process/clock.ts'
import type { Handler } from '../cutover/receive/handler.ts'
import { onTaskFailed } from '../school/bonuses/awards/consumer.ts'
import { TaskFailed } from '../school/contracts/events/task-failed/event.ts'
import { links } from '../school/contracts/links.ts'
import { librarySql, withDatabase, withLog } from './ground.ts'
import type { Comparison } from './measure.ts'
import { consume } from './reading.ts'

const count = 20_000
const batch = 500
const schoolSql = fileURLToPath(new URL('../school/bonuses/db', import.meta.url))
const link = links.find(one => one.id === 'COMM-050')

const fusedSql = `
  with batch as (
    select id, bytes::json -> 'payload' as payload from source where id > (select position from place) order by id limit ${batch}
  ), booked as (
    insert into book (business_key, account, amount)
    select (payload ->> 'task_id') || ':' || (payload ->> 'candidate_id'), payload ->> 'creator_id', 500 from batch on conflict do nothing
  )
  update place set position = (select max(id) from batch) where exists (select 1 from batch) returning position`

const envelope = (n: number, factId: string): string =>
  JSON.stringify({
    payload: { task_id: `t-${n}`, creator_id: `m-${n % 20}`, candidate_id: `c-${n}` },
    meta: { event_id: factId, event_version: 0, event_name: 'TaskFailed', produced_at: '2026-01-01T00:00:00.000Z' },
  })

export const ledgerConsumer: Comparison = {
  title: 'idempotent ledger consumer (double entry, balances, receipts, position), against the bare fused statement, n = 500',
  floor: 0.8,
  aim: 1,
  baseline: {
    name: fusedSql.trim(),
    run: () =>
      withDatabase(4, async database => {
        await database.query(`create table source (id bigint primary key, bytes text not null); create table place (position bigint not null);
          insert into place values (0); create table book (position bigint generated always as identity primary key,
            business_key text not null unique, account text not null, amount bigint not null)`)
        const rows = Array.from({ length: count }, (_, n) => envelope(n, systemRandom.uuid()))
        await database.query('insert into source select place, bytes from unnest($1::text[]) with ordinality as s(bytes, place)', [rows])
        const began = performance.now()
        for (let position = 0; position < count;)
          position = Number((await database.query<{ position: string }>(fusedSql, [])).rows[0]?.position ?? count)
        return count / ((performance.now() - began) / 1_000)
      }),
  },
  ours: {
    name: 'the log, the receiver, and the school’s own handler',
    run: () =>
      withDatabase(8, database =>
        withLog(async broker => {
          await installMigrations(database, [
            { name: 'cutover', folder: librarySql },
            { name: 'bonuses', folder: schoolSql },
          ])
          await database.query(`insert into account (account_id, manager_id) select 'a-' || n, 'm-' || n from generate_series(0, 19) as n`)
          const topic = await broker.createTopic(TaskFailed.topic, TaskFailed.partitions)
          if (link === undefined) throw new Error('COMM-050 is gone')
          for (let n = 0; n < count; n += batch)
            await broker.append(
              topic.name,
              Array.from({ length: batch }, (_, m) => record(n + m)),
            )
          const began = performance.now()
          await consume(database, broker, link, topic, onTaskFailed as Handler, count)
          return count / ((performance.now() - began) / 1_000)
        }),
      ),
  },
}

function record(n: number): { key: string; value: string; headers: Record<string, string> } {
  const factId = systemRandom.uuid()
  const bytes = envelope(n, factId)
  const headers = toHeaders({
    factId,
    event: 'TaskFailed',
    version: 0,
    businessKey: `TaskFailed:t-${n}:c-${n}`,
    orderKey: `t-${n}`,
    revision: null,
    source: 'hiring',
    position: String(n + 1),
    stamps: { 'COMM-050': { route: 'event', epoch: 1 } },
    traceparent: null,
    bytes,
  })
  return { key: `t-${n}`, value: bytes, headers }
}
