import { openPostgresLog } from '../cutover/broker/postgres/log.ts'
import { toHeaders } from '../cutover/contract/headers.ts'
import type { Database, Tx } from '../cutover/database/database.ts'
import { openAwards } from '../school/bonuses/awards/consumer.ts'
import { aReader } from '../tests/reading.ts'
import type { Comparison } from './compare.ts'
import { consume, silent, timed } from './consuming.ts'
import { goals } from './goals.ts'
import { naiveSql, openNaiveOutbox, type NaiveMessage } from './naive-outbox.ts'
import { event, managerOf, managers, message, slices } from './outcomes.ts'
import { bonusesSql, librarySql, type Place } from './place.ts'
import { wholeTitles } from '../tests/titles.ts'

// Every account is there, and a wrong solution needs no rating: nothing is read over links.
const { onTaskFailed } = openAwards({ managers: aReader('COMM-070'), ratings: aReader('COMM-060') }, wholeTitles)
const count = 20_000
const batch = 500

// What all do: each key once for ever, double entry, balances kept. The same table, indexes and triggers for everybody.
const bookSql = `  ), booked as (
    insert into ledger (business_key, fact_id, reason, task_id, candidate_id, creator_id, debit_account, credit_account, amount, policy_version)
    select business_key, fact_id, 'task failed', task_id, candidate_id, creator_id, account_id, 'bonus-fund', 500, 1 from read join account on manager_id = creator_id
    on conflict do nothing
    returning debit_account, credit_account, amount
  ), change as (
    select account_id, sum(amount) as amount
      from (select debit_account as account_id, -amount as amount from booked union all select credit_account, amount from booked) each group by 1
  ), balanced as (
    update account set balance = balance + change.amount from change where account.account_id = change.account_id
  )`

const naiveBookSql = `
  with read as (
    select * from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[]) as r(business_key, fact_id, task_id, candidate_id, creator_id)
${bookSql}
  select count(*) from booked`

const fusedSql = `
  with place as (
    select position from consumer_position where consumer = 'bench' for update
  ), taken as (
    select l.position, l.business_key, l.fact_id, l.bytes::json -> 'payload' as payload
      from log l where l.position > (select position from place) order by l.position limit ${batch}
  ), read as (
    select business_key, fact_id, payload ->> 'task_id' as task_id, payload ->> 'candidate_id' as candidate_id, payload ->> 'creator_id' as creator_id
      from taken
${bookSql}
  update consumer_position set position = (select max(position) from taken) where consumer = 'bench' and exists (select from taken)
  returning (select count(*)::int from taken) as taken`

const fusedTablesSql = `
  create table log (position bigint generated always as identity primary key, business_key text not null, fact_id uuid not null, bytes text not null);
  create table consumer_position (consumer text primary key, position bigint not null);
  insert into consumer_position values ('bench', 0)`

async function openAccounts(database: Database): Promise<void> {
  const ids = Array.from({ length: managers }, (_, n) => managerOf(n))
  await database.query('insert into account (account_id, manager_id) select id, id from unnest($1::text[]) as id', [ids])
}

const book = (messages: readonly NaiveMessage[], tx: Tx): Promise<unknown> =>
  tx.query(naiveBookSql, [
    messages.map(one => one.headers['cutover-business-key']),
    messages.map(one => one.envelope.meta['event_id']),
    messages.map(one => one.envelope.payload['task_id']),
    messages.map(one => one.envelope.payload['candidate_id']),
    messages.map(one => one.envelope.payload['creator_id']),
  ])

/** From the log into the school's ledger, each effect once, position and receipts included. */
export async function ledgerComparison(place: Place): Promise<Comparison> {
  const [ours, naiveDatabase, fused] = [
    await place.database('ledger_ours', [librarySql, bonusesSql]),
    await place.database('ledger_naive', [bonusesSql]),
    await place.database('ledger_fused', [bonusesSql]),
  ]
  for (const database of [ours, naiveDatabase, fused]) await openAccounts(database)
  await fused.query(fusedTablesSql)
  const naive = await openNaiveOutbox(naiveDatabase)
  const broker = openPostgresLog({ url: await place.url('ledger_log'), name: 'bench', log: silent })
  const topic = await broker.createTopic(event.topic, event.partitions)
  /** Outcomes that a contender has had: every run books new ones. */
  const had = { ours: 0, naive: 0, fused: 0 }
  const fill = async (who: keyof typeof had, put: (messages: ReturnType<typeof message>[]) => Promise<unknown>): Promise<void> => {
    for (const slice of slices(had[who], count)) await put(slice.map(message))
    had[who] += count
  }

  return {
    title: `idempotent ledger consumer, batches of ${batch}, ${count} facts`,
    ours: {
      name: "log, consumer, receiver, the school's ledger, receipt, position",
      prepare: () =>
        fill('ours', messages =>
          broker.append(
            topic.name,
            messages.map(one => ({ key: one.orderKey, value: one.bytes, headers: toHeaders(one) })),
          ),
        ),
      run: () => timed(count, () => consume(broker, topic, ours, onTaskFailed, count)),
    },
    others: [
      {
        name: 'naive outbox, tuned, into the same ledger',
        sql: `${naiveSql}\n-- the handler:${naiveBookSql}`,
        goal: goals.ledgerAgainstNaive,
        prepare: () => fill('naive', messages => naive.fill(messages)),
        run: () => timed(count, () => naive.drain(count, book)),
      },
      {
        name: 'the bare fused statement: read, book, store the position; no receipt, no validation',
        sql: fusedSql,
        goal: goals.ledgerAgainstFused,
        prepare: () =>
          fill('fused', messages =>
            fused.query('insert into log (business_key, fact_id, bytes) select * from unnest($1::text[], $2::uuid[], $3::text[])', [
              messages.map(one => one.businessKey),
              messages.map(one => one.factId),
              messages.map(one => one.bytes),
            ]),
          ),
        run: () =>
          timed(count, async () => {
            for (let done = 0; done < count;) {
              const { rows } = await fused.query<{ taken: number }>(fusedSql, [])
              done += rows[0]?.taken ?? 0
            }
          }),
      },
    ],
  }
}
