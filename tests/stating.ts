import type { Stretch } from '../cutover/contract/receipts.ts'
import { systemClock, systemRandom } from '../cutover/process/clock.ts'
import type { Database } from '../cutover/database/database.ts'
import type { Courier, Delivered } from '../cutover/delivery/courier.ts'
import { openRetryBudget } from '../cutover/failure/retry-budget.ts'
import { ensurePartitions } from '../cutover/outbox/partitions.ts'
import { openSender, type Sender } from '../cutover/outbox/sender.ts'
import { openRegistry, registerVersions } from '../cutover/registry/registry.ts'
import { openReceiveStore } from '../cutover/receive/postgres.ts'
import { openStores } from '../cutover/service/stores.ts'
import { installSwitches, openSwitchCache } from '../cutover/switch/switch.ts'
import { Counted, countingDatabase, countLink } from './counting.ts'

export interface Stating {
  readonly database: Database
  readonly sender: Sender
  /** States a fact and answers with its id; nothing calls or publishes it. */
  state(key: string): Promise<string>
}

/** A database that states facts of `countLink`, which starts as http. Its outbox has `rows` positions per partition. */
export async function openStating(rows = 1_000): Promise<Stating> {
  const database = await countingDatabase()
  const stores = openStores(database)
  await ensurePartitions(stores.outbox, { rows, ahead: 2, keepMinutes: 60 })
  await registerVersions(stores.registry, [Counted])
  await installSwitches(stores.switch, 'counting', [countLink])
  const sender = openSender({
    service: 'counting',
    store: stores.outbox,
    switches: await openSwitchCache(stores.switch),
    links: [countLink],
    registry: openRegistry([Counted]),
    clock: systemClock,
    random: systemRandom,
    deliverNow: () => undefined,
    committed: () => undefined,
  })
  return { database, sender, state: key => sender.transaction(async (_, record) => record(Counted, { key, amount: 1, needs: '' })) }
}

/** A courier to a receiver that keeps its receipts in the same database, and answers as the test says. */
export interface FakeCourier extends Courier {
  /** The fact ids of every call, in order. */
  readonly calls: string[]
  /** What a fact is answered with; a receipt, unless it is named here. */
  readonly answers: Map<string, Delivered>
  /** Nobody answers: neither calls nor questions. */
  away: boolean
  /** How far it remembers to have been compared; null for a receiver of a build that remembers nothing. */
  remembers: bigint | null
  /** Puts a receipt, as an effect at the receiver would. */
  receive(factId: string): Promise<void>
}

/** What a courier says of itself that has never met any trouble. */
export const calm = (): Pick<Courier, 'willing' | 'budget' | 'view'> => ({
  willing: () => true,
  budget: openRetryBudget({ share: 0.1, perSecond: 0, max: 20 }, systemClock),
  view: () => ({
    breaker: { state: 'closed', sinceMs: null, probeAtMs: null, transitions: { closed: 0, open: 0, 'half-open': 0 } },
    trouble: null,
    inFlight: 0,
    left: 0,
    retryTokens: 20,
    retriesPutOff: 0,
  }),
})

export function openFakeCourier(database: Database): FakeCourier {
  const link = countLink.id
  const store = openReceiveStore(database)
  const courier: FakeCourier = {
    link: countLink,
    calls: [],
    answers: new Map(),
    away: false,
    remembers: null,
    ...calm(),
    deliverNow: message => courier.deliver(message),
    async receive(factId) {
      await database.query(
        `insert into receipt (link, fact_id, position, outcome, via)
         select $1, $2, position, 'done', 'http'
           from (select fact_id, position from outbox union select fact_id, position from outbox_carried) as held where fact_id = $2
         on conflict do nothing`,
        [link, factId],
      )
    },
    async deliver({ factId }) {
      if (courier.away) return { kind: 'away', reason: 'refused' }
      courier.calls.push(factId)
      const answer = courier.answers.get(factId) ?? { kind: 'receipt', outcome: 'done' }
      if (answer.kind === 'receipt') await courier.receive(factId)
      return answer
    },
    async ask<Answer>(path: string, body: unknown) {
      if (courier.away) throw new Error('nobody answers')
      const { facts, stretches, known, beyond } = body as { facts: string[]; stretches: Stretch[]; known: string; beyond: string }
      if (path.endsWith('/compared')) {
        if (courier.remembers === BigInt(known)) courier.remembers = BigInt(beyond)
        return { compared: String(courier.remembers) } as Answer
      }
      // Dead letters are left out: those in this database are of the sender's side.
      if (path.endsWith('/receipts')) return { ...(await store.answer(link, facts)), dead: [] } as Answer
      const different: string[] = []
      for (const { from, to, count, digest } of stretches) {
        const here = await store.received(link, from, to)
        if (here.count !== count || here.digest !== digest) different.push(to)
      }
      return { different, ...(courier.remembers === null ? {} : { compared: String(courier.remembers) }) } as Answer
    },
  }
  return courier
}
