import type { Change } from '../deadletters/edit.ts'
import { describeNew } from '../deadletters/jobs.ts'
import type { Reader } from '../deadletters/letter.ts'
import { openOrders, type Orders } from '../deadletters/orders.ts'
import type { DeadLetterStore, JobKind, LetterState, Selection } from '../deadletters/store.ts'
import { isMoney, jobRow, letterRow, letterView } from '../deadletters/view.ts'
import { Problem } from '../failure/problem.ts'
import type { HttpRequest, RouteDefinition } from '../http/server.ts'
import { underTerm } from '../switch/switch.ts'
import type { Stores } from './stores.ts'

const closed = (properties: object, required = Object.keys(properties)): object => ({
  type: 'object',
  additionalProperties: false,
  required,
  properties,
})
const number = { type: 'string', pattern: '^[1-9][0-9]{0,17}$' } as const
const link = { type: 'string', minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9_.:-]+$' } as const
const cause = { type: 'string', pattern: '^[0-9a-f]{12}$' } as const
const state = { type: 'string', enum: ['open', 'replaying', 'resolved', 'written_off'] } as const
/** Who orders, as the engine has found out. */
const by = { type: 'string', minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9_.@-]+$' } as const
const term = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER } as const
const reason = { type: 'string', minLength: 3, maxLength: 500, pattern: '[^\\s\\p{C}]' } as const
const selection = closed({ ids: { type: 'array', minItems: 1, maxItems: 1_000, uniqueItems: true, items: number }, link, cause }, [])
const pageMax = 200
const jobsMax = 100
export const defaultRate = 50

export interface DeadLetterRoutesOptions extends Reader {
  readonly stores: Pick<Stores, 'deadLetters' | 'switch'>
}

/** Dead letters of this service, for operators: what there is, masked, and what people order about it. */
export function deadLetterRoutes({ stores, ...reader }: DeadLetterRoutesOptions): RouteDefinition[] {
  const operator = { policy: 'operator', tags: ['dead letters'] } as const
  const store = stores.deadLetters
  const orders = (request: HttpRequest): Orders =>
    openOrders(store, reader, tx => underTerm(stores.switch, tx, (request.body as { term: number }).term))
  const id = (request: HttpRequest): string => request.params['id'] ?? ''

  interface Ordered {
    readonly selection: Selection
    readonly reason?: string
    readonly rate?: number
    readonly dry_run?: boolean
    readonly request?: string
    readonly by: string
  }
  const ordering = (
    path: string,
    operationId: string,
    summary: string,
    kindOf: (order: Ordered) => JobKind,
    more: object,
    required: readonly string[] = [],
  ): RouteDefinition => ({
    ...operator,
    method: 'POST',
    path,
    operationId,
    repeats: { noKey: 'a letter is claimed by one job: asked for again, there is nothing left to claim, or it is told already_resolved' },
    summary,
    body: closed({ selection, request: { type: 'string', format: 'uuid' }, by, term, ...more }, ['selection', 'by', 'term', ...required]),
    async handle(request) {
      const order = request.body as Ordered
      await describeNew({ store, reader })
      const job = await orders(request).order({
        kind: kindOf(order),
        selection: order.selection,
        reason: order.reason ?? null,
        rate: order.rate ?? defaultRate,
        request: order.request ?? null,
        by: order.by,
      })
      return { status: 202, body: jobRow(job) }
    },
  })

  return [
    {
      ...operator,
      method: 'GET',
      path: '/operator/dead-letters',
      operationId: 'deadLetterGroups',
      summary: 'The groups of dead letters that are open or being replayed, and how many there ever were, by state.',
      async handle() {
        await describeNew({ store, reader })
        const groups = (await store.groups()).map(({ fingerprint, cause: text, ...group }) => ({
          ...group,
          cause: fingerprint,
          text,
          money: isMoney(group.link, reader),
        }))
        return { body: { groups, totals: await store.totals() } }
      },
    },
    {
      ...operator,
      method: 'GET',
      path: '/operator/dead-letters/letters',
      operationId: 'deadLetters',
      summary: 'Dead letters one by one, in the order in which they came: those beyond an id, of a link, a cause, a state.',
      query: closed({ link, cause, state, after: number, limit: { type: 'string', pattern: '^([1-9][0-9]?|1[0-9]{2}|200)$' } }, []),
      async handle(request) {
        const { state: one, after = '0', limit = String(pageMax), ...chosen } = request.query as Record<string, string>
        const states: LetterState[] = one === undefined ? ['open', 'replaying'] : [one as LetterState]
        await describeNew({ store, reader })
        const letters = await store.page(chosen, states, after, Number(limit))
        return {
          body: {
            letters: letters.map(letter => letterRow(letter, reader)),
            next: letters.length === Number(limit) ? letters.at(-1)?.id : null,
          },
        }
      },
    },
    {
      ...operator,
      method: 'GET',
      path: '/operator/dead-letters/letters/{id}',
      operationId: 'deadLetter',
      summary: 'One dead letter: its message without what is personal, what is wrong with it, its edit and its history.',
      params: closed({ id: number }),
      handle: async request => ({ body: await viewOf(store, reader, id(request)) }),
    },
    {
      ...operator,
      method: 'POST',
      path: '/operator/dead-letters/letters/{id}/edit',
      operationId: 'editDeadLetter',
      repeats: { noKey: 'the same edit again leaves the letter as it is, and its original is kept' },
      summary: 'Changes the message that a replay will use; the original is kept. Refused unless the whole is valid then.',
      params: closed({ id: number }),
      body: closed({
        set: {
          type: 'array',
          minItems: 1,
          maxItems: 50,
          items: closed({ path: { type: 'string', maxLength: 200 }, value: {}, remove: { type: 'boolean' } }, ['path']),
        },
        reason,
        by,
        term,
      }),
      async handle(request) {
        const edit = request.body as { set: Change[]; reason: string; by: string }
        await orders(request).edit(id(request), edit.set, edit.reason, edit.by)
        return { body: await viewOf(store, reader, id(request)) }
      },
    },
    ordering(
      '/operator/dead-letters/replay',
      'replayDeadLetters',
      'Replays letters through the receiver, or over the link, as a job: one first, then the others at a rate. A dry run finds out what would happen.',
      ({ dry_run: dry }) => (dry === true ? 'rehearsal' : 'replay'),
      { rate: { type: 'integer', minimum: 1, maximum: 1_000 }, dry_run: { type: 'boolean' } },
    ),
    ordering(
      '/operator/dead-letters/write-off',
      'writeOffDeadLetters',
      'Writes letters off: their facts are terminal then, without an effect. On links of money by two people.',
      () => 'write_off',
      { reason },
      ['reason'],
    ),
    ordering(
      '/operator/dead-letters/export',
      'exportDeadLetters',
      'Appends letters, as they came, to the topic <topic>.<group>.dlq, with the headers that other tools read. They stay here.',
      () => 'export',
      {},
    ),
    {
      ...operator,
      method: 'GET',
      path: '/operator/dead-letters/jobs',
      operationId: 'deadLetterJobs',
      summary: 'The latest jobs about dead letters, newest first.',
      handle: async () => ({ body: (await store.jobs(jobsMax)).map(jobRow) }),
    },
    {
      ...operator,
      method: 'GET',
      path: '/operator/dead-letters/jobs/{id}',
      operationId: 'deadLetterJob',
      summary: 'One job: how far it is, and how the letters came out.',
      params: closed({ id: number }),
      async handle(request) {
        const job = await store.job(id(request))
        if (job === undefined) throw new Problem('job_unknown', { detail: `there is no job ${id(request)} here` })
        return { body: jobRow(job) }
      },
    },
    {
      ...operator,
      method: 'POST',
      path: '/operator/dead-letters/jobs/{id}/approve',
      operationId: 'approveDeadLetterJob',
      repeats: { noKey: 'a job has one approval' },
      summary: 'The second person’s yes to a job that waits for it.',
      params: closed({ id: number }),
      body: closed({ by, term }),
      handle: async request => ({ body: jobRow(await orders(request).approve(id(request), (request.body as { by: string }).by)) }),
    },
    {
      ...operator,
      method: 'POST',
      path: '/operator/dead-letters/jobs/{id}/stop',
      operationId: 'stopDeadLetterJob',
      repeats: { noKey: 'a job that has ended stays so' },
      summary: 'Ends a job after the letter that it is at; the others are open again.',
      params: closed({ id: number }),
      body: closed({ by, term }),
      handle: async request => ({ body: jobRow(await orders(request).stop(id(request))) }),
    },
  ]
}

async function viewOf(store: DeadLetterStore, reader: Reader, id: string): Promise<object> {
  await describeNew({ store, reader })
  const letter = await store.letter(id)
  if (letter === undefined) throw new Problem('dead_letter_unknown', { detail: `there is no dead letter ${id} here` })
  return letterView(letter, await store.history(id), reader)
}
