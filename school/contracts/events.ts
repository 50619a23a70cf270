import type { EventContract } from 'cutover/contract'
import { CandidateRegistered } from './events/candidate-registered/event.ts'
import { ManagerCreated } from './events/manager-created/event.ts'
import { TaskChanged } from './events/task-changed/event.ts'
import { TaskCompleted } from './events/task-completed/event.ts'
import { TaskCreated } from './events/task-created/event.ts'
import { TaskFailed } from './events/task-failed/event.ts'
import { TaskRating } from './events/task-rating/event.ts'
import { TaskReworkRequested } from './events/task-rework-requested/event.ts'

/** Every event of the school. */
export const events: readonly EventContract[] = [
  CandidateRegistered,
  ManagerCreated,
  TaskChanged,
  TaskCompleted,
  TaskCreated,
  TaskFailed,
  TaskRating,
  TaskReworkRequested,
]
