import { openPostgresLog } from '../cutover/broker/postgres/log.ts'
import type { Handler } from '../cutover/receive/handler.ts'
import { systemClock, systemRandom } from '../cutover/process/clock.ts'
import { eventLane } from '../cutover/relay/event-lane.ts'
import { runLane } from '../cutover/relay/lane.ts'
import { openRelayStore } from '../cutover/relay/postgres.ts'
import { benchSender } from './append.ts'
import type { Comparison } from './compare.ts'
import { consume, silent, timed } from './consuming.ts'
import { goals } from './goals.ts'
import { naiveSql, openNaiveOutbox } from './naive-outbox.ts'
import { event, message, outcome, slices } from './outcomes.ts'
import { librarySql, type Place } from './place.ts'

const count = 20_000

/** Does nothing, for every message, and says that it is done. */
const empty: Handler = {
  lookup: async () => undefined,
  decide: () => ({ do: 'apply', effect: null }),
  apply: async effects => effects.map(() => ({ outcome: 'done' })),
}

/** From the outbox to a handler that does nothing, with all that stands between. */
export async function relayComparison(place: Place): Promise<Comparison> {
  const [sending, receiving, naiveDatabase] = [
    await place.database('relay_sender', [librarySql]),
    await place.database('relay_receiver', [librarySql]),
    await place.database('relay_naive'),
  ]
  const broker = openPostgresLog({ url: await place.url('relay_log'), name: 'bench', log: silent })
  const topic = await broker.createTopic(event.topic, event.partitions)
  const sender = await benchSender(sending)
  const naive = await openNaiveOutbox(naiveDatabase)
  const store = openRelayStore(sending)
  let stated = 0

  async function relayWhile(work: Promise<unknown>): Promise<void> {
    const stop = new AbortController()
    const relay = runLane(
      eventLane(event.service, store.published, broker, [event]),
      {
        store,
        holder: 'bench',
        clock: systemClock,
        random: systemRandom,
        log: silent,
        rest: (ms, signal) => systemClock.sleep(ms, signal),
        show: () => undefined,
      },
      stop.signal,
    )
    await work.finally(() => stop.abort())
    await relay
  }

  return {
    title: `relay and drain, empty handler, ${count} facts`,
    ours: {
      name: 'outbox, relay, log, consumer, receipt, position',
      async prepare() {
        for (const slice of slices(stated, count)) {
          await sender.transaction(async (_, record) => {
            for (const n of slice) record(event, outcome(n))
          })
        }
        stated += count
      },
      run: () => timed(count, () => relayWhile(consume(broker, topic, receiving, empty, count))),
    },
    others: [
      {
        name: 'naive outbox, tuned: poll, take 500, delete',
        sql: naiveSql,
        goal: goals.relayAndDrain,
        async prepare() {
          for (const slice of slices(0, count)) await naive.fill(slice.map(message))
        },
        run: () => timed(count, () => naive.drain(count, async () => undefined)),
      },
    ],
  }
}
