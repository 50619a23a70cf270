// The problems that the school had. Each scenario answers with how the problem shows, or with null when it does not: the
// system as it was has all of them, ours has none.
import { each } from './at-once.ts'
import { deliverAgain } from './deliver-again.ts'
import type { Given, Said, School } from './school.ts'

export interface ProblemOfTheSchool {
  readonly number: string
  readonly title: string
  shows(school: School): Promise<string | null>
}

const ok = (said: Said): boolean => said.status === 200
const told = ({ status, body }: Said): string => `${status === 0 ? 'no answer' : status} ${JSON.stringify(body).slice(0, 200)}`

const times = (count: number): number[] => Array.from({ length: count }, (_, n) => n)

/** A task, and candidates who have it. */
async function classroom(school: School, count: number): Promise<readonly Given[]> {
  const manager = await school.manager()
  const task = await school.task(manager)
  return each(times(count), 8, () => school.given(manager, task))
}

/** A service that was killed is up again by then. */
const restartMs = 60_000

/** Handed in until hiring says what became of it: as a person would after an error page. */
async function insist(school: School, given: Given, right: boolean): Promise<Said> {
  let said = await school.submit(given, right)
  let instance = 1
  await school.until(async () => {
    if (!ok(said)) said = await school.submit(given, right, { instance: (instance = 3 - instance) })
    return ok(said)
  }, restartMs)
  return said
}

/** What is wrong with the bookings of these outcomes: each has to have exactly one, of its own kind. */
async function misbooked(school: School, all: readonly { readonly given: Given; readonly right: boolean }[]): Promise<string | null> {
  const tasks = [...new Set(all.map(one => one.given.task))]
  const read = async () => (await Promise.all(tasks.map(task => school.bookings(task)))).flat()
  const wrong = async (): Promise<string[]> => {
    const bookings = await read()
    return all.flatMap(({ given, right }) => {
      const reasons = bookings.filter(one => one.candidate_id === given.candidate).map(one => one.reason)
      return reasons.join() === (right ? 'task completed' : 'task failed') ? [] : [reasons.join(', ') || 'nothing']
    })
  }
  if (await school.until(async () => (await wrong()).length === 0)) return null
  const left = await wrong()
  return left.length === 0 ? null : `${left.length} of ${all.length} outcomes are not booked once: ${[...new Set(left)].join('; ')}`
}

export const problems: readonly ProblemOfTheSchool[] = [
  {
    number: '010',
    title: 'deciding whether an answer is right waits for others',
    async shows(school) {
      const [given] = await classroom(school, 1)
      if (given === undefined) return 'nobody has a task'
      const said = await school.without(['management'], () => school.submit(given, true))
      return ok(said) && said.body['outcome'] === 'completed' ? null : `the check was answered with ${told(said)}`
    },
  },
  {
    number: '020',
    title: 'an easy task is shared while it waits for rework',
    async shows(school) {
      const manager = await school.manager()
      const task = await school.task(manager)
      const solvers = await each(times(10), 4, () => school.given(manager, task))
      for (const solver of solvers) if (!ok(await school.submit(solver, true))) return 'a right answer was refused'
      const eleventh = await school.candidate(manager)
      const refused = await school.give(manager, eleventh, task)
      if (refused.body['code'] !== 'task_withdrawn') return `solved ten times, the task is given to one more: ${told(refused)}`
      const appointed = await school.until(async () => {
        const { body } = await school.as('manager', manager, 'management', 'GET', '/reworks')
        return ((body['reworks'] ?? []) as { task_id: string }[]).some(one => one.task_id === task)
      })
      if (!appointed) return 'nobody was appointed to make it harder'
      const harder = { title: '[Logic] A harder one', text: 'Harder.', questions: [{ question: 'No or yes?', answer: 'yes' }] }
      const edited = await school.as('manager', manager, 'management', 'PUT', `/tasks/${task}`, harder)
      if (!ok(edited)) return `the edit was answered with ${told(edited)}`
      let given = await school.give(manager, eleventh, task)
      // Over the copy the edit may still be on its way.
      await school.until(async () => (given = await school.give(manager, eleventh, task)).status === 201)
      const [one] = (given.body['assignments'] ?? []) as { assignment_id: string }[]
      const seen = await school.as('candidate', eleventh, 'hiring', 'GET', `/assignments/${one?.assignment_id ?? 'none'}`)
      return seen.body['revision'] === 2 ? null : `after the edit the candidate sees ${told(seen)}`
    },
  },
  {
    number: '030',
    title: 'the bonus is wrong because the rating lags',
    async shows(school) {
      const [first, late, ...others] = await classroom(school, 9)
      if (first === undefined || late === undefined) return 'nobody has a task'
      const paid = async (given: Given, said: Said): Promise<string | null> => {
        const booking = async () => (await school.bookings(given.task)).find(one => one.candidate_id === given.candidate)
        await school.until(async () => (await booking()) !== undefined)
        const amount = (await booking())?.amount ?? null
        // 10.00 x rating / 50
        const right = 20 * Number(said.body['rating'])
        return amount === right ? null : `rated ${right / 20} at that outcome, ${right} are due, and ${amount} were paid`
      }
      const wrong = await paid(first, await school.submit(first, true))
      if (wrong !== null) return wrong
      const said = await school.without(['bonuses'], async () => {
        const answered = await school.submit(late, true)
        for (const other of others) await school.submit(other, false)
        return answered
      })
      return paid(late, said)
    },
  },
  {
    number: '040',
    title: 'a burst of credits brings the system down, and it stays down',
    async shows(school) {
      const room = await classroom(school, 100)
      const said = await school.without(['bonuses'], () => each(room, 50, given => school.submit(given, false)))
      const refused = said.filter(one => !ok(one))
      const booked = await misbooked(
        school,
        room.map(given => ({ given, right: false })),
      )
      if (refused.length > 0) return `${refused.length} of ${room.length} got an error page; ${booked ?? 'all are booked'}`
      if (booked !== null) return `after the burst, and nobody touched anything: ${booked}`
      const bookings = await school.bookings(room[0]?.task ?? '')
      const transactions = new Set(bookings.map(one => one.transaction)).size
      return transactions < bookings.length ? null : 'each was booked in a transaction of its own: a burst is not drained in batches'
    },
  },
  {
    number: '050',
    title: 'an error page after a right solution',
    async shows(school) {
      const [given] = await classroom(school, 1)
      if (given === undefined) return 'nobody has a task'
      const said = await school.without(['bonuses'], () => school.submit(given, true))
      if (!ok(said)) return `the solution was right, and the candidate got ${told(said)}`
      return misbooked(school, [{ given, right: true }])
    },
  },
  {
    number: '060',
    title: 'who reads tasks has to keep the service of tasks up',
    async shows(school) {
      const manager = await school.manager()
      const [task, candidate] = [await school.task(manager), await school.candidate(manager)]
      await school.until(async () => (await school.system.verify()).links.every(link => link.open === 0))
      const given = await school.without(['management'], () => school.give(manager, candidate, task))
      return given.status === 201 ? null : `without management a task that is there cannot be given: ${told(given)}`
    },
  },
  {
    number: '070',
    title: 'managers are credited twice',
    async shows(school) {
      const all: { given: Given; right: boolean }[] = []
      for (const phase of ['before', 'during', 'after'] as const) {
        const room = await classroom(school, 8)
        const submissions = room.map((given, at) => ({ given, right: at % 2 === 0 }))
        const moving = phase === 'during' ? wander(school) : Promise.resolve()
        await each(submissions, 4, one => submitTwice(school, one.given, one.right))
        await moving
        if (phase === 'during') for (const link of outcomes) await school.system.move(link, 'event')
        all.push(...submissions)
      }
      return (await misbooked(school, all)) ?? (await deliverAgain(school, all)) ?? misbooked(school, all)
    },
  },
  {
    number: '080',
    title: 'one dead service takes down the rest',
    async shows(school) {
      const [given] = await classroom(school, 1)
      const manager = await school.manager()
      const { body } = await school.as('manager', manager, 'management', 'GET', `/managers/${manager}`)
      await school.task(manager)
      const account = String(body['account_id'])
      const statement = (): Promise<Said> => school.as('manager', manager, 'bonuses', 'GET', `/accounts/${account}/statement`)
      await school.until(async () => ok(await statement()))
      const alone: readonly [string, readonly string[], () => Promise<boolean>][] = [
        ['candidates go on solving', ['management', 'bonuses'], async () => given !== undefined && ok(await school.submit(given, true))],
        ['managers write tasks', ['hiring', 'bonuses'], async () => (await school.task(manager).catch(() => '')) !== ''],
        ['managers read their statements', ['hiring', 'management'], async () => ok(await statement())],
      ]
      for (const [what, dead, act] of alone)
        if (!(await school.without(dead, act))) return `with ${dead.join(' and ')} dead it is no longer true that ${what}`
      return given === undefined ? 'nobody has a task' : misbooked(school, [{ given, right: true }])
    },
  },
  {
    number: '100',
    title: 'data is lost around the solving of tasks',
    async shows(school) {
      const room = await classroom(school, 60)
      const submissions = room.map((given, at) => ({ given, right: at % 3 !== 0 }))
      // Handed in while bonuses stands still, and then everything that knew of it is killed.
      await school.without(['bonuses'], async () => {
        const handed = each(submissions, 20, ({ given, right }, at) => school.submit(given, right, { instance: 1 + (at % 2) }))
        await school.until(async () => (await recorded(school, room)).size >= 10)
        await strike(school)
        await handed
      })
      // What hiring has recorded is for ever; the others hand in again.
      const known = await recorded(school, room)
      const again = submissions.filter(({ given }) => !known.has(given.assignment))
      const refused = (await each(again, 6, ({ given, right }) => insist(school, given, right))).filter(said => !ok(said))
      return refused[0] === undefined ? misbooked(school, submissions) : `${refused.length} cannot hand in any more: ${told(refused[0])}`
    },
  },
]

/** The assignments for which hiring knows an outcome. */
async function recorded(school: School, room: readonly Given[]): Promise<ReadonlySet<string>> {
  const rows = await school.rows<{ assignment_id: string }>(
    'hiring',
    'select assignment_id from assignment where assignment_id = any($1::text[]) and outcome is not null',
    [room.map(given => given.assignment)],
  )
  return new Set(rows.map(row => row.assignment_id))
}

const outcomes = ['COMM-040', 'COMM-050'] as const

/** The routes of both outcomes, to and fro. */
async function wander(school: School): Promise<void> {
  for (const to of ['event', 'http', 'event', 'http', 'event'] as const) for (const link of outcomes) await school.system.move(link, to)
}

/** kill -9 to hiring and bonuses in turn. */
async function strike(school: School): Promise<void> {
  for (const instance of [1, 2]) for (const service of ['hiring', 'bonuses']) await school.system.fault({ kind: 'kill', service, instance })
}

/** Gives up the first submission while it is under way, as somebody does who sees an error page; then hands in again, twice at once. */
async function submitTwice(school: School, given: Given, right: boolean): Promise<void> {
  const gone = new AbortController()
  const first = school.submit(given, right, { signal: gone.signal })
  setTimeout(() => gone.abort(), 5)
  await first
  await Promise.all([insist(school, given, right), school.submit(given, right, { instance: 2 })])
}
