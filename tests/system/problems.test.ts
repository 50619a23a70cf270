import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { problems } from './problems.ts'
import { openSchool, type School } from './school.ts'
import { programOf, startSystem } from './system.ts'

const timeout = 600_000
const instances = 'hiring=2,bonuses=2'

let ours: School | undefined
let before: School | undefined
after(async () => {
  for (const school of [ours, before]) {
    await school?.close()
    await school?.system.stop()
  }
})

/** A system that can do everything. Tasks are read from hiring's copy, once people have shown that it is right. */
async function openOurs(): Promise<School> {
  const system = await startSystem({ instances, rate: 30, able: true, patient: true })
  ours = await openSchool(system, 60_000)
  const { run } = await system.apply('COMM-020', { to: 'event' })
  await system.reach(run, 'finished')
  await system.traffic('stop')
  return ours
}

/** The system as it was. What is lost there has no carrier, so nothing is gained by waiting long. */
async function openBefore(): Promise<School> {
  const programs = { hiring: programOf('before/hiring.ts'), bonuses: programOf('before/bonuses.ts') }
  const system = await startSystem({ instances, rate: 0, able: true, programs })
  before = await openSchool(system, 3_000)
  return before
}

for (const { number, title, shows } of problems) {
  test(`Problem-${number}, ${title}: not here`, { timeout }, async () => {
    assert.equal(await shows(ours ?? (await openOurs())), null)
  })
}

test('after all of that the books are right', { timeout }, async () => {
  const report = await ours?.system.settle()
  assert.deepEqual(
    report?.links.flatMap(link => link.samples),
    [],
  )
  assert.deepEqual([report?.ok, report?.ledger?.balanced], [true, true])
  await ours?.close()
  await ours?.system.stop()
  ours = undefined
})

for (const { number, title, shows } of problems) {
  test(`Problem-${number}, the control: the school as it was has it`, { timeout }, async context => {
    const how = await shows(before ?? (await openBefore()))
    context.diagnostic(`${title}: ${how}`)
    assert.notEqual(how, null)
  })
}
