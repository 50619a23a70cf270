import { defineReplica } from 'cutover/replica'
import { type Task, taskIn } from '../../contracts/http/task.ts'
import { copyTitle } from './title.ts'

/** COMM-020: tasks as their authors wrote them. What hiring knows about a task itself is in a table of its own. */
export const tasks = defineReplica<Task>({
  link: 'COMM-020',
  table: 'task_copy',
  key: ['task_id'],
  columns: { task_id: 'text', creator_id: 'text', title: 'text', text: 'text', questions: 'jsonb' },
  change: copyTitle,
  read: taskIn,
  path: ([id = '']) => `/tasks/${encodeURIComponent(id)}`,
})
