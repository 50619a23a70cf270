import { openColumns } from '../cutover/columns/columns.ts'
import { titleColumns } from '../school/contracts/title-columns.ts'

/** Titles as they are kept before they are split. */
export const wholeTitles = openColumns(titleColumns('task', 'task_id'), 'old')
