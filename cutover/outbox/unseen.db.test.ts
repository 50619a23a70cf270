// A data link that is read by HTTP is told to nobody, and nothing of it is recorded. Once it is produced, no change goes by unseen.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Counted, countingDatabase, countLink } from '../../tests/counting.ts'
import type { LinkContract } from '../contract/contract.ts'
import type { Database } from '../database/database.ts'
import { systemClock, systemRandom } from '../process/clock.ts'
import { openRegistry, registerVersions } from '../registry/registry.ts'
import { openStores, type Stores } from '../service/stores.ts'
import { flip, installSwitches, openSwitchCache } from '../switch/switch.ts'
import { defaultPartitions, ensurePartitions } from './partitions.ts'
import { openSender, type Sender } from './sender.ts'

const link: LinkContract = { ...countLink, kind: 'data', start: 'http', order: 'revision' }

const open: Database[] = []
after(async () => {
  await Promise.all(open.map(database => database.close()))
})

interface State {
  readonly database: Database
  readonly stores: Stores
  /** An instance with what it believes of the switch. */
  instance(): Promise<Sender>
  /** Commits a row, with the route that stood while its transaction was open, and states it. */
  change(sender: Sender, key: string, begun?: () => Promise<unknown>): Promise<void>
  to(route: 'http' | 'event'): Promise<unknown>
  /** Rows by key: the route under which each was committed, and how often it is told. */
  rows(): Promise<readonly { readonly key: string; readonly route: string; readonly told: number }[]>
}

async function setup(): Promise<State> {
  const database = await countingDatabase()
  open.push(database)
  const stores = openStores(database)
  await ensurePartitions(stores.outbox, defaultPartitions)
  await registerVersions(stores.registry, [Counted])
  await installSwitches(stores.switch, link.from, [link])
  await database.query('create table state (key text primary key, route text not null)')
  let term = 0
  return {
    database,
    stores,
    instance: async () =>
      openSender({
        service: link.from,
        store: stores.outbox,
        switches: await openSwitchCache(stores.switch),
        links: [link],
        registry: openRegistry([Counted]),
        clock: systemClock,
        random: systemRandom,
        deliverNow: () => undefined,
        committed: () => undefined,
      }),
    async change(sender, key, begun) {
      await sender.transaction(async (tx, record) => {
        // Under the shared lock the switch cannot move until this transaction has ended.
        await tx.query('insert into state (key, route) select $1, route from switch_link where link = $2', [key, link.id])
        record(Counted, { key, amount: 1, needs: '' }, { revision: 1 })
        await begun?.()
      })
    },
    to: route => flip(stores.switch, { link: link.id, route, term: ++term }, systemClock, systemRandom),
    async rows() {
      const { rows } = await database.query<{ key: string; route: string; told: number }>(
        `select key, route, (select count(*)::int from outbox where order_key = state.key) as told from state order by key`,
        [],
      )
      return rows
    },
  }
}

test('a data link on http records nothing, and one on the event each change', async () => {
  const { stores, instance, change, to, rows } = await setup()
  await change(await instance(), 'a')
  await to('event')
  await change(await instance(), 'b')
  await to('http')
  await change(await instance(), 'c')
  assert.deepEqual(
    (await rows()).map(row => row.told),
    [0, 1, 0],
  )
  assert.deepEqual(Object.keys((await stores.switch.read()).links), [link.id])
})

test('an instance that has not heard that a link is produced cannot commit a change unseen', async () => {
  const { instance, change, to, rows } = await setup()
  const unaware = await instance()
  await to('event')
  let attempts = 0
  await change(unaware, 'a', async () => void attempts++)
  assert.equal(attempts, 2, 'it was built under the old switch, refused at its end, and built anew')
  assert.deepEqual(await rows(), [{ key: 'a', route: 'event', told: 1 }])
})

test('a transaction that is open when a link is to be produced ends before it is, and is older', async () => {
  const { instance, change, to, rows } = await setup()
  const [begun, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const changing = change(await instance(), 'a', () => {
    begun.resolve()
    return end.promise
  })
  await begun.promise
  let produced = false
  const producing = to('event').then(() => (produced = true))
  await systemClock.sleep(50)
  assert.equal(produced, false)
  end.resolve()
  await changing
  await producing
  assert.deepEqual(await rows(), [{ key: 'a', route: 'http', told: 0 }])
})

test('with the link produced and taken back under load, each committed change is told, or is of a time when it was read by HTTP', async () => {
  const { instance, change, to, rows } = await setup()
  const senders = await Promise.all([instance(), instance(), instance()])
  let flipping = true
  let done = 0
  const writers = senders.flatMap((sender, which) =>
    Array.from({ length: 3 }, async (_, writer) => {
      let n = 0
      for (; flipping; n++, done++)
        await change(sender, `${which}-${writer}-${n}`, async () => (writer === 0 ? systemClock.sleep(3) : undefined))
      return n
    }),
  )
  for (let n = 1; n <= 20; n++) {
    await to(n % 2 === 1 ? 'event' : 'http')
    for (const before = done; done < before + 10;) await systemClock.sleep(1)
  }
  flipping = false
  const changes = (await Promise.all(writers)).reduce((sum, one) => sum + one, 0)
  const all = await rows()
  assert.equal(all.length, changes)
  assert.deepEqual(
    all.filter(({ route, told }) => told !== (route === 'event' ? 1 : 0)),
    [],
  )
  const routes = new Set(all.map(row => row.route))
  assert.equal(routes.size, 2, 'some of both, or this proves nothing')
})
