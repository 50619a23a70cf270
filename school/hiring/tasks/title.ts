import { titleColumns } from '../../contracts/title-columns.ts'

/** The titles of the tasks that hiring works with. */
export const title = titleColumns('task', 'task_id')
/** The titles of their copy. */
export const copyTitle = titleColumns('task_copy', 'task_id')
