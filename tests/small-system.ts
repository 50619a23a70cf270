// A whole system of two services and an engine in one process: real databases, a real log, real loops and real HTTP between
// them. `counting` states amounts over L-1 and owns the words that `adding` reads over L-2.
import type { TestContext } from 'node:test'
import { Registry as Metrics } from 'prom-client'
import { openPostgresLog } from '../cutover/broker/postgres/log.ts'
import type { Broker } from '../cutover/broker/broker.ts'
import { possibleCapabilities, startingCapabilities } from '../cutover/contract/capability.ts'
import type { EventContract, LinkContract } from '../cutover/contract/contract.ts'
import { type Database, openDatabase } from '../cutover/database/database.ts'
import { openDoorbell } from '../cutover/database/doorbell.ts'
import { type RouteDefinition, type Server, tokenDigest } from '../cutover/http/server.ts'
import { aServer } from '../cutover/http/testing.ts'
import type { Verifier } from '../cutover/http/tokens.ts'
import { defaultPartitions, ensurePartitions } from '../cutover/outbox/partitions.ts'
import type { Sender } from '../cutover/outbox/sender.ts'
import { type Clock, systemClock, systemRandom } from '../cutover/process/clock.ts'
import { openLog } from '../cutover/process/log.ts'
import type { Running } from '../cutover/process/process.ts'
import { openRegistry, registerVersions } from '../cutover/registry/registry.ts'
import { dataRoutes } from '../cutover/service/data-routes.ts'
import { diagnosisRoutes } from '../cutover/service/diagnosis-routes.ts'
import { linkRoutes } from '../cutover/service/link-routes.ts'
import { openMeters } from '../cutover/service/meter.ts'
import { operatorRoutes } from '../cutover/service/operator.ts'
import { planRoutes } from '../cutover/service/plan-routes.ts'
import { auditOver, copyAudit } from '../cutover/service/postgres.ts'
import { openPresence } from '../cutover/service/presence.ts'
import { openReadings } from '../cutover/service/readings.ts'
import { openReceiving } from '../cutover/service/receiving.ts'
import { openSending } from '../cutover/service/sending.ts'
import { seriesRoutes } from '../cutover/service/series-routes.ts'
import { openStores, type Stores } from '../cutover/service/stores.ts'
import { topicRoutes } from '../cutover/service/topic-routes.ts'
import { traceRoutes } from '../cutover/service/trace-routes.ts'
import { installSwitches, openSwitchCache } from '../cutover/switch/switch.ts'
import { openEngine } from '../engine/engine.ts'
import { openCertificates } from '../engine/certificate/postgres.ts'
import type { Found } from '../engine/doctor/found.ts'
import { gather } from '../engine/doctor/gather.ts'
import type { RunView } from '../engine/api/plan.ts'
import { generatePlan } from '../engine/procedures/generate.ts'
import { openDirectory } from '../engine/services/directory.ts'
import { wordLink, words, WordChanged, wordSource } from './copying.ts'
import { type Adding, Counted, countingDatabase, countLink, openAdding } from './counting.ts'
import { freshDatabase } from './database.ts'
import { lease } from './running.ts'

export const links: readonly LinkContract[] = [countLink, wordLink]
export const events: readonly EventContract[] = [Counted, WordChanged] as readonly EventContract[]
const log = openLog({ service: 'test', instance: '1', level: 'silent' })

const anOperation = { method: 'GET', summary: '' } as const

export interface SmallService {
  readonly name: string
  readonly database: Database
  readonly stores: Stores
  readonly server: Server
  readonly sender: Sender
  readonly adding: Adding
  /** By how much its process's clock is off. */
  skewMs: number
  /** What it tells of its ledger. */
  ledger: { balanced: boolean; sum: number }
}

export interface SmallSystem {
  readonly counting: SmallService
  readonly adding: SmallService
  readonly broker: Broker
  readonly engineDatabase: Database
  /** Calls the engine as the operator. */
  call<Answer>(method: 'GET' | 'POST', path: string, body?: object): Promise<{ readonly status: number; readonly body: Answer }>
  /** What the doctor sees now. */
  found(): Promise<Found>
  /** The address of the engine. */
  readonly url: string
  /** States a fact of L-1, with what it waits for, and answers with its id. */
  state(key: string, needs?: string): Promise<string>
}

/** Its services can do what the starting routes need, or everything. */
export async function openSmallSystem(context: TestContext, able: 'needed' | 'all' = 'needed'): Promise<SmallSystem> {
  const closing: (() => Promise<unknown>)[] = []
  context.after(async () => {
    for (const close of closing.toReversed()) await close()
  })
  const logUrl = (await freshDatabase()).url
  const broker = openPostgresLog({ url: logUrl, name: 'test', log })
  closing.push(() => broker.close())
  // Whoever is called later is found by then.
  const urls: Record<string, string[]> = { counting: [], adding: [] }
  const adding = await openService('adding')
  const counting = await openService('counting')
  const directory = openDirectory(urls, { token: async () => 'secret' })
  closing.push(() => directory.close())

  async function openService(name: string): Promise<SmallService> {
    const database = await countingDatabase()
    const doorbell = openDoorbell(database, log)
    closing.push(
      () => database.close(),
      () => doorbell.close(),
    )
    await database.query(`create table word (id uuid primary key, text text not null, size integer not null, tags jsonb not null,
      revision bigint not null default 1, removed boolean not null default false)`)
    await database.query('create table counted (key text primary key, fact_id uuid not null)')
    const stores = openStores(database)
    const registry = openRegistry(events)
    await ensurePartitions(stores.outbox, defaultPartitions)
    await registerVersions(stores.registry, events)
    await installSwitches(stores.switch, name, links)
    const instance = '1'
    const capabilities = able === 'all' ? possibleCapabilities(links, name, events) : startingCapabilities(links, name)
    const self: { skewMs: number; ledger: SmallService['ledger'] } = { skewMs: 0, ledger: { balanced: true, sum: 0 } }
    const clock: Clock = { ...systemClock, now: () => systemClock.now() + self.skewMs }
    const meters = openMeters(links, systemClock, new Metrics())
    const switches = await openSwitchCache(stores.switch)
    const signer = { token: async ({ link }: { link?: string }) => `${name}.${link ?? ''}` }
    const seams = {
      service: name,
      instance,
      capabilities,
      links,
      events,
      stores,
      doorbell,
      registry,
      meters,
      log,
      clock: systemClock,
      random: systemRandom,
    }
    const sending = openSending({ ...seams, outboxMax: 1_000_000, broker, switches, signer, urls })
    const readings = await openReadings({ ...seams, database, signer, urls })
    if (name === 'adding') readings.read(words)
    await readings.install()
    const handled = openAdding()
    const handlers = name === 'adding' ? { 'L-1': handled.handler, ...readings.handlers() } : {}
    const receiving = openReceiving({ ...seams, broker, handlers, gather: readings.gather(undefined) })
    const seen = { lanes: sending.lanes, consumers: receiving.consumers }
    const audits =
      name === 'adding'
        ? [
            auditOver(database, {
              link: 'L-1',
              side: 'effect',
              from: 'effect where true',
              cursor: { column: 'key', type: 'text' },
              key: [{ column: 'key', type: 'text' }],
              content: { amount: 'amount' },
            }),
            copyAudit(database, words),
          ]
        : [
            auditOver(database, {
              link: 'L-1',
              side: 'fact',
              from: 'counted where true',
              cursor: { column: 'key', type: 'text' },
              key: [{ column: 'key', type: 'text' }],
              factId: 'fact_id',
              content: {},
            }),
          ]
    const own: RouteDefinition[] = [
      { ...anOperation, policy: 'operator', path: '/operator/ledger', operationId: 'ledger', handle: async () => ({ body: self.ledger }) },
      {
        ...anOperation,
        policy: { links: [{ from: 'adding', link: 'L-2' }] },
        path: '/words/{id}',
        operationId: 'word',
        handle: async () => ({ status: 404, body: { code: 'word_unknown' } }),
      },
    ]
    const verifier: Verifier = {
      async verify(token) {
        const [service = '', link = ''] = token.split('.')
        return { kind: 'service', service, link: link === '' ? null : link }
      },
    }
    const sources = name === 'counting' ? [wordSource] : []
    const server = await aServer(
      [
        ...own,
        ...linkRoutes(receiving.links, receiving.doors, stores.receive, receiving.compares),
        ...planRoutes({ service: name, links, events, stores }),
        ...seriesRoutes(new Metrics()),
        ...diagnosisRoutes({
          service: name,
          instance,
          build: 'test',
          links,
          events,
          broker,
          stores,
          readers: readings.all,
          clock,
          ...seen,
        }),
        ...traceRoutes({ service: name, events, stores, audits }),
        ...topicRoutes({ service: name, events, broker, stores, clock: systemClock }),
        ...dataRoutes({ service: name, links, stores, readers: readings.all, sources, turned: () => void readings.reload() }),
        ...operatorRoutes({
          ...seams,
          switches,
          audits,
          readings: () => stores.reading.all(),
          ...seen,
          breakers: sending.breakers,
          direct: sending.direct,
          meters: meters.byLink,
          flipped: () => doorbell.ring('switch'),
        }),
      ],
      { service: name, verifier, operatorTokenDigest: tokenDigest('secret') },
    )
    const presence = openPresence({
      instance,
      declaration: () => ({ capabilities, versions: receiving.versions, build: 'test', readings: readings.epochs() }),
      links: receiving.links,
      events,
      stores,
      clock: systemClock,
      log,
    })
    const parts: Running[] = [server, presence, readings.running, receiving.running, sending.running]
    for (const part of parts) {
      await part.start()
      closing.push(() => part.stop())
      if (part === server) urls[name]?.push(server.url)
    }
    return Object.assign(self, { name, database, stores, server, sender: sending.sender, adding: handled })
  }

  const made = await freshDatabase()
  const engineDatabase = openDatabase({ url: made.url, name: 'engine-test', connectionsMax: 8, onIdleError: () => undefined })
  const { server, parts } = await openEngine(
    {
      links,
      events,
      planFor: (link, to) => generatePlan(link, to, events),
      expectations: [],
      ledger: 'adding',
      code: { 'L-1': { states: 'tests/small-system.ts', acts: 'tests/counting.ts' } },
    },
    {
      database: engineDatabase,
      directory,
      deployer: null,
      name: 'test',
      port: 0,
      operatorToken: 'operator',
      approverToken: null,
      approvals: false,
      consoleFolder: null,
      dataFolder: import.meta.dirname,
      log,
    },
  )
  for (const part of parts) {
    await part.start()
    closing.push(() => part.stop())
  }

  async function call<Answer>(method: 'GET' | 'POST', path: string, body?: object): Promise<{ status: number; body: Answer }> {
    const headers = { authorization: 'Bearer operator', ...(body === undefined ? {} : { 'content-type': 'application/json' }) }
    const answer = await fetch(`${server.url}${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
    return { status: answer.status, body: (await answer.json()) as Answer }
  }

  const now = (): number => systemClock.now()
  return {
    counting,
    adding,
    broker,
    engineDatabase,
    url: server.url,
    call,
    found: () =>
      gather({
        links,
        events,
        directory,
        database: engineDatabase,
        certificates: openCertificates(engineDatabase, lease(), now),
        runs: async () =>
          (await call<RunView[]>('GET', '/api/runs')).body.filter(({ state }) => state !== 'reverted' && state !== 'completed'),
        ledger: 'adding',
        folder: import.meta.dirname,
        now,
      }),
    state: (key, needs = '') =>
      counting.sender.transaction(async (tx, record) => {
        const fact = record(Counted, { key, amount: 1, needs })
        await tx.query('insert into counted values ($1, $2)', [key, fact])
        return fact
      }),
  }
}
