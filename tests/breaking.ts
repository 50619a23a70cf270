// What can be broken for real in the system of `small-system.ts`, how it is mended, and what the doctor has to find meanwhile.
import assert from 'node:assert/strict'
import { systemClock, systemRandom } from '../cutover/process/clock.ts'
import { flip } from '../cutover/switch/switch.ts'
import type { FindingCode } from '../engine/api/doctor.ts'
import type { SmallSystem } from './small-system.ts'

export interface Broken {
  readonly what: string
  readonly code: FindingCode
  /** What the finding is about. */
  readonly where: string
  /** The command that repairs it, or the first of several. */
  readonly command: string | undefined
  /** Breaks it, and answers with what mends it: the command itself, as the engine takes it, where there is one. */
  breaks(system: SmallSystem): Promise<() => Promise<unknown>>
}

const operator = { authorization: 'Bearer secret', 'content-type': 'application/json' }
const termOf = async ({ engineDatabase }: SmallSystem): Promise<number> =>
  Number((await engineDatabase.query<{ term: string }>('select term from engine_lease')).rows[0]?.term)

/** Another instance of the sender, which lives and says this of itself. */
async function another({ counting }: SmallSystem, declaration: string): Promise<() => Promise<unknown>> {
  await counting.database.query(`insert into instance (id, until, capabilities) values ('2', 'infinity', $1)`, [declaration])
  return () => counting.database.query(`delete from instance where id = '2'`)
}
const able = JSON.stringify(['call:L-1', 'serve:L-2'])

/** Turns the sender's switch without the engine, as nobody should. */
async function turned(
  system: SmallSystem,
  to: { route: 'http' | 'event'; share?: number; shadow: boolean },
): Promise<() => Promise<unknown>> {
  await flip(system.counting.stores.switch, { link: 'L-1', ...to, term: await termOf(system) }, systemClock, systemRandom)
  return async () => assert.equal((await system.call('POST', '/api/links/L-1/switch', { to: 'http' })).status, 200)
}

async function orderCopy(system: SmallSystem, what: string): Promise<void> {
  const body = JSON.stringify({ link: 'L-2', do: what, term: await termOf(system) })
  assert.equal((await fetch(`${system.adding.server.url}/operator/copies`, { method: 'POST', headers: operator, body })).status, 200)
}

export const breaks: readonly Broken[] = [
  {
    what: 'a database that was restored: a peer knows a higher epoch',
    code: 'epoch_behind',
    where: 'counting',
    command: 'npx cutover epoch counting --raise',
    async breaks({ adding, call }) {
      await adding.database.query(`insert into epoch_seen (link, epoch) values ('L-1', 41) on conflict (link) do update set epoch = 41`)
      return async () => assert.deepEqual((await call<{ epoch: number }>('POST', '/api/services/counting/epoch', {})).body.epoch, 42)
    },
  },
  {
    what: 'a service that uses another database than before',
    code: 'database_changed',
    where: 'counting',
    command: 'npx cutover epoch counting --raise',
    async breaks({ engineDatabase, call }) {
      await engineDatabase.query(`update service_database set database = 'another' where service = 'counting'`)
      return () => call('POST', '/api/services/counting/epoch', {})
    },
  },
  {
    what: 'a link that nobody has moved and that is elsewhere',
    code: 'route_unexplained',
    where: 'L-1',
    command: 'npx cutover switch L-1 --to http',
    breaks: system => turned(system, { route: 'event', shadow: false }),
  },
  {
    what: 'a share that was left',
    code: 'share_left',
    where: 'L-1',
    command: 'npx cutover switch L-1 --to http',
    breaks: system => turned(system, { route: 'http', share: 30, shadow: false }),
  },
  {
    what: 'a shadow that nobody compares',
    code: 'shadow_left',
    where: 'L-1',
    command: 'npx cutover switch L-1 --to http',
    breaks: system => turned(system, { route: 'http', shadow: true }),
  },
  {
    what: 'instances that cannot do what the link asks of them',
    code: 'ability_missing',
    where: 'L-1',
    command: 'npx cutover deploy counting --add produce:L-1',
    breaks: system => turned(system, { route: 'event', shadow: false }),
  },
  {
    what: 'an event that carries a link and has no topic',
    code: 'topic_missing',
    where: 'L-1',
    command: 'npx cutover topic Counted --open',
    breaks: system => turned(system, { route: 'event', shadow: false }),
  },
  {
    what: 'an event that is published and was never registered',
    code: 'registry_missing',
    where: 'L-1',
    command: 'npx cutover apply L-1 --to http',
    breaks: system => turned(system, { route: 'event', shadow: false }),
  },
  {
    what: 'reads from a copy that nobody tells of changes',
    code: 'untold',
    where: 'L-2',
    command: 'npx cutover apply L-2 --to http',
    async breaks({ adding }) {
      await adding.database.query(`update reading set answers = 'replica', epoch = epoch + 1 where link = 'L-2'`)
      return () => adding.database.query(`update reading set answers = 'http', epoch = epoch + 1 where link = 'L-2'`)
    },
  },
  {
    what: 'reads from a copy that is not there',
    code: 'copy_missing',
    where: 'L-2',
    command: 'npx cutover copy L-2 --create',
    async breaks({ adding, call }) {
      await adding.database.query(`update reading set compares = true, epoch = epoch + 1 where link = 'L-2'`)
      return async () => {
        assert.deepEqual((await call('POST', '/api/links/L-2/copy', { do: 'create' })).body, { link: 'L-2', state: 'present', rows: 0 })
        await adding.database.query(`update reading set compares = false, epoch = epoch + 1 where link = 'L-2'`)
      }
    },
  },
  {
    what: 'changes that are told to nobody',
    code: 'told_idle',
    where: 'L-2',
    command: 'npx cutover apply L-2 --to event',
    async breaks({ counting }) {
      await counting.database.query(`update switch_link set route = 'event' where link = 'L-2'`)
      return () => counting.database.query(`update switch_link set route = 'http' where link = 'L-2'`)
    },
  },
  {
    what: 'a copy that was left in quarantine',
    code: 'copy_hidden',
    where: 'L-2',
    command: 'npx cutover copy L-2 --restore',
    async breaks(system) {
      await orderCopy(system, 'create')
      await orderCopy(system, 'quarantine')
      return async () => assert.equal((await system.call('POST', '/api/links/L-2/copy', { do: 'restore' })).status, 200)
    },
  },
  {
    what: 'somebody who reaches for a copy in quarantine',
    code: 'copy_touched',
    where: 'L-2',
    command: 'npx cutover fault kill adding',
    async breaks(system) {
      await orderCopy(system, 'create')
      await orderCopy(system, 'quarantine')
      await assert.rejects(system.adding.database.query('select * from word_copy'), /quarantine/)
      return () => orderCopy(system, 'drop')
    },
  },
  {
    what: 'a topic that was left in quarantine',
    code: 'topic_hidden',
    where: 'Counted',
    command: 'npx cutover topic Counted --open',
    async breaks({ broker, call }) {
      await broker.reviveTopic('counting.counted', 1)
      await broker.quarantineTopic('counting.counted')
      return async () => {
        assert.deepEqual((await call('POST', '/api/events/Counted/topic', {})).body, { event: 'Counted', state: 'open' })
        await broker.deleteTopic('counting.counted')
      }
    },
  },
  {
    what: 'a topic that is back, and that nobody can fill',
    code: 'topic_idle',
    where: 'Counted',
    command: 'npx cutover apply L-1 --to event',
    async breaks({ broker }) {
      await broker.reviveTopic('counting.counted', 1)
      return () => broker.deleteTopic('counting.counted')
    },
  },
  {
    what: 'a topic of nobody',
    code: 'topic_unowned',
    where: 'somebody.something',
    command: undefined,
    async breaks({ broker }) {
      await broker.createTopic('somebody.something', 1)
      return () => broker.deleteTopic('somebody.something')
    },
  },
  {
    what: 'an instance of another build',
    code: 'builds_differ',
    where: 'counting',
    command: 'npx cutover status',
    breaks: system => another(system, `{"capabilities":${able},"versions":{},"build":"other"}`),
  },
  {
    what: 'an instance that does not say what it is',
    code: 'build_unknown',
    where: 'counting',
    command: 'npx cutover fault kill counting --instance 2',
    breaks: system => another(system, able),
  },
  {
    what: 'a released document with other content',
    code: 'version_digest',
    where: 'adding',
    command: 'npx cutover fault kill adding',
    async breaks({ adding }) {
      const { rows } = await adding.database.query<{ digest: string }>(`select digest from registered_version where event = 'Counted'`)
      const set = (digest: string | undefined): Promise<unknown> =>
        adding.database.query(`update registered_version set digest = $1 where event = 'Counted'`, [digest])
      await set('another')
      return () => set(rows[0]?.digest)
    },
  },
  {
    what: 'a fact that waits for long',
    code: 'facts_parked',
    where: 'L-1',
    command: undefined,
    async breaks({ state, adding }) {
      const fact = await state('parked', 'something')
      const { database } = adding
      const aged = async (): Promise<boolean> =>
        (await database.query(`update parked set parked_at = parked_at - interval '1 hour' where fact_id = $1`, [fact])).rowCount === 1
      while (!(await aged())) await systemClock.sleep(20)
      return async () => {
        await database.query(`insert into arrived values ('something')`)
        await database.query(`update parked set next_at = clock_timestamp()`)
      }
    },
  },
  {
    what: 'a dead letter',
    code: 'facts_dead',
    where: 'L-1',
    command: 'npx cutover dead-letters',
    async breaks({ adding }) {
      const dead = {
        factId: systemRandom.uuid(),
        code: 'not_json',
        error: '',
        attempts: 1,
        bytes: Buffer.from('x'),
        headers: {},
        origin: 'o',
      }
      await adding.stores.receive.transaction(tx => adding.stores.receive.bury(tx, 'L-1', [dead]))
      return () => adding.database.query(`update dead_letter set state = 'written_off'`)
    },
  },
  {
    what: 'a message of a route that the link has left',
    code: 'late_arrivals',
    where: 'L-1',
    command: undefined,
    async breaks({ adding, counting }) {
      await counting.database.query(`update switch_link set changed_at = now() - interval '1 hour' where link = 'L-1'`)
      await adding.database.query(`insert into late_arrival values ('L-1', 'event', 1, $1, 1, now())`, [systemRandom.uuid()])
      return () => adding.database.query('delete from late_arrival')
    },
  },
  {
    what: 'a ledger that is not balanced',
    code: 'ledger_unbalanced',
    where: 'adding',
    command: 'npx cutover verify',
    async breaks({ adding }) {
      adding.ledger = { balanced: false, sum: 5 }
      return async () => void (adding.ledger = { balanced: true, sum: 0 })
    },
  },
  {
    what: 'a clock that is off',
    code: 'clock_off',
    where: '1 of counting',
    command: 'timedatectl set-ntp true',
    async breaks({ counting }) {
      counting.skewMs = 3_600_000
      return async () => void (counting.skewMs = 0)
    },
  },
]
