import type { RouteDefinition } from 'cutover/http/server'
import { paths } from '../api/contract.ts'
import type { DeliveryView } from '../api/delivery.ts'
import { readDelivery } from '../services/delivery-answers.ts'
import type { Directory, InstanceAnswer } from '../services/directory.ts'
import { everybody } from '../session/who.ts'
import { type DeliveryReport, mergeDelivery } from './merge.ts'

/** Who does not answer in this time is told as away: an outage is when one looks here. */
const deadlineMs = 2_000

/** How delivery stands everywhere, asked of every instance at once. A service that is away holds nobody up. */
export const deliveryRoutes = (directory: Directory, now: () => number): RouteDefinition[] => [
  {
    method: 'GET',
    path: paths.delivery,
    operationId: 'showDelivery',
    summary:
      'What waits to be delivered and why: outboxes against their bounds, lanes, breakers with their next probe, retries, dead letters',
    policy: everybody,
    tags: ['delivery'],
    async handle() {
      const reports = await Promise.all(
        directory.services.map(
          async service =>
            [service, (await directory.askEach(service, { method: 'GET', path: '/operator/delivery', deadlineMs })).map(read)] as const,
        ),
      )
      const answer: DeliveryView = mergeDelivery(Object.fromEntries(reports), new Date(now()).toISOString())
      return { body: answer }
    },
  },
]

function read(instance: InstanceAnswer): DeliveryReport {
  if ('away' in instance) return instance
  try {
    return { url: instance.url, delivery: readDelivery(instance.answer) }
  } catch (error) {
    return { url: instance.url, away: error instanceof Error ? error.message : String(error) }
  }
}
