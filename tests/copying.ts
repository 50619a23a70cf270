// A small data link, L-2: words that one service owns and another keeps copies of, whatever the two are told by.
import { fileURLToPath } from 'node:url'
import { defineEvent, type LinkContract, topicName } from '../cutover/contract/contract.ts'
import type { Message } from '../cutover/contract/message.ts'
import { type Database, openDatabase } from '../cutover/database/database.ts'
import { installMigrations } from '../cutover/database/install.ts'
import { systemRandom } from '../cutover/process/clock.ts'
import { openReceiveStore } from '../cutover/receive/postgres.ts'
import { openReceiver, type Receiver } from '../cutover/receive/receiver.ts'
import { openRegistry } from '../cutover/registry/registry.ts'
import { defineReplica, type ReplicaDefinition } from '../cutover/replica/definition.ts'
import { replicaHandler } from '../cutover/replica/handler.ts'
import { openReplicaStore } from '../cutover/replica/postgres.ts'
import type { ReplicaStore } from '../cutover/replica/store.ts'
import type { SourceDefinition } from '../cutover/snapshot/source.ts'
import { freshDatabase } from './database.ts'

export type Word = { readonly id: string; readonly text: string; readonly size: number; readonly tags: readonly string[] }

const payload = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    text: { type: 'string' },
    size: { type: 'integer' },
    tags: { type: 'array', items: { type: 'string' } },
  },
  required: ['id', 'text', 'size', 'tags'],
} as const
const document = {
  title: 'WordChanged',
  type: 'object',
  properties: {
    payload,
    meta: {
      type: 'object',
      properties: {
        event_id: { type: 'string' },
        event_version: { enum: [0] },
        event_name: { enum: ['WordChanged'] },
        produced_at: { type: 'string' },
      },
      required: ['event_id', 'event_version', 'event_name', 'produced_at'],
    },
  },
  required: ['payload', 'meta'],
} as const

export const WordChanged = defineEvent({
  name: 'WordChanged',
  service: 'counting',
  topic: topicName('counting', 'WordChanged'),
  partitions: 1,
  versions: [document],
  bounds: document,
  orderKey: word => word.id,
  businessKey: (word, revision) => `WordChanged:${word.id}:${revision}`,
})

export const wordLink: LinkContract = {
  id: 'L-2',
  from: 'counting',
  to: 'adding',
  kind: 'data',
  title: 'reads words',
  event: 'WordChanged',
  http: { method: 'GET', path: '/words/{id}' },
  start: 'http',
  order: 'revision',
}
/** Another link that carries the same event. */
export const otherLink: LinkContract = { ...wordLink, id: 'L-3', to: 'reading', title: 'reads words as well' }

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export const wordIn = (value: unknown): Word | null => {
  const { id, text, size, tags } = (value ?? {}) as Partial<Word>
  return typeof id === 'string' && uuid.test(id) && typeof text === 'string' && Number.isInteger(size) && Array.isArray(tags)
    ? { id, text, size: size as number, tags }
    : null
}

export const words: ReplicaDefinition<Word> = defineReplica<Word>({
  link: 'L-2',
  table: 'word_copy',
  key: ['id'],
  columns: { id: 'uuid', text: 'text', size: 'integer', tags: 'jsonb' },
  read: wordIn,
  path: ([id = '']) => `/words/${id}`,
  list: {
    path: (after, limit) => `/words?limit=${limit}${after === null ? '' : `&after=${after}`}`,
    rows: answer => ((answer ?? {}) as { words?: readonly unknown[] }).words ?? [],
  },
})

/** The owner's table, `word`. */
export const wordSource: SourceDefinition = {
  links: { 'L-2': ['id', 'text', 'size', 'tags'] },
  event: WordChanged,
  from: 'word where true',
  table: 'word',
  cursor: { column: 'id', type: 'uuid' },
  key: [{ column: 'id', type: 'uuid' }],
  columns: { id: 'id', text: 'text', size: 'size', tags: 'tags' },
  revision: 'revision',
  removed: 'removed',
}

/** The id of the word with this number: ids rise with it. */
export const idOf = (number: number): string => `00000000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`

export const aWord = (number: number, text: string, more: Partial<Word> = {}): Word => ({
  id: idOf(number),
  text,
  size: text.length,
  tags: [text],
  ...more,
})

/** A revision of a word on its way, as its owner would have told it. */
export function telling(word: object, revision: number, more: Partial<Message> = {}): Message {
  const factId = systemRandom.uuid()
  const meta = { event_id: factId, event_version: 0, event_name: 'WordChanged', produced_at: '2026-01-01T00:00:00Z' }
  const { id } = word as Word
  return {
    factId,
    event: 'WordChanged',
    version: 0,
    businessKey: `WordChanged:${id}:${revision}`,
    orderKey: id,
    revision,
    source: 'counting',
    position: '1',
    stamps: { 'L-2': { route: 'event', epoch: 1 } },
    traceparent: null,
    bytes: JSON.stringify({ payload: word, meta }),
    ...more,
  }
}

/** A database with the library's tables. The caller closes it. */
export async function libraryDatabase(made?: { readonly url: string }): Promise<Database> {
  const { url } = made ?? (await freshDatabase())
  const database = openDatabase({ url, name: 'adding-1', connectionsMax: 12, onIdleError: () => undefined })
  await installMigrations(database, [{ name: 'cutover', folder: fileURLToPath(new URL('../cutover/sql', import.meta.url)) }])
  return database
}

export interface Copying {
  readonly database: Database
  readonly store: ReplicaStore
  readonly receiver: Receiver
  /** One batch, in one transaction, as the consumer does it: what became of each. */
  take(...messages: readonly Message[]): Promise<string[]>
  /** `id revision text` of every row, with a mark at tombstones. */
  rows(): Promise<string[]>
}

/** A reader with its copy, empty. */
export async function openCopying(made?: { readonly url: string }): Promise<Copying> {
  const database = await libraryDatabase(made)
  const definition = words as unknown as ReplicaDefinition
  const store = openReplicaStore(database, definition, 'adding-1')
  await store.create()
  const receiver = openReceiver(wordLink, replicaHandler(definition, store), openRegistry([WordChanged]), openReceiveStore(database))
  return {
    database,
    store,
    receiver,
    take: (...messages) => database.transaction(async tx => (await receiver.receive(tx, messages, 'event')).map(outcome => outcome.is)),
    async rows() {
      const { rows } = await database.query<{ row: string }>(
        `select right(id::text, 2) || ' ' || revision || ' ' || text || case when removed then ' removed' else '' end as row from word_copy order by id`,
      )
      return rows.map(({ row }) => row)
    },
  }
}
