import { systemClock, systemRandom } from '../cutover/process/clock.ts'
import type { Database } from '../cutover/database/database.ts'
import type { Courier, Delivered } from '../cutover/delivery/courier.ts'
import { ensurePartitions } from '../cutover/outbox/partitions.ts'
import { openSender } from '../cutover/outbox/sender.ts'
import { openRegistry, registerVersions } from '../cutover/registry/registry.ts'
import { stretchSql, type Stretch } from '../cutover/relay/sweep.ts'
import { installSwitches, openSwitchCache } from '../cutover/switch/switch.ts'
import { Counted, countingDatabase, countLink } from './counting.ts'

export interface Stating {
  readonly database: Database
  /** States a fact and answers with its id; nothing calls or publishes it. */
  state(key: string): Promise<string>
}

/** A database that states facts of `countLink`, which starts as http. */
export async function openStating(): Promise<Stating> {
  const database = await countingDatabase()
  await ensurePartitions(database, { rows: 1_000, ahead: 2, keepMinutes: 60 })
  await registerVersions(database, [Counted])
  await installSwitches(database, 'counting', [countLink])
  const sender = openSender({
    service: 'counting',
    database,
    switches: await openSwitchCache(database),
    links: [countLink],
    registry: openRegistry([Counted]),
    clock: systemClock,
    random: systemRandom,
    deliverNow: () => undefined,
    committed: () => undefined,
  })
  return { database, state: key => sender.transaction(async (_, record) => record(Counted, { key, amount: 1, needs: '' })) }
}

/** A courier to a receiver that keeps its receipts in the same database, and answers as the test says. */
export interface FakeCourier extends Courier {
  /** The fact ids of every call, in order. */
  readonly calls: string[]
  /** What a fact is answered with; a receipt, unless it is named here. */
  readonly answers: Map<string, Delivered>
  /** Nobody answers: neither calls nor questions. */
  away: boolean
  /** Puts a receipt, as an effect at the receiver would. */
  receive(factId: string): Promise<void>
}

export function openFakeCourier(database: Database): FakeCourier {
  const link = countLink.id
  const ids = async (sql: string, facts: readonly string[]): Promise<string[]> =>
    (await database.query<{ fact_id: string }>(sql, [link, facts])).rows.map(row => row.fact_id)
  const courier: FakeCourier = {
    link: countLink,
    calls: [],
    answers: new Map(),
    away: false,
    willing: () => true,
    state: () => 'closed',
    async receive(factId) {
      await database.query(
        `insert into receipt (link, fact_id, position, outcome, via) select $1, fact_id, position, 'done', 'http' from outbox where fact_id = $2
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
      const { facts, stretches } = body as { facts: string[]; stretches: Stretch[] }
      if (path.endsWith('/receipts')) {
        const terminal = await ids('select fact_id from receipt where link = $1 and fact_id = any($2::uuid[])', facts)
        return {
          terminal,
          parked: await ids('select fact_id from parked where link = $1 and fact_id = any($2::uuid[])', facts),
          dead: [],
        } as Answer
      }
      const different: string[] = []
      for (const { from, to, count, digest } of stretches) {
        const { rows } = await database.query<{ count: number; digest: string }>(stretchSql('receipt', 'link = $3'), [from, to, link])
        if (rows[0]?.count !== count || rows[0].digest !== digest) different.push(to)
      }
      return { different } as Answer
    },
  }
  return courier
}
