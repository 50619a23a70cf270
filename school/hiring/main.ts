import { fileURLToPath } from 'node:url'
import { extendProblems } from 'cutover/failure'
import { runService } from 'cutover/service'
import { events } from '../contracts/events.ts'
import { links } from '../contracts/links.ts'
import { problems } from '../contracts/problems.ts'
import { assignmentRoutes } from './assignments/http.ts'
import { hiringAudits } from './audits.ts'
import { candidateRoutes } from './candidates/http.ts'
import { openTasks } from './tasks/tasks.ts'

extendProblems(problems)

await runService({
  name: 'hiring',
  links,
  events,
  migrations: fileURLToPath(new URL('db', import.meta.url)),
  build: ({ database, sender, random, read, clock, log }) => {
    const tasks = openTasks({ database, owner: read('COMM-020'), clock, random, log })
    return {
      routes: [...candidateRoutes(database, random), ...assignmentRoutes({ database, sender, random, tasks })],
      handlers: {},
      audits: hiringAudits(database),
    }
  },
})
