import { titleColumns } from '../../contracts/title-columns.ts'

/** The titles of tasks as their authors wrote them. */
export const title = titleColumns('task', 'task_id')
