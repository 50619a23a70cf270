/** What COMM-020 answers by HTTP: the whole task, with its answer key. */
export interface Task {
  readonly task_id: string
  readonly creator_id: string
  readonly title: string
  readonly text: string
  readonly questions: readonly { readonly question: string; readonly answer: string }[]
  readonly revision: number
}

/** Another service's answer is input like any other. */
export function isTask(value: unknown): value is Task {
  const one = value as Partial<Task> | null
  return (
    typeof one === 'object' &&
    one !== null &&
    isId(one.task_id) &&
    isId(one.creator_id) &&
    typeof one.title === 'string' &&
    typeof one.text === 'string' &&
    Number.isSafeInteger(one.revision) &&
    Array.isArray(one.questions) &&
    one.questions.length > 0 &&
    one.questions.every(question => typeof question?.question === 'string' && typeof question?.answer === 'string')
  )
}

const isId = (value: unknown): boolean => typeof value === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(value)
