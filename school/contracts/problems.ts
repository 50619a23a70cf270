/** The problems that the school's services answer with, beside the library's. */
export const problems = {
  account_unknown: { status: 404, title: 'There is no such account' },
  answers_incomplete: { status: 422, title: 'The number of answers is not that of the questions' },
  assignment_unknown: { status: 404, title: 'There is no such assignment' },
  candidate_unknown: { status: 404, title: 'There is no such candidate' },
  manager_unknown: { status: 404, title: 'There is no such manager' },
  outcome_unknown: { status: 404, title: 'There is no such outcome' },
  self_dealing: { status: 409, title: 'Nobody is paid for solving their own task' },
  task_changed: { status: 409, title: 'The task has been edited meanwhile' },
  task_gone: { status: 409, title: 'The task was taken back' },
  task_unknown: { status: 404, title: 'There is no such task' },
  task_withdrawn: { status: 409, title: 'The task is withdrawn' },
} as const
