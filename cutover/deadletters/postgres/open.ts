import type { Database } from '../../database/database.ts'
import type { DeadLetterStore } from '../store.ts'
import { jobOperations } from './jobs.ts'
import { letterOperations } from './letters.ts'

export const openDeadLetterStore = (database: Database): DeadLetterStore => ({
  transaction: work => database.transaction(work),
  ...letterOperations(database),
  ...jobOperations(database),
})
