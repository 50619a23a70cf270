import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { skipKafka } from '../kafka.ts'
import { openOf } from './journey.ts'
import { openSmallDisk, type SmallDisk, skipSmallDisk } from './small-disk.ts'
import { pause, startSystem, type System } from './system.ts'

const timeout = 600_000
const fullMs = 15_000
const outcomesBefore = 100
const outcomesAfter = 100

async function moreOutcomes(system: System, count: number): Promise<void> {
  const before = await system.outcomes()
  while ((await system.outcomes()) < before + count) await pause()
}

/** A system with one folder on a disk that is full for a while: what was accepted has arrived once at the end, and the books agree. */
async function proveFullDisk(
  context: TestContext,
  folder: string,
  megabytes: number,
  environment: Readonly<Record<string, string>>,
): Promise<void> {
  let disk: SmallDisk | undefined
  const system = await startSystem({
    instances: 'bonuses=2',
    rate: 30,
    patient: true,
    environment,
    async prepared(directory) {
      const small = (disk = await openSmallDisk(join(directory, folder), megabytes))
      return () => small.remove()
    },
  })
  try {
    assert.ok(disk !== undefined)
    await moreOutcomes(system, outcomesBefore)
    await system.move('COMM-040', 'event')
    await moreOutcomes(system, outcomesBefore)
    await disk.fill()
    const before = await system.outcomes()
    await pause(fullMs)
    context.diagnostic(`${folder} full: ${(await system.outcomes()) - before} answers in ${fullMs / 1_000} s`)
    await disk.empty()
    const from = Date.now()
    await moreOutcomes(system, outcomesAfter)
    context.diagnostic(`answers again ${((Date.now() - from) / 1_000).toFixed(1)} s after there was room`)
    await system.move('COMM-040', 'http')
    await moreOutcomes(system, outcomesAfter)
    await system.traffic('stop')
    const report = await system.settle()
    assert.deepEqual(
      report.links.flatMap(link => link.samples),
      [],
    )
    assert.equal(openOf(report), 0, 'everything that was accepted has arrived')
    assert.equal(report.ok, true)
    assert.deepEqual({ balanced: report.ledger?.balanced, sum: report.ledger?.sum }, { balanced: true, sum: 0 })
  } finally {
    await system.stop()
  }
}

test(
  'the disk of PostgreSQL is full for a while: what was accepted is there, and all goes on when there is room',
  { skip: skipSmallDisk, timeout },
  context => proveFullDisk(context, 'postgres', 500, {}),
)

test(
  'the disk of one Kafka broker is full for a while: the two others go on, and it comes back when there is room',
  { skip: skipSmallDisk === false ? await skipKafka() : skipSmallDisk, timeout },
  context => proveFullDisk(context, 'kafka/broker-1', 300, { CUTOVER_BROKER: 'kafka' }),
)
