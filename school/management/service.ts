import { fileURLToPath } from 'node:url'
import { extendProblems } from 'cutover/failure'
import type { ServiceDefinition } from 'cutover/service'
import { events } from '../contracts/events.ts'
import { links } from '../contracts/links.ts'
import { problems } from '../contracts/problems.ts'
import { candidates } from './candidates/copy.ts'
import { candidateRoutes } from './candidates/http.ts'
import { managerRoutes } from './managers/http.ts'
import { reworkAudit, taskAudit } from './audits.ts'
import { managerSource, taskSource } from './sources.ts'
import { onReworkRequested } from './reworks/consumer.ts'
import { reworkRoutes } from './reworks/http.ts'
import { taskRoutes } from './tasks/http.ts'
import { title } from './tasks/title.ts'

extendProblems(problems)

/** Managers, their tasks, and what is to be made harder. */
export const management: ServiceDefinition = {
  name: 'management',
  links,
  events,
  columns: [title],
  migrations: fileURLToPath(new URL('db', import.meta.url)),
  build({ database, once, random, read, columns }) {
    const titles = columns(title)
    return {
      routes: [
        ...managerRoutes(database, once, random),
        ...taskRoutes(database, once, random, titles),
        ...reworkRoutes(database),
        ...candidateRoutes(read(candidates)),
      ],
      handlers: { 'COMM-030': onReworkRequested },
      sources: [managerSource, taskSource(titles)],
      audits: [taskAudit(database), reworkAudit(database)],
    }
  },
}
