import { runConsumer } from '../cutover/consumer/consumer.ts'
import { openShares } from '../cutover/consumer/shares.ts'
import type { Broker } from '../cutover/broker/broker.ts'
import type { LinkContract } from '../cutover/contract/contract.ts'
import type { Database } from '../cutover/database/database.ts'
import { systemClock, systemRandom } from '../cutover/process/clock.ts'
import type { Handler } from '../cutover/receive/handler.ts'
import { openReceiver } from '../cutover/receive/receiver.ts'
import { openRegistry } from '../cutover/registry/registry.ts'
import { events } from '../school/contracts/events.ts'
import { log } from './ground.ts'

/** Runs a consumer of the link until it has answered for `count` messages. */
export async function consume(
  database: Database,
  broker: Broker,
  link: LinkContract,
  topic: { id: string; name: string; partitions: number },
  handler: Handler,
  count: number,
): Promise<void> {
  const stop = new AbortController()
  let seen = 0
  const shares = openShares(database, {
    consumer: `bench.${link.id}`,
    topicId: topic.id,
    partitions: topic.partitions,
    holder: 'bench',
    instances: async () => 1,
  })
  await runConsumer(
    {
      consumer: `bench.${link.id}`,
      topic: topic.name,
      topicId: topic.id,
      receiver: openReceiver(link, handler, openRegistry(events)),
      broker,
      database,
      shares,
      clock: systemClock,
      random: systemRandom,
      log,
      show: () => undefined,
      received(outcomes) {
        seen += outcomes.length
        if (seen >= count) stop.abort()
      },
    },
    stop.signal,
  )
}
