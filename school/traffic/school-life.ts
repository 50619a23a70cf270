import type { Random } from 'cutover/process/clock'
import type { People, Person } from './people.ts'

/** What the people of the demo do: one small act per call. Nothing here knows about rates. */
export interface SchoolLife {
  /** Takes on managers and has them write the first tasks. */
  open(): Promise<void>
  /** A manager writes one more task. */
  writeTask(): Promise<void>
  /** Somebody registers and is given a handful of tasks. */
  register(): Promise<void>
  /** A candidate answers one of their tasks; false when nobody has one open. */
  answer(): Promise<boolean>
  /** Somebody looks at what is shown to them: a statement, a task, the candidates. */
  look(): Promise<void>
  /** A name is corrected, or a task that was written by mistake is taken back. */
  correct(): Promise<void>
  /** Managers make harder what has become too easy. Resolves with how many tasks. */
  rework(): Promise<number>
  /** Assignments that wait for an answer. */
  readonly waiting: number
}

const managersCount = 10
const tasksFirst = 40
const tasksKept = 400
const tasksPerCandidate = 20
const shareRight = 0.6
const areas = ['ULAB-1', 'Algebra', 'Reading', 'Physics', 'Didactics']
const subjects = ['Factor groups', 'Fractions', 'Old fables', 'Pendulums', 'A first lesson', 'Long division', 'Optics', 'Sonnets']
const firstNames = ['Anna', 'Boris', 'Clara', 'Dmitri', 'Elena', 'Farid', 'Galina', 'Hugo', 'Irina', 'Jonas']
const lastNames = ['Ivanova', 'Petrov', 'Schmidt', 'Orlov', 'Garcia', 'Haddad', 'Sokolova', 'Meyer', 'Volkova', 'Berg']
// Every task of the demo has the same answer, so that it can go on after a restart.
const rightAnswer = 'forty-two'

const unlessMissing = (error: unknown): void => {
  if (!(error instanceof Error && error.message.includes(' 404 '))) throw error
}

const admin: Person = { subject: 'demo-admin', role: 'admin' }

export function openSchoolLife(people: People, random: Random): SchoolLife {
  const managers: Person[] = []
  const tasks: string[] = []
  const assignments: { id: string; candidate: Person }[] = []
  const one = <Item>(items: readonly Item[]): Item => items[Math.floor(random.next() * items.length)] as Item

  const taskBody = (edition: string): object => ({
    // Some titles have no area, as in the school's own data.
    title: random.next() < 0.9 ? `[${one(areas)}] ${one(subjects)}` : one(subjects),
    text: `Work it out and answer in words. Edition ${edition}.`,
    questions: [{ question: 'What is six times seven?', answer: rightAnswer }],
  })

  return {
    async open() {
      while (managers.length < managersCount) {
        const index = managers.length
        const body = { first_name: firstNames[index % firstNames.length], last_name: lastNames[index % lastNames.length] }
        const manager = await people.act<{ manager_id: string }>(admin, 'management', 'POST', '/managers', body)
        managers.push({ subject: manager.manager_id, role: 'manager' })
      }
      while (tasks.length < tasksFirst) await this.writeTask()
    },
    async writeTask() {
      const task = await people.act<{ task_id: string }>(one(managers), 'management', 'POST', '/tasks', taskBody('1'))
      tasks.push(task.task_id)
      if (tasks.length > tasksKept) tasks.shift()
    },
    async register() {
      const registrar = one(managers)
      const name = `${one(firstNames)} ${one(lastNames)}`
      const candidate = await people.act<{ candidate_id: string }>(registrar, 'hiring', 'POST', '/candidates', { name })
      const start = Math.floor(random.next() * tasks.length)
      const wanted = [...new Set(Array.from({ length: tasksPerCandidate }, (_, n) => tasks[(start + n) % tasks.length] as string))]
      const given = await people.act<{ assignments: { assignment_id: string }[] }>(registrar, 'hiring', 'POST', '/assignments', {
        candidate_id: candidate.candidate_id,
        task_ids: wanted,
      })
      const person: Person = { subject: candidate.candidate_id, role: 'candidate' }
      // Mixed in, so that a task is not answered by everybody at the same moment.
      for (const assignment of given.assignments)
        assignments.splice(Math.floor(random.next() * (assignments.length + 1)), 0, { id: assignment.assignment_id, candidate: person })
    },
    async answer() {
      const assignment = assignments.pop()
      if (assignment === undefined) return false
      const answers = [random.next() < shareRight ? rightAnswer : 'forty-one']
      try {
        await people.act(assignment.candidate, 'hiring', 'POST', `/assignments/${assignment.id}/answer`, { answers })
      } catch (error) {
        // As a person would: tried again later. Whether it had been recorded, the service knows.
        if (assignments.length < 5_000) assignments.unshift(assignment)
        throw error
      }
      return true
    },
    async look() {
      const pick = random.next()
      const manager = one(managers)
      if (pick < 0.3) {
        const { account_id } = await people.act<{ account_id: string }>(manager, 'management', 'GET', `/managers/${manager.subject}`)
        // Whoever has not earned anything yet has no account to look at.
        await people.act(manager, 'bonuses', 'GET', `/accounts/${account_id}/statement?limit=5`).catch(unlessMissing)
      } else if (pick < 0.6) {
        const assignment = assignments[Math.floor(random.next() * assignments.length)]
        if (assignment !== undefined) await people.act(assignment.candidate, 'hiring', 'GET', `/assignments/${assignment.id}`)
      } else {
        const { candidates } = await people.act<{ candidates: { candidate_id: string }[] }>(
          manager,
          'management',
          'GET',
          '/candidates?limit=3',
        )
        for (const { candidate_id } of candidates) await people.act(manager, 'management', 'GET', `/candidates/${candidate_id}`)
      }
    },
    async correct() {
      const pick = random.next()
      if (pick < 0.4) {
        const body = { first_name: one(firstNames), last_name: one(lastNames) }
        await people.act(admin, 'management', 'PUT', `/managers/${one(managers).subject}`, body)
      } else if (pick < 0.8) {
        const assignment = assignments[Math.floor(random.next() * assignments.length)]
        const name = `${one(firstNames)} ${one(lastNames)}`
        if (assignment !== undefined) await people.act(admin, 'hiring', 'PUT', `/candidates/${assignment.candidate.subject}`, { name })
      } else {
        const manager = one(managers)
        const { task_id } = await people.act<{ task_id: string }>(manager, 'management', 'POST', '/tasks', taskBody('1'))
        await people.act(manager, 'management', 'DELETE', `/tasks/${task_id}`)
      }
    },
    async rework() {
      let done = 0
      for (const manager of managers) {
        const { reworks } = await people.act<{ reworks: { task_id: string; revision: number }[] }>(manager, 'management', 'GET', '/reworks')
        for (const rework of reworks) {
          await people.act(manager, 'management', 'PUT', `/tasks/${rework.task_id}`, taskBody(String(rework.revision + 1)))
          done++
        }
      }
      return done
    },
    get waiting() {
      return assignments.length
    },
  }
}
