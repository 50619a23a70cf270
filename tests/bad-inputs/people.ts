// What people of the school do, for the tables of bad inputs.
import assert from 'node:assert/strict'
import { systemClock } from '../../cutover/process/clock.ts'
import type { Answer, Asking, School } from './school.ts'

export const admin: Asking = { subject: 'root', role: 'admin' }
export const task = { title: '[Math] Fractions', text: 'Work it out.', questions: [{ question: '?', answer: '!' }] }
/** What no answer may repeat. */
export const secret = 'Ada-Secret'

export type Person = Asking & { readonly subject: string }

export async function aManager(school: School): Promise<Person> {
  const { body } = await school.call('management', admin, 'POST', '/managers', { body: { first_name: 'Ada', last_name: 'Lovelace' } })
  return { subject: body['manager_id'] as string, role: 'manager' }
}

/** Somebody registers under this name. */
export const hire = (school: School, name: unknown): Promise<Answer> =>
  school.call('hiring', admin, 'POST', '/candidates', { body: { name } })

/** A candidate with an assignment of a new task of the author. */
export async function anAssignment(school: School, author: Person): Promise<{ candidate: Person; taskId: string; assignment: string }> {
  const made = await school.call('management', author, 'POST', '/tasks', { body: task })
  const hired = await hire(school, 'C')
  const given = await school.call('hiring', author, 'POST', '/assignments', {
    body: { candidate_id: hired.body['candidate_id'], task_ids: [made.body['task_id']] },
  })
  const [one] = given.body['assignments'] as { assignment_id: string }[]
  return {
    candidate: { subject: hired.body['candidate_id'] as string, role: 'candidate' },
    taskId: made.body['task_id'] as string,
    assignment: one?.assignment_id ?? assert.fail('nothing was given'),
  }
}

/** Looks until it is so; the runner's own limit ends it when it never is. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await systemClock.sleep(10)
}
