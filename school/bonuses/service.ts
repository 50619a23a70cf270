import { fileURLToPath } from 'node:url'
import { extendProblems } from 'cutover/failure'
import type { ServiceDefinition } from 'cutover/service'
import { events } from '../contracts/events.ts'
import { links } from '../contracts/links.ts'
import { problems } from '../contracts/problems.ts'
import { accountRoutes } from './accounts/http.ts'
import { bonusAudits } from './audits.ts'
import { onTaskCompleted, onTaskCreated, onTaskFailed } from './awards/consumer.ts'
import { gatherManager } from './managers/gather.ts'
import { onTaskRating } from './ratings/consumer.ts'

extendProblems(problems)

/** Accounts, ledger, and the awards that facts of the other services bring about. */
export const bonuses: ServiceDefinition = {
  name: 'bonuses',
  links,
  events,
  migrations: fileURLToPath(new URL('db', import.meta.url)),
  build: ({ database, read }) => ({
    routes: accountRoutes(database),
    handlers: { 'COMM-040': onTaskCompleted, 'COMM-050': onTaskFailed, 'COMM-060': onTaskRating, 'COMM-080': onTaskCreated },
    gather: gatherManager(database, read('COMM-070')),
    audits: bonusAudits(database),
  }),
}
