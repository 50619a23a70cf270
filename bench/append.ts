import { pino } from 'pino'
import type { Database, Tx } from '../cutover/database/database.ts'
import { openDoorbell } from '../cutover/database/doorbell.ts'
import { ensurePartitions } from '../cutover/outbox/partitions.ts'
import { openSender, type Sender } from '../cutover/outbox/sender.ts'
import { systemClock, systemRandom } from '../cutover/process/clock.ts'
import { openRegistry, registerVersions } from '../cutover/registry/registry.ts'
import { openStores } from '../cutover/service/stores.ts'
import { installSwitches, openSwitchCache } from '../cutover/switch/switch.ts'
import type { Comparison } from './compare.ts'
import { goals } from './goals.ts'
import { event, link, outcome } from './outcomes.ts'
import { librarySql, type Place } from './place.ts'

const connections = 16
const runMs = 1_500

// The same two statements with and without the outbox.
const checkSql = 'update task set checks = checks + 1 where task_id = $1 returning checks'
const outcomeSql = 'insert into outcome (task_id, candidate_id, checks) values ($1, $2, $3)'

const tablesSql = `
  create table task (task_id text primary key, checks integer not null default 0);
  create table outcome (task_id text not null, candidate_id text not null, checks integer not null, at timestamptz not null default now(),
    primary key (task_id, candidate_id));
  create table fact (position bigint generated always as identity primary key, order_key text not null, bytes text not null,
    created_at timestamptz not null default now())`

const bareSql = 'insert into fact (order_key, bytes) values ($1, $2)'

/** The sender of a service, with all that is committed ringing for the relay as in life. The caller runs it on a fresh database. */
export async function benchSender(database: Database): Promise<Sender> {
  const stores = openStores(database)
  await ensurePartitions(stores.outbox, { rows: 100_000, ahead: 20, keepMinutes: 60 })
  await registerVersions(stores.registry, [event])
  await installSwitches(stores.switch, event.service, [link])
  const doorbell = openDoorbell(database, pino({ level: 'silent' }))
  return openSender({
    service: event.service,
    store: stores.outbox,
    switches: await openSwitchCache(stores.switch),
    links: [link],
    registry: openRegistry([event]),
    clock: systemClock,
    random: systemRandom,
    deliverNow: () => undefined,
    committed: () => doorbell.ring('outbox'),
  })
}

let made = 0

/** What `connections` callers get done in `runMs`, each waiting for its own commit. */
async function callers(work: (payload: ReturnType<typeof outcome>, caller: number) => Promise<unknown>): Promise<number> {
  const began = performance.now()
  let done = 0
  await Promise.all(
    Array.from({ length: connections }, async (_, caller) => {
      while (performance.now() - began < runMs) {
        await work(outcome(made++), caller)
        done++
      }
    }),
  )
  return (done * 1_000) / (performance.now() - began)
}

async function business(tx: Tx, payload: ReturnType<typeof outcome>, caller: number): Promise<void> {
  const { rows } = await tx.query<{ checks: number }>(checkSql, [String(caller)])
  await tx.query(outcomeSql, [payload.task_id, payload.candidate_id, rows[0]?.checks])
}

const prepared = async (database: Database): Promise<void> => {
  await database.query(tablesSql)
  await database.query('insert into task select n::text from generate_series(0, $1::int - 1) as n', [connections])
}

/** What stating a fact costs its caller. */
export async function appendComparisons(place: Place): Promise<readonly Comparison[]> {
  const [ours, bare] = [await place.database('append_ours', [librarySql]), await place.database('append_bare')]
  await prepared(ours)
  await prepared(bare)
  const sender = await benchSender(ours)
  const nothing = async (): Promise<void> => undefined
  return [
    {
      title: `append in the business transaction, ${connections} callers`,
      ours: {
        name: 'business transaction that states a fact',
        prepare: nothing,
        run: () =>
          callers((payload, caller) =>
            sender.transaction(async (tx, record) => {
              await business(tx, payload, caller)
              record(event, payload)
            }),
          ),
      },
      others: [
        {
          name: 'the same transaction without it',
          sql: `begin;\n${checkSql};\n${outcomeSql};\ncommit`,
          goal: goals.appendInTransaction,
          prepare: nothing,
          run: () => callers((payload, caller) => bare.transaction(tx => business(tx, payload, caller))),
        },
      ],
    },
    {
      title: `publish singly, ${connections} callers`,
      ours: {
        name: 'a transaction that states one fact and does nothing else',
        prepare: nothing,
        run: () => callers(payload => sender.transaction(async (_, record) => record(event, payload))),
      },
      others: [
        {
          name: 'a bare insert of one row, committed by itself',
          sql: bareSql,
          goal: goals.publishSingly,
          prepare: nothing,
          run: () =>
            callers(payload => {
              const meta = {
                event_id: systemRandom.uuid(),
                event_version: 0,
                event_name: event.name,
                produced_at: new Date().toISOString(),
              }
              return bare.query(bareSql, [payload.task_id, JSON.stringify({ payload, meta })])
            }),
        },
      ],
    },
  ]
}
