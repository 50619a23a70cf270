import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import {
  aWord,
  type Copying,
  idOf,
  openCopying,
  otherLink,
  telling,
  WordChanged,
  wordLink,
  words,
  wordSource,
} from '../../tests/copying.ts'
import { crashing } from '../../tests/crashing.ts'
import { figure } from '../../tests/tables.ts'
import type { Database } from '../database/database.ts'
import { ensurePartitions } from '../outbox/partitions.ts'
import { openSender, type Sender } from '../outbox/sender.ts'
import { type Clock, systemClock, systemRandom } from '../process/clock.ts'
import { openLog } from '../process/log.ts'
import { openRegistry, registerVersions } from '../registry/registry.ts'
import type { Audit } from '../service/audit.ts'
import { copyAudit, sourceAudits } from '../service/postgres.ts'
import { openStores } from '../service/stores.ts'
import { flip, installSwitches, openSwitchCache } from '../switch/switch.ts'
import { openSnapshotStore } from './postgres.ts'
import { runSnapshots } from './snapshot.ts'
import type { SnapshotJob } from './store.ts'

const log = openLog({ service: 'test', instance: '1', level: 'fatal' })
const links = [wordLink, otherLink]
const open: Database[] = []
after(async () => {
  await Promise.all(open.map(database => database.close()))
})

/** The owner, with the reader's copy in the same database. */
interface Telling extends Copying {
  readonly sender: Sender
  begin(run: string): Promise<void>
  cancel(run: string): Promise<void>
  produce(): Promise<unknown>
  job(): Promise<SnapshotJob | null>
  /** Tells over this database until it is over, or its user has crashed. */
  tell(over?: Database): Promise<void>
  /** `number revision` of each fact that was stated, in order. */
  facts(): Promise<string[]>
  /** The next revision of a word, told if the switch says so. */
  change(number: number, text: string, removed?: boolean): Promise<void>
  /** Gives the copy all facts, those of the whole history that was told. */
  deliver(order?: 'as told' | 'backwards'): Promise<void>
  /** Rows in which the two sides differ. */
  differing(): Promise<number>
}

async function senderOver(database: Database): Promise<Sender> {
  const stores = openStores(database)
  return openSender({
    service: 'counting',
    store: stores.outbox,
    switches: await openSwitchCache(stores.switch),
    links,
    registry: openRegistry([WordChanged]),
    clock: systemClock,
    random: systemRandom,
    deliverNow: () => undefined,
    committed: () => undefined,
  })
}

async function setup(rows: number): Promise<Telling> {
  const copying = await openCopying()
  const { database, take } = copying
  open.push(database)
  const stores = openStores(database)
  await database.query(
    'create table word (id uuid primary key, text text not null, size integer not null, tags jsonb not null, revision bigint not null default 1, removed boolean not null default false)',
  )
  for (let number = 1; number <= rows; number++) {
    const { id, text, size, tags } = aWord(number, `w${number}`)
    await database.query('insert into word (id, text, size, tags) values ($1, $2, $3, $4)', [id, text, size, JSON.stringify(tags)])
  }
  await ensurePartitions(stores.outbox, { rows: 10_000, ahead: 2, keepMinutes: 60 })
  await registerVersions(stores.registry, [WordChanged])
  await installSwitches(stores.switch, 'counting', links)
  const sender = await senderOver(database)
  const store = openSnapshotStore(database)
  const produce = (link = 'L-2'): Promise<unknown> => flip(stores.switch, { link, route: 'event', term: 1 }, systemClock, systemRandom)
  return {
    ...copying,
    sender,
    produce,
    begin: run => database.transaction(tx => store.begin(tx, wordSource, 'L-2', run)),
    cancel: run => database.transaction(tx => store.cancel(tx, 'L-2', run)),
    job: () => store.job('L-2'),
    async tell(over = database) {
      const stop = new AbortController()
      // Every rest is a look whether it is over: nothing here depends on how long anything takes.
      const clock: Clock = {
        now: () => 0,
        async sleep() {
          if (
            (
              await openSnapshotStore(over)
                .unfinished()
                .catch(() => [])
            ).length === 0
          )
            stop.abort()
        },
      }
      await runSnapshots({ sources: [wordSource], sender: await senderOver(over), store: openSnapshotStore(over), clock, log }, stop.signal)
    },
    async facts() {
      const { rows: stated } = await database.query<{ fact: string }>(
        `select (bytes::json->'payload'->>'text') || ' ' || revision as fact from outbox order by position`,
      )
      return stated.map(one => one.fact)
    },
    change: (number, text, removed = false) =>
      sender.transaction(async (tx, record) => {
        const { rows: changed } = await tx.query<{ revision: string }>(
          'update word set text = $2, removed = $3, revision = revision + 1 where id = $1 returning revision',
          [idOf(number), text, removed],
        )
        record(WordChanged, aWord(number, text, { size: `w${number}`.length, tags: [`w${number}`] }), {
          revision: Number(changed[0]?.revision),
          removed,
        })
      }),
    async deliver(order = 'as told') {
      const { rows: all } = await database.query<{ word: object; revision: string; removed: boolean }>(
        `select bytes::json->'payload' as word, revision, removed from outbox where stamps ? 'L-2' order by position ${order === 'backwards' ? 'desc' : ''}`,
      )
      for (let from = 0; from < all.length; from += 50)
        await take(...all.slice(from, from + 50).map(({ word, revision, removed }) => telling(word, Number(revision), { removed })))
    },
    async differing() {
      const [source] = sourceAudits(database, wordSource)
      const rowsOf = async (audit: Audit | undefined): Promise<Map<string, string>> =>
        new Map((await audit?.page(null, 10_000))?.rows.map(({ key, content }) => [key, JSON.stringify(content)]))
      const owner = await rowsOf(source)
      const copy = await rowsOf(copyAudit(database, words))
      const keys = new Set([...owner.keys(), ...copy.keys()])
      return [...keys].filter(one => owner.get(one) !== copy.get(one)).length
    },
  }
}

const all = (count: number): string[] => Array.from({ length: count }, (_, at) => `w${at + 1} 1`)

test('every row is told once, in order, over that link alone, and the copy equals its original', async () => {
  const { database, begin, produce, tell, facts, job, deliver, differing } = await setup(250)
  await produce()
  await flip(openStores(database).switch, { link: 'L-3', route: 'event', term: 1 }, systemClock, systemRandom)
  await begin('run-1')
  await tell()
  assert.deepEqual(await facts(), all(250))
  const { rows } = await database.query(`select distinct array(select jsonb_object_keys(stamps)) as links from outbox`)
  assert.deepEqual(rows, [{ links: ['L-2'] }])
  const { state, total, copied, through } = (await job()) ?? assert.fail()
  assert.deepEqual([state, total, copied, through], ['done', 250, 250, '250'])
  await deliver()
  assert.equal(await differing(), 0)
})

test('an owner with no rows, who has never stated anything, has told everything', async () => {
  const { begin, produce, tell, job } = await setup(0)
  await produce()
  await begin('run-1')
  await tell()
  const { state, total, copied, through } = (await job()) ?? assert.fail()
  assert.deepEqual([state, total, copied, through], ['done', 0, 0, '0'])
})

test('the same run asking again changes nothing, another one begins anew, and so does who had given it up', async () => {
  const { begin, cancel, produce, tell, facts, job } = await setup(3)
  await produce()
  await begin('run-1')
  await tell()
  await begin('run-1')
  await tell()
  assert.deepEqual(await facts(), all(3))
  await begin('run-2')
  assert.deepEqual([(await job())?.state, (await job())?.askedBy, (await job())?.copied], ['telling', 'run-2', 0])
  await tell()
  assert.equal((await facts()).length, 6)
  await cancel('run-2')
  await begin('run-2')
  await cancel('run-2')
  await tell()
  assert.deepEqual([(await facts()).length, (await job())?.state], [6, 'cancelled'])
  await begin('run-2')
  await tell()
  assert.equal((await facts()).length, 9)
})

test('nothing is told while the link is not produced, or while live facts queue', async () => {
  const { database, begin, produce, facts, job, tell } = await setup(3)
  await begin('run-1')
  const store = openSnapshotStore(database)
  const taken = (): Promise<unknown> => database.transaction(tx => store.take(tx, 'L-2'))
  assert.equal(await taken(), undefined)
  await produce()
  assert.notEqual(await taken(), undefined)
  await database.query(`select setval('outbox_position', 3000)`)
  let looks = 0
  const stop = new AbortController()
  const clock: Clock = {
    now: () => 0,
    async sleep() {
      // Half-way the lane has caught up.
      if (++looks === 3) assert.deepEqual([await facts(), (await job())?.state], [[], 'telling'])
      if (looks === 3) await database.query(`insert into relay_lane (lane, position) values ('event', 3000)`)
      if (looks > 3 && (await store.unfinished()).length === 0) stop.abort()
    },
  }
  await runSnapshots({ sources: [wordSource], sender: await senderOver(database), store, clock, log }, stop.signal)
  await tell()
  assert.deepEqual(await facts(), all(3))
})

test('two instances at once tell every page once', async () => {
  const { begin, produce, tell, facts } = await setup(450)
  await produce()
  await begin('run-1')
  await Promise.all([tell(), tell(), tell()])
  assert.deepEqual((await facts()).toSorted(), all(450).toSorted())
})

test('what changes and what is removed while it is told ends right at the reader, in whatever order it arrives', async () => {
  const { database, begin, produce, tell, change, deliver, differing } = await setup(320)
  await produce()
  await begin('run-1')
  const changing = (async () => {
    for (let round = 0; round < 4; round++)
      for (const number of [1, 99, 150, 220, 319]) await change(number, `c${round}`, round === 3 && number === 150)
  })()
  await Promise.all([tell(), changing])
  await deliver('backwards')
  assert.equal(await differing(), 0)
  await deliver()
  assert.equal(await differing(), 0)
  assert.equal(await figure(database, 'select count(*) from word_copy where removed'), 1)
})

for (const when of ['before', 'after'] as const) {
  test(`a crash ${when} any statement of the telling loses no row and tells none twice`, async () => {
    const { database, begin, produce, tell, facts, job } = await setup(120)
    await produce()
    let crashes = 0
    for (let at = 0; ; at++) {
      await database.query('truncate outbox, relay_lane')
      // All of the rounds before is published: nothing queues.
      await database.query(`insert into relay_lane (lane, position) select 'event', last_value from outbox_position`)
      await begin(`run-${at}`)
      const mortal = crashing(database, at, when)
      await tell(mortal.database).catch(() => undefined)
      await tell()
      assert.deepEqual([await facts(), (await job())?.state], [all(120), 'done'], `crash ${when} statement ${at}`)
      if (!mortal.crashed()) break
      crashes++
    }
    assert.ok(crashes > 10, `${crashes} crashes`)
  })
}
