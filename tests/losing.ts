// A service that is killed with -9: it states facts of one link, and says when all of them are committed. What the log
// gets of them depends on how they leave for it. Run as a process of its own, by tests.
import { Registry as Metrics } from 'prom-client'
import { openPostgresLog } from '../cutover/broker/postgres/log.ts'
import { openDoorbell } from '../cutover/database/doorbell.ts'
import type { Signer } from '../cutover/http/tokens.ts'
import { defaultPartitions, ensurePartitions } from '../cutover/outbox/partitions.ts'
import { systemClock, systemRandom } from '../cutover/process/clock.ts'
import { openLog } from '../cutover/process/log.ts'
import { openRegistry, registerVersions } from '../cutover/registry/registry.ts'
import { openMeters } from '../cutover/service/meter.ts'
import { openSending, type Sending } from '../cutover/service/sending.ts'
import { openStores } from '../cutover/service/stores.ts'
import { installSwitches, openSwitchCache, redeliver } from '../cutover/switch/switch.ts'
import type { Delivery, LinkContract } from '../cutover/contract/contract.ts'
import type { Database } from '../cutover/database/database.ts'
import { aWord, libraryDatabase, WordChanged, wordLink } from './copying.ts'

const nobody: Signer = { token: () => Promise.reject(new Error('nobody is called')) }

/** A data link that says that it may lose facts. */
export const lossyLink: LinkContract = { ...wordLink, start: 'event', mayLose: true }

export interface Losing {
  readonly database: Database
  readonly sending: Sending
  /** Commits words with these numbers, each with its fact. */
  state(numbers: readonly number[]): Promise<void>
  close(): Promise<void>
}

/** One instance of the owner of words, whose log is at `logUrl`. */
export async function openLosing(url: string, logUrl: string, delivery: Delivery): Promise<Losing> {
  const log = openLog({ service: 'losing', instance: '1', level: 'fatal' })
  const database = await libraryDatabase({ url })
  await database.query(
    `create table if not exists word (id uuid primary key, text text not null, size integer not null, tags jsonb not null,
       revision integer not null default 1, removed boolean not null default false)`,
  )
  const stores = openStores(database)
  await ensurePartitions(stores.outbox, defaultPartitions)
  await registerVersions(stores.registry, [WordChanged])
  await installSwitches(stores.switch, 'counting', [lossyLink])
  await redeliver(stores.switch, { link: lossyLink.id, delivery, term: 1 }, systemClock, systemRandom)
  const broker = openPostgresLog({ url: logUrl, name: 'losing', log })
  const doorbell = openDoorbell(database, log)
  const sending = openSending({
    outboxMax: 1_000_000,
    service: 'counting',
    instance: '1',
    capabilities: [`produce:${lossyLink.id}`],
    links: [lossyLink],
    events: [WordChanged],
    stores,
    broker,
    doorbell,
    switches: await openSwitchCache(stores.switch),
    registry: openRegistry([WordChanged]),
    signer: nobody,
    urls: {},
    meters: openMeters([lossyLink], systemClock, new Metrics()),
    log,
    clock: systemClock,
    random: systemRandom,
  })
  await sending.running.start()
  return {
    database,
    sending,
    async state(numbers) {
      for (const number of numbers) {
        const word = aWord(number, `w${number}`)
        await sending.sender.transaction(async (tx, record) => {
          await tx.query('insert into word (id, text, size, tags) values ($1, $2, $3, $4)', [word.id, word.text, word.size, '[]'])
          record(WordChanged, word, { revision: 1 })
        })
      }
    },
    async close() {
      await sending.running.stop()
      await doorbell.close()
      await broker.close()
      await database.close()
    },
  }
}

if (process.argv[1] === import.meta.filename) {
  const [url = '', logUrl = '', delivery = '', count = ''] = process.argv.slice(2)
  const { state } = await openLosing(url, logUrl, delivery as Delivery)
  await state(Array.from({ length: Number(count) }, (_, n) => n + 1))
  process.stdout.write('committed\n')
  // It lives on, and would publish as soon as the log is there; until it is killed.
  setInterval(() => undefined, 60_000)
}
