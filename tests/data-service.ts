// A service that reads over one data link and owns what is read over two others, as an operator sees it.
import type { Database } from '../cutover/database/database.ts'
import type { OpenReader } from '../cutover/reading/reader.ts'
import { dataRoutes } from '../cutover/service/data-routes.ts'
import { openStores, type Stores } from '../cutover/service/stores.ts'
import { installSwitches } from '../cutover/switch/switch.ts'
import { aWord, libraryDatabase, otherLink, wordLink, words, wordSource } from './copying.ts'
import { operate, type Operating, type OperatorAnswer } from './operator-calls.ts'
import { anOwner, readerOver } from './reading.ts'

export interface DataService extends Operating {
  /** The caller closes it. */
  readonly database: Database
  readonly stores: Stores
  readonly reader: OpenReader
  /** How often the other instances were told to read the reading switch anew. */
  readonly turns: () => number
  /** Turns the reading switch of L-2: to HTTP, not compared and under term 1, unless said otherwise. */
  turn(order: object): Promise<OperatorAnswer>
  copy(order: string, term?: number): Promise<OperatorAnswer>
  /** An instance that lives and declares this. */
  declare(id: string, ...capabilities: string[]): Promise<void>
  /** All that orders can change. */
  stand(): Promise<unknown>
}

/** It reads L-2, by HTTP and without a copy, and owns three words that others read over L-4 and L-5. */
export async function openDataService(): Promise<DataService> {
  const database = await libraryDatabase()
  const stores = openStores(database)
  await database.query('create table word (id uuid primary key, text text not null, size integer not null, tags jsonb not null)')
  for (const number of [1, 2, 3]) {
    const { id, text, size } = aWord(number, `w${number}`)
    await database.query(`insert into word values ($1, $2, $3, '[]')`, [id, text, size])
  }
  const owned = [
    { ...wordLink, id: 'L-4', from: 'adding', to: 'reading' },
    { ...otherLink, id: 'L-5', from: 'adding', to: 'drawing' },
  ]
  const links = [wordLink, ...owned]
  await installSwitches(stores.switch, 'adding', links)
  const opened = await readerOver(database, words, { answers: 'http', owner: anOwner(() => null) })
  const reader = opened as unknown as OpenReader
  const sources = [{ ...wordSource, revision: null, removed: null, links: { 'L-4': ['id', 'text'], 'L-5': ['id'] } }]
  let turns = 0
  const operating = await operate(
    dataRoutes({ service: 'adding', links, stores, readers: new Map([['L-2', reader]]), sources, turned: () => void turns++ }),
  )
  return {
    ...operating,
    database,
    stores,
    reader,
    turns: () => turns,
    turn: order => operating.post('/operator/readings', { link: 'L-2', answers: 'http', compares: false, term: 1, ...order }),
    copy: (order, term = 1) => operating.post('/operator/copies', { link: 'L-2', do: order, term }),
    declare: (id, ...capabilities) => stores.consumer.beat(id, { capabilities, versions: {}, build: 'b1', readings: {} }),
    async stand() {
      const jobs = await Promise.all(['L-2', 'L-4', 'L-5'].map(link => stores.snapshot.job(link)))
      const { state, rows } = await reader.store.state()
      const told = jobs.map(job => [job?.askedBy, job?.state, job?.copied])
      return [await stores.reading.all(), state, rows, told, await stores.switch.term()]
    },
  }
}
