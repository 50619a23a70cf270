import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSmallSystem } from '../../tests/small-system.ts'
import type { HistoryAnswer } from '../api/contract.ts'
import type { EpochView } from '../api/repair.ts'

const epochPath = '/api/services/counting/epoch'

test(
  'repairs are ordered through the engine, are in the history, and refuse what they must not touch',
  { timeout: 60_000 },
  async context => {
    const { adding, counting, call } = await openSmallSystem(context)
    const answers = async (path: string, body: object): Promise<readonly [status: number, code: string]> => {
      const { status, body: problem } = await call<{ code?: string }>('POST', path, body)
      return [status, problem.code ?? '']
    }
    const epoch = async (): Promise<number> => (await counting.stores.switch.read()).epoch

    await context.test('an epoch that has not fallen is left alone', async () => {
      const view = (await call<EpochView>('GET', epochPath)).body
      assert.deepEqual(view, { service: 'counting', epoch: 1, seen: 1, by: 'itself', away: [], raised: false })
      assert.deepEqual((await call('POST', epochPath, {})).body, view)
      assert.equal(await epoch(), 1)
    })

    await context.test('one that a peer has seen higher is raised above that, once', async () => {
      await adding.database.query(`insert into epoch_seen (link, epoch) values ('L-1', 7)`)
      assert.deepEqual((await call<EpochView>('GET', epochPath)).body.by, 'adding')
      assert.deepEqual(await answers(epochPath, { at_least: 7 }), [400, 'parameter_invalid'])
      assert.equal(await epoch(), 1)
      const raised = (await call<EpochView>('POST', epochPath, {})).body
      assert.deepEqual([raised.epoch, raised.raised, await epoch()], [8, true, 8])
      assert.equal((await call<EpochView>('POST', epochPath, {})).body.raised, false)
      assert.equal(await epoch(), 8)
    })

    await context.test('nothing deploys here, and there is no such service', async () => {
      assert.deepEqual(await answers('/api/services/adding/deploy', { add: ['act:L-1'] }), [409, 'deployer_absent'])
      assert.deepEqual(await answers('/api/services/adding/deploy', {}), [400, 'body_invalid'])
      assert.deepEqual(await answers('/api/services/adding/deploy', { add: ['fly:L-1'] }), [400, 'body_invalid'])
      assert.deepEqual(await answers('/api/services/nobody/deploy', { add: ['act:L-1'] }), [404, 'service_unknown'])
      assert.deepEqual(await answers('/api/services/nobody/epoch', {}), [404, 'service_unknown'])
      assert.deepEqual(await answers('/api/events/Nothing/topic', {}), [404, 'event_unknown'])
      assert.deepEqual(await answers('/api/links/L-1/copy', { do: 'create' }), [404, 'not_found'])
      assert.deepEqual(await answers('/api/links/L-2/copy', { do: 'drop' }), [400, 'body_invalid'])
      assert.deepEqual(await answers('/api/links/L-9/copy', { do: 'create' }), [404, 'link_unknown'])
    })

    await context.test('what an unfinished run holds is its own', async () => {
      assert.equal((await call('POST', '/api/plans/L-1/apply', {})).status, 202)
      assert.deepEqual(await answers('/api/events/Counted/topic', {}), [409, 'run_exists'])
      assert.deepEqual(await answers('/api/services/adding/deploy', { add: ['act:L-1'] }), [409, 'run_exists'])
      assert.deepEqual(await answers('/api/links/L-2/copy', { do: 'create' }), [200, ''])
      assert.deepEqual(await answers('/api/links/L-2/copy', { do: 'fill' }), [409, 'copy_untold'])
      await counting.database.query(`update switch_link set route = 'event' where link = 'L-2'`)
      assert.deepEqual(await answers('/api/links/L-2/copy', { do: 'fill' }), [200, ''])
      assert.deepEqual(await answers('/api/links/L-2/copy', { do: 'fill' }), [200, ''])
      const { rows } = await counting.database.query<{ asked_by: string; state: string }>('select asked_by, state from snapshot')
      assert.equal(rows[0]?.state, 'telling')
      assert.match(rows[0]?.asked_by ?? '', /^repair-/)
    })

    await context.test('while a peer is away that may have seen more, only a person can say to what', async () => {
      await adding.server.stop()
      assert.deepEqual((await call<EpochView>('GET', epochPath)).body.away, ['adding'])
      assert.deepEqual(await answers(epochPath, {}), [503, 'service_away'])
      assert.equal(await epoch(), 8)
      assert.equal((await call<EpochView>('POST', epochPath, { at_least: 20 })).body.epoch, 20)
      assert.equal(await epoch(), 20)
    })

    await context.test('every order has its lines, also one that failed', async () => {
      const { intact, rows } = (await call<HistoryAnswer>('GET', '/api/history?limit=100')).body
      const lines = rows
        .toReversed()
        .flatMap(({ action, numbers }) =>
          /^(epoch|deploy|topic|copy)/.test(action) ? [[action, numbers['reason'] ?? numbers['to'] ?? '']] : [],
        )
      assert.deepEqual(lines, [
        ['epoch asked', 8],
        ['epoch done', 8],
        ['deploy asked', ''],
        ['deploy failed', 'deployer_absent'],
        ['copy asked', 'create'],
        ['copy done', 'create'],
        ['copy asked', 'fill'],
        ['copy failed', 'copy_untold'],
        ['copy asked', 'fill'],
        ['copy done', 'fill'],
        ['copy asked', 'fill'],
        ['copy done', 'fill'],
        ['epoch asked', 20],
        ['epoch done', 20],
      ])
      assert.ok(intact)
    })
  },
)
