import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { systemClock } from 'cutover/process/clock'
import { type Broken, breaks as worlds } from '../../tests/breaking.ts'
import { doctor, unknownIn, unsaid, until } from '../../tests/doctoring.ts'
import { openSmallSystem } from '../../tests/small-system.ts'
import type { DoctorReport, Finding, FindingCode } from '../api/doctor.ts'
import type { RunView } from '../api/plan.ts'

describe('the doctor', { timeout: 300_000 }, () => {
  test('finds each thing that is broken, with the command that repairs it, and nothing once it is mended', async context => {
    const system = await openSmallSystem(context)
    const fine = (): Promise<DoctorReport> => until(system, report => report.ok)
    const { checks } = await fine()
    assert.ok(checks > 40)
    for (const world of worlds) {
      await examine(world).catch((cause: unknown) => {
        throw new Error(world.what, { cause })
      })
    }
    await forgotten()

    const { engineDatabase: database } = system
    await database.transaction(async tx => {
      await tx.query('alter table history disable trigger all')
      await tx.query(`update history set who = 'somebody else' where number = 1`)
    })
    assert.deepEqual(
      (await doctor(system)).findings.map(one => [one.code, one.severity]),
      [['history_broken', 'broken']],
    )
    await system.adding.server.stop()
    const away = (await until(system, report => report.findings.some(one => one.code === 'service_away'))).findings
    assert.deepEqual(away.find(one => one.code === 'service_away')?.commands, [
      'npx cutover status',
      'npx cutover fault resume adding',
      'npm start',
    ])
    // What only it could tell is not taken for fine: the ledger is unknown now.
    assert.deepEqual(
      away.map(one => one.code).filter(code => code !== 'loop_stuck'),
      ['history_broken', 'service_away', 'ledger_unknown'],
    )

    async function examine({ code, where, command, breaks }: Broken): Promise<void> {
      const mend = await breaks(system)
      const of = (report: DoctorReport): Finding | undefined =>
        report.findings.find(one => one.code === code && one.where === where && (command === undefined || one.commands[0] === command))
      const report = await until(system, one => of(one) !== undefined)
      assert.equal(report.ok, false)
      assert.deepEqual(report.findings.flatMap(unsaid), [])
      assert.deepEqual(
        report.findings.flatMap(one => one.commands.flatMap(unknownIn)),
        [],
      )
      await mend()
      await fine()
    }

    async function forgotten(): Promise<void> {
      const { engineDatabase: database, call } = system
      const { run } = (await call<RunView>('POST', '/api/plans/L-1/apply', {})).body
      const has = (code: FindingCode): Promise<DoctorReport> => until(system, report => report.findings.some(one => one.code === code))
      // Nothing deploys here: its second step waits for a person.
      const held = async (): Promise<boolean> =>
        (
          await database.query(
            `update run_step set applied_at = applied_at - interval '1 hour' where state = 'settling' and gate is not null`,
          )
        ).rowCount > 0
      while (!(await held())) await systemClock.sleep(50)
      const [found] = (await has('run_held')).findings.filter(one => one.code === 'run_held')
      assert.deepEqual([found?.where, found?.commands.at(-1)], [run, `npx cutover revert ${run}`])
      assert.match(String(found?.params['why']), /record:L-1/)

      await call('POST', `/api/runs/${run}/pause`)
      await database.query(`update run set turned_at = turned_at - interval '2 hours'`)
      const [paused] = (await has('run_paused')).findings
      assert.deepEqual(paused?.commands, [`npx cutover resume ${run}`, `npx cutover revert ${run}`])

      await database.query(
        `insert into certificate (link, route, run, epoch, issued, terminal, late, issued_at, expires_at, revoked_at, revoked_by)
       values ('L-1', 'http', $1, 1, 1, 1, 0, now(), now() + interval '1 day', now(), '{"code":"certificate_open","params":{"link":"L-1","route":"http","outstanding":1}}')`,
        [run.slice(2)],
      )
      const [revoked] = (await has('certificate_revoked')).findings
      assert.deepEqual([revoked?.severity, revoked?.commands[0]], ['broken', 'npx cutover certificates L-1'])
      await call('POST', `/api/runs/${run}/revert`, {})
      await fine()
    }
  })
})
