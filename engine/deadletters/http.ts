import type { HttpRequest, RouteDefinition } from 'cutover/http/server'
import { deadLetterPaths as paths, type DeadLetterSelection, type EditRequest } from '../api/dead-letters.ts'
import { everybody, whoOf } from '../session/who.ts'
import type { Clerk, OrderVerb } from './clerk.ts'

const closed = (properties: object, required = Object.keys(properties)): object => ({
  type: 'object',
  additionalProperties: false,
  required,
  properties,
})
const id = { type: 'string', minLength: 1, maxLength: 100 } as const
const link = { type: 'string', minLength: 1, maxLength: 64 } as const
const cause = { type: 'string', pattern: '^[0-9a-f]{12}$' } as const
const reason = { type: 'string', minLength: 3, maxLength: 500, pattern: '[^\\s\\p{C}]' } as const
const selection = closed({ ids: { type: 'array', minItems: 1, maxItems: 1_000, uniqueItems: true, items: id }, link, cause }, [])
const request = { type: 'string', format: 'uuid' } as const

/** Dead letters of all services, for operators, and the second person. */
export function deadLetterRoutes(clerk: Clerk): RouteDefinition[] {
  const looking = { method: 'GET', policy: everybody, tags: ['dead letters'] } as const
  const ordering = { method: 'POST', policy: 'operator', tags: ['dead letters'] } as const
  const params = closed({ id })
  const idOf = (one: HttpRequest): string => one.params['id'] ?? ''

  const order = (
    path: string,
    verb: OrderVerb,
    operationId: string,
    summary: string,
    more: object,
    required: readonly string[] = [],
  ): RouteDefinition => ({
    ...ordering,
    path,
    operationId,
    repeats: { noKey: 'a letter is claimed by one job: asked for again, there is nothing left to claim, or it is told already_resolved' },
    summary,
    body: closed({ selection, request, ...more }, ['selection', ...required]),
    async handle(one) {
      const { selection: chosen, ...rest } = one.body as { selection: DeadLetterSelection }
      return { status: 202, body: await clerk.order(verb, chosen, rest, whoOf(one)) }
    },
  })

  return [
    {
      ...looking,
      path: paths.groups,
      operationId: 'listDeadLetters',
      summary: 'Dead letters of all services by what they failed of, the most urgent first',
      handle: async () => ({ body: await clerk.groups() }),
    },
    {
      ...looking,
      path: paths.letters,
      operationId: 'pageDeadLetters',
      summary: 'Dead letters of one service, one by one',
      query: closed(
        {
          service: link,
          link,
          cause,
          state: { type: 'string', enum: ['open', 'replaying', 'resolved', 'written_off'] },
          after: { type: 'string', pattern: '^[1-9][0-9]{0,17}$' },
          limit: { type: 'string', pattern: '^([1-9][0-9]?|1[0-9]{2}|200)$' },
        },
        ['service'],
      ),
      async handle(one) {
        const { service = '', ...query } = one.query as Record<string, string>
        return { body: await clerk.letters(service, query) }
      },
    },
    {
      ...looking,
      path: paths.letter,
      operationId: 'showDeadLetter',
      summary: 'One dead letter: its message without what is personal, what is wrong with it, its edit and its history',
      params,
      handle: async one => ({ body: await clerk.letter(idOf(one)) }),
    },
    {
      ...ordering,
      path: paths.edit,
      operationId: 'editDeadLetter',
      repeats: { noKey: 'the same edit again leaves the letter as it is, and its original is kept' },
      summary: 'Changes the message that a replay will use; the original is kept',
      params,
      body: closed({
        set: {
          type: 'array',
          minItems: 1,
          maxItems: 50,
          items: closed({ path: { type: 'string', maxLength: 200 }, value: {}, remove: { type: 'boolean' } }, ['path']),
        },
        reason,
      }),
      handle: async one => ({ body: await clerk.edit(idOf(one), one.body as EditRequest, whoOf(one)) }),
    },
    order(
      paths.replay,
      'replay',
      'replayDeadLetters',
      'Replays dead letters: one first, then the others at a rate; or finds out what would happen',
      {
        rate: { type: 'integer', minimum: 1, maximum: 1_000 },
        dry_run: { type: 'boolean' },
      },
    ),
    order(paths.writeOff, 'write-off', 'writeOffDeadLetters', 'Writes dead letters off; on links of money by two people', { reason }, [
      'reason',
    ]),
    order(paths.export, 'export', 'exportDeadLetters', 'Appends dead letters, as they came, to topics that other tools read', {}),
    {
      ...looking,
      path: paths.jobs,
      operationId: 'listDeadLetterJobs',
      summary: 'The latest jobs about dead letters, newest first',
      handle: async () => ({ body: await clerk.jobs() }),
    },
    {
      ...looking,
      path: paths.job,
      operationId: 'showDeadLetterJob',
      summary: 'One job: how far it is, and what became of its letters',
      params,
      handle: async one => ({ body: await clerk.job(idOf(one)) }),
    },
    {
      ...looking,
      method: 'POST',
      path: paths.approve,
      operationId: 'approveDeadLetterJob',
      repeats: { noKey: 'a job has one approval' },
      summary: 'The second person’s yes to a job; by somebody else than who ordered it, or wrote an edit that it uses',
      params,
      handle: async one => ({ body: await clerk.approve(idOf(one), whoOf(one)) }),
    },
    {
      ...ordering,
      path: paths.stop,
      operationId: 'stopDeadLetterJob',
      repeats: { noKey: 'a job that has ended stays so' },
      summary: 'Ends a job; what it has not come to is open again',
      params,
      handle: async one => ({ body: await clerk.stop(idOf(one), whoOf(one)) }),
    },
  ]
}
