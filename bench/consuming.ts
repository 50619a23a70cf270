import { pino } from 'pino'
import type { Broker, Topic } from '../cutover/broker/broker.ts'
import { runConsumer } from '../cutover/consumer/consumer.ts'
import { openShares } from '../cutover/consumer/shares.ts'
import type { Database } from '../cutover/database/database.ts'
import { systemClock, systemRandom } from '../cutover/process/clock.ts'
import type { Handler } from '../cutover/receive/handler.ts'
import { openReceiver } from '../cutover/receive/receiver.ts'
import { openRegistry } from '../cutover/registry/registry.ts'
import { openStores } from '../cutover/service/stores.ts'
import { event, link } from './outcomes.ts'

export const silent = pino({ level: 'silent' })

/** Runs the consumer of a service until it has done `count` messages. Throws when any of them is not simply done. */
export async function consume(broker: Broker, topic: Topic, database: Database, handler: Handler, count: number): Promise<void> {
  const stop = new AbortController()
  const registry = openRegistry([event])
  const stores = openStores(database)
  const share = { consumer: `bench.${link.id}`, topicId: topic.id, holder: 'bench' }
  let done = 0
  let wrong: string | undefined
  const end = (reason?: string): void => {
    wrong ??= reason
    stop.abort()
  }
  await runConsumer(
    {
      topic: topic.name,
      receiver: openReceiver(link, handler, registry, stores.receive),
      broker,
      store: stores.consumer,
      shares: openShares(stores.consumer, share, topic.partitions),
      clock: systemClock,
      random: systemRandom,
      log: silent,
      show: ({ trouble }) => {
        if (trouble !== null) end(trouble)
      },
      received(outcomes) {
        const other = outcomes.find(one => one.is !== 'done')
        if (other !== undefined) end(`a message came out as ${JSON.stringify(other)}`)
        done += outcomes.length
        if (done >= count) end()
      },
    },
    stop.signal,
  )
  if (wrong !== undefined) throw new Error(`the consumer that is measured has trouble: ${wrong}`)
}

/** Events per second of `work`, which deals with `count` of them. */
export async function timed(count: number, work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return (count * 1_000) / (performance.now() - began)
}
