import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { FaultRequest } from '@cutover/sandbox/api'
import { before, checkOut, skipBefore } from './build-before.ts'
import { openOf } from './journey.ts'
import { openSchool, type School } from './school.ts'
import { startSystem, type System } from './system.ts'

const timeout = 1_500_000

/** What people have written into titles. None is of the traffic, so nobody edits them. */
const titles: readonly string[] = [
  '[Math] Fractions',
  'Fractions',
  '[Math]Fractions',
  '[]  X',
  '[Math X',
  'Math] X',
  '[A [B]] X',
  '[A][B] X',
  '  [A] X',
  'X [A]',
  '[A]',
  '［Ａ］ X',
  '[الجبر] كسور',
  '[🎓] X',
  '[Math]  two spaces ',
  `[${'a'.repeat(65)}] X`,
  'x'.repeat(180),
]

interface Planted {
  readonly manager: string
  readonly account: string
  readonly candidate: string
  /** Assignments by the title of their task. */
  readonly assignments: ReadonlyMap<string, string>
}

/** A manager's tasks with these titles, all of them given to one candidate. */
async function plant(school: School): Promise<Planted> {
  const manager = await school.manager()
  const { body } = await school.as('manager', manager, 'management', 'GET', `/managers/${manager}`)
  const candidate = await school.candidate(manager)
  const assignments = new Map<string, string>()
  for (const title of titles) {
    const task = { title, text: 'Answer it.', questions: [{ question: 'Yes or no?', answer: 'yes' }] }
    const made = await school.as('manager', manager, 'management', 'POST', '/tasks', task)
    assert.equal(made.status, 201, `${title}: ${JSON.stringify(made.body)}`)
    const given = await school.give(manager, candidate, String(made.body['task_id']))
    const [one] = (given.body['assignments'] ?? []) as { assignment_id: string }[]
    assignments.set(title, one?.assignment_id ?? assert.fail(JSON.stringify(given.body)))
  }
  return { manager, account: String(body['account_id']), candidate, assignments }
}

/**
 * Each title as its author wrote it, in all three services, by what they show to people. The build before kept no titles in
 * bonuses: what it has booked has none there, and that may be so only of what was planted then.
 */
async function sameTitles(school: School, planted: Planted, where: string, early = false): Promise<void> {
  const { manager, account, candidate, assignments } = planted
  const wanted = [...titles].toSorted((a, b) => (a < b ? -1 : 1))
  async function shows(what: string, read: () => Promise<readonly (string | null)[]>, mayLack: boolean): Promise<void> {
    const wrong = async (): Promise<readonly (string | null)[]> => {
      const seen = await read()
      if (seen.length !== titles.length) return [`${seen.length} titles`]
      return mayLack
        ? seen.filter(one => one !== null && !wanted.includes(one))
        : seen.toSorted((a, b) => ((a ?? '') < (b ?? '') ? -1 : 1)).filter((one, at) => one !== wanted[at])
    }
    // A service may just be starting again.
    await school.until(async () => (await wrong()).length === 0)
    assert.deepEqual(await wrong(), [], `${what}, ${where}`)
  }
  await shows(
    'management',
    async () => {
      const { body } = await school.as('manager', manager, 'management', 'GET', '/tasks?limit=100')
      return ((body['tasks'] ?? []) as { title: string }[]).map(one => one.title)
    },
    false,
  )
  await shows(
    'bonuses',
    async () => {
      const { body } = await school.as('manager', manager, 'bonuses', 'GET', `/accounts/${account}/statement?limit=100`)
      return ((body['bookings'] ?? []) as { title?: string | null }[]).map(one => one.title ?? null)
    },
    early,
  )
  for (const [title, assignment] of assignments) {
    const shown = async (): Promise<unknown> =>
      (await school.as('candidate', candidate, 'hiring', 'GET', `/assignments/${assignment}`)).body['title']
    await school.until(async () => (await shown()) === title)
    assert.equal(await shown(), title, `hiring, ${where}`)
  }
}

const faults: readonly FaultRequest[] = [
  { kind: 'kill', service: 'management', instance: 1 },
  { kind: 'kill', service: 'engine' },
  { kind: 'kill', service: 'bonuses', instance: 2 },
  { kind: 'kill', service: 'postgres' },
  { kind: 'kill', service: 'hiring', instance: 2 },
]

async function clean(system: System, where: string): Promise<void> {
  const report = await system.verify()
  assert.deepEqual(
    report.links.flatMap(link => link.samples),
    [],
    where,
  )
  assert.equal(report.ok, true, where)
}

test(
  'US-160 is applied, reverted, applied again and completed under traffic, one instance of each service of the build before at first, with kills: every title is to the byte what its author wrote, in all three services',
  { timeout, skip: skipBefore },
  async context => {
    const folder = await mkdtemp(join(tmpdir(), 'cutover-build-'))
    await checkOut(before, folder)
    const first = Object.fromEntries(['management', 'hiring', 'bonuses'].map(one => [`${one}-2`, join(folder, `school/${one}/main.ts`)]))
    const instances = 'management=2,hiring=2,bonuses=2,engine=2'
    const system = await startSystem({ instances, rate: 30, programs: { first }, patient: true })
    const school = await openSchool(system, 60_000)
    const began = Date.now()
    const told = (where: string): void => context.diagnostic(`${Math.round((Date.now() - began) / 1_000)} s: ${where}`)
    try {
      let leg = 0
      const strike = (): Promise<void> => system.fault(faults[leg++ % faults.length] as FaultRequest)
      const forward = async (): Promise<string> => {
        const { run } = await system.apply('US-160', {})
        await strike()
        await system.reach(run, 'finished')
        return run
      }
      const early = await plant(school)
      const reverted = await forward()
      const planted = await plant(school)
      const same = async (where: string): Promise<void> => {
        await sameTitles(school, early, where, true)
        await sameTitles(school, planted, where)
      }
      await clean(system, 'forward')
      await same('forward')
      told('forward')
      await system.order(reverted, 'revert')
      await strike()
      await system.reach(reverted, 'reverted')
      await clean(system, 'back')
      await same('back')
      told('back')
      const run = await forward()
      await same('forward again')
      told('forward again')
      await system.order(run, 'complete')
      await strike()
      await system.reach(run, 'completed')
      await same('completed')
      told('completed')
      assert.equal((await system.history(run)).intact, true)
      await system.traffic('stop')
      const report = await system.settle()
      assert.deepEqual(
        report.links.flatMap(link => link.samples),
        [],
      )
      assert.deepEqual([report.ok, openOf(report)], [true, 0])
    } finally {
      await school.close()
      await system.stop()
      await rm(folder, { recursive: true, force: true })
    }
  },
)
