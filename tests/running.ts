// What the tests of runs share: a plan of all verbs, an engine's database, and engines that are killed on command.
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Database, openDatabase } from 'cutover/database'
import { installMigrations } from 'cutover/database/install'
import type { Clock } from 'cutover/process/clock'
import { openLog } from 'cutover/process/log'
import { documentDigest } from 'cutover/registry'
import { freshDatabase } from './database.ts'
import { certifiedBy } from '../engine/certificate/certificate.ts'
import { openCertificates } from '../engine/certificate/postgres.ts'
import type { Certificates } from '../engine/certificate/store.ts'
import type { Lease } from '../engine/lease/lease.ts'
import { added, type ChangePlan, type LinkPlan, plan, type Plan, type PlanFor, step } from '../engine/plan/plan.ts'
import { consume } from '../engine/verbs/consume.ts'
import { drained } from '../engine/verbs/drained.ts'
import type { Portions } from '../engine/api/portions.ts'
import { parity } from '../engine/verbs/parity.ts'
import { portion } from '../engine/verbs/portion.ts'
import { producer } from '../engine/verbs/producer.ts'
import { produce } from '../engine/verbs/produce.ts'
import { register } from '../engine/verbs/register.ts'
import { retireCalls, retireEndpoint } from '../engine/verbs/retire.ts'
import { route } from '../engine/verbs/route.ts'
import { planOf } from '../engine/run/choice.ts'
import { openOrders, type Orders } from '../engine/run/orders.ts'
import { openRuns } from '../engine/run/postgres.ts'
import { advance, type RunnerPorts } from '../engine/run/runner.ts'
import { numberOf, type Runs, type StoredRun } from '../engine/run/store.ts'
import { openChangeWorld } from './small-change.ts'
import { creditEvent as event, creditLink as link, openTestWorld, type Subject, type TestWorld } from './small-world.ts'

/** The engine was killed. */
class Killed extends Error {}

const log = openLog({ service: 'engine', instance: 'test', level: 'silent' })
export const clock: Clock = { now: () => Date.now(), sleep: async () => undefined }
export const title = { en: 'a step', ru: 'шаг' }
export const toEventBy = (portions: Portions): LinkPlan =>
  plan({ id: link.id, link, to: 'event', procedure: 'Procedure 3', title }, [
    step('1', title, register(event, 0, ['hiring', 'bonuses'])),
    step('2', title, consume(link, { name: event.name, version: 0 }, 'record')),
    step('3', title, producer(link, 0), produce(link, 0)),
    step('4', title, parity(link, { pairs: 50, coverage: 99 })),
    added('4a', title, title, consume(link, { name: event.name, version: 0 }, 'act')),
    ...portions.map((share, at) => added(`4${'bcdef'.charAt(at)}`, title, title, portion(link, 'event', 0, share))),
    step('5', title, route(link, 'event', 0)),
    added('5a', title, title, drained(link, 'http')),
    step('6', title, retireCalls(link), retireEndpoint(link)),
  ])

export const toEvent = toEventBy([])
export const planFor: PlanFor = (of, to, { portions }) => (of.id === link.id && to === 'event' ? toEventBy(portions) : undefined)

/** A lease that is held, unless said otherwise. */
export const lease = (hold: Lease['hold'] = async () => undefined): Lease => ({
  name: 'lease',
  term: () => 7,
  required: () => 7,
  hold,
  start: async () => undefined,
  stop: async () => undefined,
})

export interface Setup {
  readonly database: Database
  readonly system: TestWorld
  readonly certificates: Certificates
  /** Lets time pass, as far as certificates are judged. */
  later(ms: number): void
  readonly runs: Runs
  readonly orders: Orders
  ports(run: string, runs?: Runs, plan?: Plan): RunnerPorts
  stored(run: string): Promise<StoredRun>
  /** Lets engines carry the run on until it rests, one after the other if they are killed. Answers with how many writes it took. */
  drive(run: string, kill?: (write: number, when: 'before' | 'after') => boolean): Promise<number>
  /** The same for a run that will not come to rest. */
  stall(run: string, watch?: (write: number) => void): Promise<void>
}

const movesMax = 2_000
/** A run that makes so many moves without an end will make no end. */
const stalledMoves = 500

/** A system in memory, and an engine's database of its own; with approvals by a second person, or without. Of another link and its plans, or of a change, if they are given. */
export async function setup(
  context: TestContext,
  approvals = false,
  other?: (Subject & { readonly planFor: PlanFor }) | { readonly change: ChangePlan },
): Promise<Setup> {
  const change = other !== undefined && 'change' in other ? other.change : undefined
  const subject = other === undefined || 'change' in other ? { link, event, on: 'http' as const, planFor } : other
  const own = await freshDatabase()
  const database = openDatabase({ url: own.url, name: 'runs-test', connectionsMax: 4, onIdleError: () => undefined })
  context.after(async () => {
    await database.close()
    await own.drop()
  })
  await installMigrations(database, [{ name: 'engine', folder: fileURLToPath(new URL('../engine/sql', import.meta.url)) }])
  let laterMs = 0
  const now = (): number => clock.now() + laterMs
  const certificates = openCertificates(database, lease(), now)
  const system =
    change === undefined
      ? openTestWorld(documentDigest(subject.event.versions[0] as object), certificates, now, subject)
      : openChangeWorld(change)
  const runs = openRuns(database, lease(), clock.now)
  const known = { links: [subject.link], planFor: subject.planFor, changes: change === undefined ? [] : [change] }
  const orders = openOrders({
    ...known,
    runs,
    world: system.world(null),
    certified: some => certifiedBy(certificates, some, now()),
    approvals,
  })
  const stored = async (run: string): Promise<StoredRun> => (await runs.get(numberOf(run) ?? 0)) as StoredRun
  const ports = (run: string, over = runs, plan?: Plan): RunnerPorts => ({
    runs: over,
    planOf: stored => plan ?? planOf(known, stored),
    worldOf: () => system.world(run),
    approvals,
    clock,
    log,
  })

  async function carry(run: string, kill: (write: number, when: 'before' | 'after') => boolean, movesMax: number): Promise<number | null> {
    let writes = 0
    const dying: Runs = {
      ...runs,
      async write(...all) {
        writes++
        if (kill(writes, 'before')) throw new Killed()
        await runs.write(...all)
        if (kill(writes, 'after')) throw new Killed()
      },
    }
    for (let moves = 0; moves < movesMax; moves++) {
      try {
        if ((await advance(ports(run, dying), await stored(run), 7)) === null) return writes
      } catch (error) {
        if (!(error instanceof Killed)) throw error
      }
    }
    return null
  }

  return {
    database,
    system,
    certificates,
    later: ms => void (laterMs += ms),
    runs,
    orders,
    ports,
    stored,
    async drive(run, kill = () => false) {
      const writes = await carry(run, kill, movesMax)
      assert.ok(writes !== null, 'the run does not come to rest')
      return writes
    },
    async stall(run, watch = () => undefined) {
      const writes = await carry(run, write => (watch(write), false), stalledMoves)
      assert.equal(writes, null, 'the run came to rest')
    },
  }
}
