import type { RouteDefinition } from 'cutover/http/server'
import { paths } from '../api/contract.ts'
import type { TopicsApplyRequest } from '../api/topics.ts'
import { everybody, whoOf } from '../session/who.ts'
import type { Topics } from './topics.ts'

/** The topics of all events: how they stand, and making those that routes need. */
export const topicsRoutes = (topics: Topics): RouteDefinition[] => [
  {
    method: 'GET',
    path: paths.topics,
    operationId: 'listTopics',
    summary: 'The topics of all events: partitions, id, whether they are hidden, bounds, readers, and which links need them',
    policy: everybody,
    tags: ['topics'],
    handle: async () => ({ body: await topics.list() }),
  },
  {
    method: 'POST',
    path: paths.topics,
    operationId: 'applyTopics',
    repeats: { noKey: 'a topic that is there already stays as it is' },
    summary: 'Makes the topics that routes need, with the partitions of their contracts; changes none that is there',
    policy: 'operator',
    tags: ['topics'],
    body: { type: 'object', additionalProperties: false, properties: { dry_run: { type: 'boolean' } } },
    async handle(request) {
      const { dry_run: dry = false } = request.body as TopicsApplyRequest
      return { body: await topics.apply(whoOf(request), dry) }
    },
  },
]
