import { fileURLToPath } from 'node:url'
import { extendProblems } from 'cutover/failure'
import type { ServiceDefinition } from 'cutover/service'
import { events } from '../contracts/events.ts'
import { links } from '../contracts/links.ts'
import { problems } from '../contracts/problems.ts'
import { accountRoutes } from './accounts/http.ts'
import { bonusAudits } from './audits.ts'
import { openAwards } from './awards/consumer.ts'
import { managers } from './managers/copy.ts'
import { ratings } from './ratings/copy.ts'

extendProblems(problems)

/** Accounts, ledger, and the awards that facts of the other services bring about. */
export const bonuses: ServiceDefinition = {
  name: 'bonuses',
  links,
  events,
  migrations: fileURLToPath(new URL('db', import.meta.url)),
  build({ database, read }) {
    const known = { managers: read(managers), ratings: read(ratings) }
    const { onTaskCompleted, onTaskFailed, onTaskCreated } = openAwards(known)
    return {
      routes: accountRoutes(database, known.managers),
      handlers: { 'COMM-040': onTaskCompleted, 'COMM-050': onTaskFailed, 'COMM-080': onTaskCreated },
      audits: bonusAudits(database),
    }
  },
}
