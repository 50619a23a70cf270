// What people of the school do first, so that there is something to answer.
import assert from 'node:assert/strict'
import type { As, School } from './school.ts'

export interface People {
  readonly manager: As & { readonly subject: string }
  readonly candidate: As & { readonly subject: string }
  readonly account: string
  readonly task: string
  readonly assignment: string
}

export interface Told {
  readonly first: string
  readonly last: string
  readonly candidate: string
  readonly title: string
  readonly text: string
  readonly answer: string
}

const usual: Told = {
  first: 'Ada',
  last: 'Lovelace',
  candidate: 'Boris Petrov',
  title: '[Algebra] Six',
  text: 'What is it?',
  answer: 'forty-two',
}

/** A manager with a task, and a candidate to whom it was given. */
export async function aCandidateWithATask(school: School, told: Partial<Told> = {}): Promise<People> {
  const { first, last, candidate: name, title, text, answer } = { ...usual, ...told }
  const created = async (answered: ReturnType<School['call']>): Promise<Readonly<Record<string, unknown>>> => {
    const { status, text: said, body } = await answered
    assert.equal(status, 201, said)
    return body
  }
  const admin = { role: 'admin', subject: 'admin-1' }
  const { manager_id: subject, account_id: account } = await created(
    school.call('management', 'POST', '/managers', { as: admin, body: { first_name: first, last_name: last } }),
  )
  const manager = { role: 'manager', subject: String(subject) }
  const questions = [{ question: text, answer }]
  const { task_id: task } = await created(school.call('management', 'POST', '/tasks', { as: manager, body: { title, text, questions } }))
  const { candidate_id: id } = await created(school.call('hiring', 'POST', '/candidates', { as: manager, body: { name } }))
  const assigned = await created(
    school.call('hiring', 'POST', '/assignments', { as: manager, body: { candidate_id: id, task_ids: [String(task)] } }),
  )
  const [given] = assigned['assignments'] as readonly { readonly assignment_id: string }[]
  return {
    manager,
    candidate: { role: 'candidate', subject: String(id) },
    account: String(account),
    task: String(task),
    assignment: given?.assignment_id ?? assert.fail('nothing was assigned'),
  }
}
