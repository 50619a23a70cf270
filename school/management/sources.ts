import type { Columns } from 'cutover/columns/access'
import type { SourceDefinition } from 'cutover/snapshot'
import { ManagerCreated } from '../contracts/events/manager-created/event.ts'
import { TaskChanged } from '../contracts/events/task-changed/event.ts'
import { withTitle } from '../contracts/title.ts'

/** COMM-010 and COMM-070: the managers. Hiring keeps who wrote a task, bonuses the account as well. */
export const managerSource: SourceDefinition = {
  links: { 'COMM-010': ['manager_id', 'first_name', 'last_name'], 'COMM-070': ['manager_id', 'first_name', 'last_name', 'account_id'] },
  event: ManagerCreated,
  from: 'manager where true',
  table: 'manager',
  cursor: { column: 'manager_id', type: 'text' },
  key: [{ column: 'manager_id', type: 'text' }],
  columns: { manager_id: 'manager_id', first_name: 'first_name', last_name: 'last_name', account_id: 'account_id' },
  revision: 'revision',
  removed: null,
}

/** COMM-020: the tasks, those that were taken back included. */
export const taskSource = (title: Columns): SourceDefinition => ({
  links: { 'COMM-020': ['task_id', 'creator_id', 'title', 'text', 'questions'] },
  event: TaskChanged,
  from: 'task where true',
  table: 'task',
  cursor: { column: 'task_id', type: 'text' },
  key: [{ column: 'task_id', type: 'text' }],
  columns: { task_id: 'task_id', creator_id: 'creator_id', title: title.expression, text: 'text', questions: 'questions' },
  told: state => withTitle.up(state as never),
  revision: 'revision',
  removed: 'removed',
})
