// Readers of state that another service owns, for tests.
import type { Database } from '../cutover/database/database.ts'
import { openBreaker } from '../cutover/failure/breaker.ts'
import { type HttpClient, Unreachable } from '../cutover/http/client.ts'
import { type Clock, systemClock } from '../cutover/process/clock.ts'
import { openLog } from '../cutover/process/log.ts'
import { openOwner } from '../cutover/reading/owner.ts'
import { openReadingStore } from '../cutover/reading/postgres.ts'
import { type LinkReader, openReader, type OpenReader } from '../cutover/reading/reader.ts'
import type { Answers } from '../cutover/reading/store.ts'
import { openReadingCache } from '../cutover/reading/switch.ts'
import { type Kept, type ReplicaDefinition, type Row, waitFor } from '../cutover/replica/definition.ts'
import { openReplicaStore } from '../cutover/replica/postgres.ts'

/** A reader without services or databases: what the owner has is a map, by key. */
export interface TestReader<R extends Row> extends LinkReader<R> {
  readonly rows: Map<string, Kept<R>>
  away: boolean
}

export function aReader<R extends Row>(link: string): TestReader<R> {
  const rows = new Map<string, Kept<R>>()
  async function answer<Result>(result: Result): Promise<Result> {
    if (self.away) throw new Unreachable('nobody answers', { sent: false })
    return result
  }
  const self: TestReader<R> = {
    link,
    rows,
    away: false,
    get: key => answer(rows.get(key) ?? null),
    list(after, limit) {
      const keys = [...rows.keys()].filter(key => after === null || key > after).toSorted()
      return answer(keys.slice(0, limit).flatMap(key => rows.get(key) ?? []))
    },
    known: async (_, keys) => new Map([...rows].filter(([key]) => keys.includes(key)).map(([key, { row }]) => [key, row])),
    waitsFor: key => waitFor(link, key),
    answersFrom: () => 'http',
  }
  return self
}

/** An owner that is asked by HTTP, without a network: what it answers to a path, or null for what it does not know. Throws while it is away. */
export function anOwner(answer: (path: string) => unknown): HttpClient {
  return {
    async request({ path }) {
      const value = await answer(path)
      return value === null
        ? { status: 404, headers: {}, body: '{"code":"unknown"}' }
        : { status: 200, headers: {}, body: JSON.stringify(value) }
    },
    close: async () => undefined,
  }
}

/** The reader as a service has it, over a database in which the library is installed. A copy that answers is made. */
export async function readerOver<R extends Row>(
  database: Database,
  definition: ReplicaDefinition<R>,
  { answers, owner, clock = systemClock }: { readonly answers: Answers; readonly owner: HttpClient; readonly clock?: Clock },
): Promise<Omit<OpenReader, 'reader'> & { readonly reader: LinkReader<R> }> {
  const readings = openReadingStore(database)
  await readings.install([{ link: definition.link, answers }])
  const plain: ReplicaDefinition = definition
  const store = openReplicaStore(database, plain, 'test')
  if (answers === 'replica') await store.create()
  // The same breaker as a service's, but for chance.
  const breaker = openBreaker({ failuresMax: 3, firstMs: 500, maxMs: 5_000 }, clock, { next: () => 0.5, uuid: () => '' })
  const opened = openReader({
    definition: plain,
    instance: 'test',
    cache: await openReadingCache(readings),
    readings,
    store,
    owner: openOwner(plain, 'its owner', owner, breaker),
    clock,
    log: openLog({ service: 'test', instance: '1', level: 'fatal' }),
    read: () => undefined,
  })
  return { ...opened, reader: opened.reader as unknown as LinkReader<R> }
}
