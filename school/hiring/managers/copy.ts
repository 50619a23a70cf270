import { defineReplica } from 'cutover/replica'
import { managerIn } from '../../contracts/http/manager.ts'

/** A manager as a candidate gets to see them: the author of a task. */
export type Author = {
  readonly manager_id: string
  readonly first_name: string
  readonly last_name: string
}

/** COMM-010: who wrote a task. Of a manager hiring keeps the name and nothing else. */
export const authors = defineReplica<Author>({
  link: 'COMM-010',
  table: 'author',
  key: ['manager_id'],
  columns: { manager_id: 'text', first_name: 'text', last_name: 'text' },
  read(value) {
    const manager = managerIn(value)
    if (manager === null) return null
    const { account_id: _, ...author } = manager
    return author
  },
  path: ([id = '']) => `/managers/${encodeURIComponent(id)}`,
})
