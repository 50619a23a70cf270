import { fileURLToPath } from 'node:url'
import { extendProblems } from 'cutover/failure'
import type { ServiceDefinition } from 'cutover/service'
import { events } from '../contracts/events.ts'
import { links } from '../contracts/links.ts'
import { problems } from '../contracts/problems.ts'
import { assignmentRoutes } from './assignments/http.ts'
import { hiringAudits } from './audits.ts'
import { candidateRoutes } from './candidates/http.ts'
import { authors } from './managers/copy.ts'
import { ratingRoutes } from './ratings/http.ts'
import { candidateSource, ratingSource } from './sources.ts'
import { tasks } from './tasks/copy.ts'
import { openTasks } from './tasks/tasks.ts'
import { copyTitle, title } from './tasks/title.ts'

extendProblems(problems)

/** Candidates, their assignments, and the check of their answers. */
export const hiring: ServiceDefinition = {
  name: 'hiring',
  links,
  events,
  migrations: fileURLToPath(new URL('db', import.meta.url)),
  columns: [title, copyTitle],
  build: ({ database, once, random, read, columns, clock, log }) => {
    const held = openTasks({ database, owner: read(tasks), clock, log, title: columns(title) })
    return {
      routes: [
        ...candidateRoutes(database, once, random),
        ...assignmentRoutes({ database, once, random, tasks: held, authors: read(authors) }),
        ...ratingRoutes(database),
      ],
      handlers: {},
      sources: [candidateSource, ratingSource],
      audits: hiringAudits(database),
    }
  },
}
