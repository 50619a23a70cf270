import { capabilityPattern } from 'cutover/contract/capability'
import { extendProblems, Problem } from 'cutover/failure'
import type { RouteDefinition } from 'cutover/http/server'
import { paths } from '../api/contract.ts'
import type { CopyRequest, DeployRequest, EpochRequest } from '../api/repair.ts'
import { everybody, whoOf } from '../session/who.ts'
import type { Repairs } from './repair.ts'

extendProblems({
  copy_untold: { status: 409, title: 'Nobody tells the copy of changes' },
  deployer_absent: { status: 409, title: 'Nothing deploys here by itself' },
})

const closed = (properties: object, required: readonly string[] = []): object => ({
  type: 'object',
  additionalProperties: false,
  required,
  properties,
})
const params = closed({ id: { type: 'string', minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9_-]+$' } }, ['id'])
const capabilities = { type: 'array', maxItems: 100, items: { type: 'string', maxLength: 80, pattern: capabilityPattern } } as const
const order = { policy: 'operator', tags: ['repair'], params } as const

/** What repairs what the doctor has found, where no plan does. */
export const repairRoutes = (repairs: Repairs): RouteDefinition[] => [
  {
    ...order,
    policy: everybody,
    method: 'GET',
    path: paths.epoch,
    operationId: 'showEpoch',
    summary: 'How the epoch of a service stands against what is known of it',
    handle: async ({ params: { id = '' } }) => ({ body: await repairs.epoch(id) }),
  },
  {
    ...order,
    method: 'POST',
    path: paths.epoch,
    operationId: 'raiseEpoch',
    repeats: { noKey: 'an epoch that has not fallen is not raised' },
    summary: 'Raises the epoch of a service whose database was restored above all that is known of it; nothing where it has not fallen',
    body: closed({ at_least: { type: 'integer', minimum: 1, maximum: 1_000_000_000_000 } }),
    async handle(request) {
      const { at_least: atLeast = null } = request.body as EpochRequest
      return { body: await repairs.raiseEpoch(request.params['id'] ?? '', atLeast, whoOf(request)) }
    },
  },
  {
    ...order,
    method: 'POST',
    path: paths.deploy,
    operationId: 'deployService',
    repeats: { noKey: 'instances that have those capabilities already are left as they run' },
    summary: 'Brings the instances of a service to run with other capabilities, one by one, where something deploys by itself',
    body: closed({ add: capabilities, remove: capabilities }),
    async handle(request) {
      const { add = [], remove = [] } = request.body as DeployRequest
      if (add.length + remove.length === 0)
        throw new Problem('body_invalid', {
          detail: 'nothing to deploy: name capabilities in add or in remove',
          errors: [{ pointer: '/add', code: 'required', detail: 'is missing, and so is /remove' }],
        })
      return { body: await repairs.deploy(request.params['id'] ?? '', add, remove, whoOf(request)) }
    },
  },
  {
    ...order,
    method: 'POST',
    path: paths.topic,
    operationId: 'openTopic',
    repeats: { noKey: 'a topic that is open already stays as it is' },
    summary: 'Opens the topic of an event, on purpose: makes it, or takes it out of quarantine as it was',
    handle: async request => ({ body: await repairs.openTopic(request.params['id'] ?? '', whoOf(request)) }),
  },
  {
    ...order,
    method: 'POST',
    path: paths.copy,
    operationId: 'repairCopy',
    repeats: { noKey: 'what is created or restored stays so, and rows that are told again change nothing' },
    summary: 'Takes the copy of a data link out of quarantine, makes an empty one where there is none, or has every row told once more',
    body: closed({ do: { enum: ['create', 'restore', 'fill'] } }, ['do']),
    async handle(request) {
      const { do: change } = request.body as CopyRequest
      return { body: await repairs.copy(request.params['id'] ?? '', change, whoOf(request)) }
    },
  },
]
