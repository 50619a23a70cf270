import { systemClock } from '../cutover/process/clock.ts'
import type { Handler } from '../cutover/receive/handler.ts'
import { eventLane } from '../cutover/relay/event-lane.ts'
import { openLanes, runLane } from '../cutover/relay/lane.ts'
import { publishedRows } from '../cutover/relay/outbox-source.ts'
import { TaskCompleted } from '../school/contracts/events/task-completed/event.ts'
import { events } from '../school/contracts/events.ts'
import { links } from '../school/contracts/links.ts'
import { installSender, log, withDatabase, withLog } from './ground.ts'
import { installMigrations } from '../cutover/database/install.ts'
import { librarySql } from './ground.ts'
import type { Comparison } from './measure.ts'
import { consume } from './reading.ts'

const count = 20_000
const perTransaction = 500
const naiveSql = `delete from naive where id in (select id from naive order by id limit 500 for update skip locked) returning id, bytes`
const byEvent = links.map(link => (link.id === 'COMM-040' ? { ...link, start: 'event' as const } : link))
const link = byEvent.find(one => one.id === 'COMM-040')

const empty: Handler = {
  versions: [0],
  lookup: async () => null,
  decide: () => ({ do: 'apply', effect: null }),
  apply: async effects => effects.map(() => ({ outcome: 'done' })),
}

export const relayAndDrain: Comparison = {
  title: 'relay and drain with an empty handler (outbox, log, consumer, receipts), against a naive outbox that deletes',
  floor: 1,
  aim: 1.7,
  baseline: {
    name: naiveSql,
    run: () =>
      withDatabase(4, async database => {
        await database.query('create table naive (id bigint generated always as identity primary key, bytes text not null)')
        await database.query(`insert into naive (bytes) select repeat('x', 389) from generate_series(1, $1::int)`, [count])
        const began = performance.now()
        for (let seen = 0; seen < count;) seen += (await database.transaction(tx => tx.query(naiveSql, []))).rowCount
        return count / ((performance.now() - began) / 1_000)
      }),
  },
  ours: {
    name: 'event lane, PostgreSQL log, consumer with receipts and position',
    run: () =>
      withDatabase(8, sending =>
        withDatabase(8, receiving =>
          withLog(async broker => {
            const sender = await installSender(sending, 'hiring', events, byEvent)
            await installMigrations(receiving, [{ name: 'cutover', folder: librarySql }])
            for (let n = 0; n < count; n += perTransaction) {
              await sender.transaction(async (_tx, record) => {
                for (let m = n; m < n + perTransaction; m++)
                  record(TaskCompleted, { task_id: `t-${m}`, creator_id: 'm-1', candidate_id: `c-${m}` })
              })
            }
            const topic = await broker.createTopic(TaskCompleted.topic, TaskCompleted.partitions)
            if (link === undefined) throw new Error('COMM-040 is gone')
            const stop = new AbortController()
            const began = performance.now()
            const relay = runLane(
              eventLane('hiring', publishedRows(sending), broker, events),
              {
                lanes: openLanes(sending, 'bench'),
                clock: systemClock,
                log,
                rest: (ms, signal) => systemClock.sleep(ms, signal),
                show: () => undefined,
              },
              stop.signal,
            )
            await consume(receiving, broker, link, topic, empty, count)
            const seconds = (performance.now() - began) / 1_000
            stop.abort()
            await relay
            return count / seconds
          }),
        ),
      ),
  },
}
