// A process that consumes facts until it stands at a position, and is killed by any whose key says so. Started by
// handlers.db.test.ts: DATABASE_URL, LOG_URL, TOPIC, UNTIL.
import { openPostgresLog } from '../../cutover/broker/postgres/log.ts'
import { runConsumer } from '../../cutover/consumer/consumer.ts'
import { openConsumerStore } from '../../cutover/consumer/postgres.ts'
import { openShares } from '../../cutover/consumer/shares.ts'
import { openDatabase } from '../../cutover/database/database.ts'
import { systemClock, systemRandom } from '../../cutover/process/clock.ts'
import { openLog } from '../../cutover/process/log.ts'
import { openReceiveStore } from '../../cutover/receive/postgres.ts'
import { openReceiver } from '../../cutover/receive/receiver.ts'
import { openRegistry } from '../../cutover/registry/registry.ts'
import { Counted, countLink, openAdding } from '../counting.ts'

const { DATABASE_URL: url = '', LOG_URL: logUrl = '', TOPIC: id = '', UNTIL: end = '' } = process.env
const log = openLog({ service: 'test', instance: '1', level: 'fatal' })
const database = openDatabase({ url, name: 'mortal', connectionsMax: 4, onIdleError: () => undefined })
const broker = openPostgresLog({ url: logUrl, name: 'mortal', log })
const { handler } = openAdding()
const deadly: typeof handler = {
  ...handler,
  async apply(effects, tx) {
    // After it has written, as the worst would: what it did goes with it.
    const applied = await handler.apply(effects, tx)
    if (effects.some(one => one.message.envelope.payload.key.startsWith('deadly'))) process.kill(process.pid, 'SIGKILL')
    return applied
  },
}
const stop = new AbortController()
const store = openConsumerStore(database)
const holder = `mortal-${process.pid}`
await runConsumer(
  {
    topic: Counted.topic,
    receiver: openReceiver(countLink, deadly, openRegistry([Counted]), openReceiveStore(database)),
    broker,
    store,
    shares: openShares(store, { consumer: 'adding.L-1', topicId: id, holder }, 1),
    clock: systemClock,
    random: systemRandom,
    log,
    show({ partitions }) {
      if (partitions[0]?.position === end) stop.abort()
    },
    received: () => undefined,
  },
  stop.signal,
)
await broker.close()
await database.close()
