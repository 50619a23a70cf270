import { oldTitle, type SplitTitle } from '../title.ts'

/** What COMM-020 answers by HTTP, and what the event says: the whole task, with its answer key. */
export type Task = {
  readonly task_id: string
  readonly creator_id: string
  readonly title: string
  readonly text: string
  readonly questions: readonly { readonly question: string; readonly answer: string }[]
}

/** Another service's word is input like any other: the task in it, or null. Its title is read in two parts as well as whole. */
export function taskIn(value: unknown): Task | null {
  const { task_id, creator_id, title, text, questions, knowledge_area, title_raw } = (value ?? {}) as Partial<Task & SplitTitle>
  return isId(task_id) &&
    isId(creator_id) &&
    typeof title === 'string' &&
    typeof text === 'string' &&
    Array.isArray(questions) &&
    questions.length > 0 &&
    questions.every(one => typeof one?.question === 'string' && typeof one?.answer === 'string')
    ? { task_id, creator_id, title: oldTitle({ title, ...isText({ knowledge_area, title_raw }) }), text, questions }
    : null
}

const isText = (parts: Readonly<Record<string, unknown>>): object =>
  Object.fromEntries(Object.entries(parts).filter(([, part]) => typeof part === 'string'))

const isId = (value: unknown): value is string => typeof value === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(value)
