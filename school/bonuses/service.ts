import { fileURLToPath } from 'node:url'
import { extendProblems } from 'cutover/failure'
import { openBreaker } from 'cutover/failure/breaker'
import { loops, type ServiceDefinition } from 'cutover/service'
import { events } from '../contracts/events.ts'
import { links } from '../contracts/links.ts'
import { problems } from '../contracts/problems.ts'
import { accountRoutes } from './accounts/http.ts'
import { bonusAudits } from './audits.ts'
import { openAwards } from './awards/consumer.ts'
import { checkRoutes } from './checks.ts'
import { managers } from './managers/copy.ts'
import { payBreaker, payDeadlineMs, payLeaseMs, runDelivery } from './payouts/delivery.ts'
import { openFinance } from './payouts/finance.ts'
import { payoutRoutes } from './payouts/http.ts'
import { periodRoutes } from './periods/http.ts'
import { ratings } from './ratings/copy.ts'
import { title } from './tasks/title.ts'

extendProblems(problems)

/** Accounts, ledger, the awards that facts of the other services bring about, and the month end that pays them out. */
export const bonuses: ServiceDefinition = {
  name: 'bonuses',
  links,
  events,
  columns: [title],
  migrations: fileURLToPath(new URL('db', import.meta.url)),
  build({ database, once, read, client, columns, clock, random, log }) {
    const titles = columns(title)
    const known = { managers: read(managers), ratings: read(ratings) }
    const { onTaskCompleted, onTaskFailed, onTaskCreated } = openAwards(known, titles)
    const finance = openFinance(client('finance', { deadlineMs: payDeadlineMs, connectionsMax: 8 }))
    const delivery = { database, finance, breaker: openBreaker(payBreaker, clock, random), clock, random, log, leaseMs: payLeaseMs }
    return {
      routes: [
        ...accountRoutes(database, known.managers, titles),
        ...periodRoutes({ database, finance, once, clock, random }),
        ...payoutRoutes(database, once),
        ...checkRoutes(database, finance),
      ],
      handlers: { 'COMM-040': onTaskCompleted, 'COMM-050': onTaskFailed, 'COMM-080': onTaskCreated },
      audits: bonusAudits(database),
      parts: [loops('pay-outs', [signal => runDelivery(delivery, signal)])],
    }
  },
}
