// A service of the school as its callers see it: its routes over a database of its own, and what it states.
import { fileURLToPath } from 'node:url'
import { type Database, openDatabase } from '../cutover/database/database.ts'
import { installMigrations } from '../cutover/database/install.ts'
import { extendProblems } from '../cutover/failure/problem.ts'
import { openServer, type RouteDefinition } from '../cutover/http/server.ts'
import type { Caller } from '../cutover/http/tokens.ts'
import { openIdempotencyStore } from '../cutover/idempotency/postgres.ts'
import { type Once, openOnce } from '../cutover/idempotency/once.ts'
import type { Sender } from '../cutover/outbox/sender.ts'
import { systemClock, systemRandom } from '../cutover/process/clock.ts'
import { openLog } from '../cutover/process/log.ts'
import { problems } from '../school/contracts/problems.ts'
import { freshDatabase } from './database.ts'

extendProblems(problems)

export interface Answer {
  readonly status: number
  readonly body: Record<string, unknown>
}

export interface Told {
  readonly factId: string
  readonly event: string
  readonly payload: Record<string, unknown>
  readonly revision: number | null
  readonly removed: boolean
}

export interface Served {
  readonly database: Database
  /** What was recorded in transactions that committed, in order. */
  readonly told: Told[]
  call(
    as: Caller,
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    body?: object,
    headers?: Record<string, string>,
  ): Promise<Answer>
}

export const person = (subject: string, role: 'manager' | 'candidate' | 'admin'): Caller => ({ kind: 'person', subject, role })
export const service = (name: string, link: string): Caller => ({ kind: 'service', service: name, link })

export async function serveSchool(
  name: 'management' | 'hiring',
  routes: (database: Database, once: Once) => readonly RouteDefinition[],
): Promise<Served> {
  const { url } = await freshDatabase()
  const database = openDatabase({ url, name: 'test', connectionsMax: 4, onIdleError: () => undefined })
  await installMigrations(database, [
    { name: 'cutover', folder: fileURLToPath(new URL('../cutover/sql', import.meta.url)) },
    { name, folder: fileURLToPath(new URL(`../school/${name}/db`, import.meta.url)) },
  ])
  const told: Told[] = []
  const sender: Sender = {
    async transaction(work) {
      const own: Told[] = []
      const result = await database.transaction(tx =>
        work(tx, (event, payload, { revision = null, removed = false } = {}) => {
          const factId = systemRandom.uuid()
          own.push({ factId, event: event.name, payload, revision, removed })
          return factId
        }),
      )
      told.push(...own)
      return result
    },
  }
  let caller: Caller
  const server = await openServer({
    service: name,
    port: 0,
    routes: routes(database, openOnce({ sender, store: openIdempotencyStore(database), clock: systemClock })),
    verifier: { verify: async () => caller },
    log: openLog({ service: 'test', instance: '1', level: 'fatal' }),
    ready: async () => ({}),
  })
  return {
    database,
    told,
    async call(as, method, url, body, more = {}) {
      caller = as
      const headers = { authorization: 'Bearer any', ...more, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }
      const answer = await server.inject({ method, url, headers, ...(body === undefined ? {} : { payload: JSON.stringify(body) }) })
      return { status: answer.statusCode, body: answer.body === '' ? {} : answer.json<Record<string, unknown>>() }
    },
  }
}
