import { defineReplica } from 'cutover/replica'
import { type Manager, managerIn } from '../../contracts/http/manager.ts'

/** COMM-070: managers as management knows them. A booking needs their account, a statement their name. */
export const managers = defineReplica<Manager>({
  link: 'COMM-070',
  table: 'manager',
  key: ['manager_id'],
  columns: { manager_id: 'text', first_name: 'text', last_name: 'text', account_id: 'text' },
  read: managerIn,
  path: ([id = '']) => `/managers/${encodeURIComponent(id)}`,
})
