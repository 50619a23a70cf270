import type { LinkContract } from '../contract/contract.ts'
import type { CompareAnswer, ComparedAnswer, Stretch, WrittenOffAnswer } from '../contract/receipts.ts'
import { Problem } from '../failure/problem.ts'
import type { HttpRequest, RouteDefinition } from '../http/server.ts'
import type { ConsumerStore } from '../consumer/store.ts'
import type { Door } from '../receive/door.ts'
import type { ReceiveStore } from '../receive/store.ts'

const id = { type: 'string', minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9_-]+$' } as const
const factId = { type: 'string', pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' } as const
const position = { type: 'string', pattern: '^[0-9]{1,18}$' } as const
const closed = (properties: object): object => ({
  type: 'object',
  additionalProperties: false,
  required: Object.keys(properties),
  properties,
})

/** What this service's consumers miss in the log. */
export type Gaps = Pick<ConsumerStore, 'wanting' | 'refilled'>

const gapOf = (gap: string | null): Pick<CompareAnswer, 'gap'> => (gap === null ? {} : { gap })

/**
 * The endpoints by which other services reach this one over links: the doors, and the questions about receipts. `links`
 * are all that lead here; a path of which no link has a door does not exist.
 */
export function linkRoutes(
  links: readonly LinkContract[],
  doors: ReadonlyMap<string, Door>,
  store: ReceiveStore,
  compares: (link: string, beyond: string) => void = () => undefined,
  gaps: Gaps = { wanting: async () => null, refilled: async () => undefined },
): RouteDefinition[] {
  const byPath = Map.groupBy(
    links.filter(link => link.kind === 'business'),
    link => `${link.http.method} ${link.http.path}`,
  )
  const served = [...byPath.values()].filter(sharing => sharing.some(link => doors.has(link.id)))
  const allowed = links.map(link => ({ from: link.from, link: link.id }))
  const questions: RouteDefinition[] = [
    {
      method: 'POST',
      path: '/links/{link}/receipts',
      operationId: 'askReceipts',
      repeats: { noKey: 'it only reads' },
      summary: 'Which of these facts are terminal here, and which are kept (parked, or a dead letter). Those not named have never arrived.',
      policy: { links: allowed },
      params: closed({ link: id }),
      body: closed({ facts: { type: 'array', maxItems: 5_000, items: factId } }),
      handle: async request => ({ body: await store.answer(ownLink(request), (request.body as { facts: string[] }).facts) }),
    },
    {
      method: 'POST',
      path: '/links/{link}/compare',
      operationId: 'compareReceipts',
      repeats: { noKey: 'it only reads' },
      summary: 'Which stretches of the outbox hold other facts than there are receipts here, by count and digest.',
      policy: { links: allowed },
      params: closed({ link: id }),
      body: closed({
        stretches: {
          type: 'array',
          maxItems: 100,
          items: closed({ from: position, to: position, count: { type: 'integer' }, digest: { type: 'string', maxLength: 64 } }),
        },
      }),
      handle: async request => ({
        body: {
          ...(await compare(store, ownLink(request), (request.body as { stretches: Stretch[] }).stretches, compares)),
          ...gapOf(await gaps.wanting(ownLink(request))),
        },
      }),
    },
    {
      method: 'POST',
      path: '/links/{link}/refilled',
      operationId: 'tellRefilled',
      repeats: { noKey: 'a gap that is refilled stays so' },
      summary: 'Takes that everything has been sent again that was not terminal when this gap of the log was known.',
      policy: { links: allowed },
      params: closed({ link: id }),
      body: closed({ gap: position }),
      async handle(request) {
        await gaps.refilled(ownLink(request), (request.body as { gap: string }).gap)
        return { body: {} }
      },
    },
    {
      method: 'POST',
      path: '/links/{link}/compared',
      operationId: 'tellCompared',
      repeats: { noKey: 'a position is taken only from who knows the one before' },
      summary: 'Takes the position up to which the sender has found every fact terminal, if it knows what it had told last.',
      policy: { links: allowed },
      params: closed({ link: id }),
      body: closed({ known: position, beyond: position }),
      async handle(request) {
        const { known, beyond } = request.body as { known: string; beyond: string }
        const stands = await store.tellCompared(ownLink(request), BigInt(known), BigInt(beyond))
        const answer: ComparedAnswer = { compared: stands.toString() }
        return { body: answer }
      },
    },
    {
      method: 'POST',
      path: '/links/{link}/written-off',
      operationId: 'tellWrittenOff',
      repeats: { noKey: 'a fact that has a receipt keeps it' },
      summary:
        'Takes that two people of the sender have written a fact off, unless it has a receipt here; answers with the receipt that stands.',
      policy: { links: allowed },
      params: closed({ link: id }),
      body: closed({ fact: factId, position, by: { type: 'string', minLength: 1, maxLength: 200 } }),
      async handle(request) {
        const link = ownLink(request)
        const off = request.body as { fact: string; position: string; by: string }
        const answer: WrittenOffAnswer = { outcome: await store.transaction(tx => store.writeOff(tx, link, 'http', off)) }
        return { body: answer }
      },
    },
  ]
  return [...served.map(sharing => doorRoute(sharing, doors)), ...(allowed.length > 0 ? questions : [])]
}

/** One path may serve several links; which one it is, the caller's token says. Some of those that share it may have no door. */
function doorRoute(sharing: readonly LinkContract[], doors: ReadonlyMap<string, Door>): RouteDefinition {
  const links = sharing.filter(link => doors.has(link.id))
  const [first] = links
  if (first === undefined) throw new Error('a door needs a link')
  return {
    method: first.http.method,
    path: first.http.path,
    operationId: `deliver${links.map(link => link.event).join('Or')}`,
    repeats: { key: 'required' },
    summary: links.map(link => `${link.id}: ${link.title}`).join('; '),
    policy: { links: sharing.map(link => ({ from: link.from, link: link.id })) },
    link: links.map(link => link.id).join(','),
    ...(first.http.path.includes('{id}') ? { params: closed({ id }) } : {}),
    // The envelope's own document is checked by the door, by event and version; here only that it is one.
    body: closed({
      payload: { type: 'object' },
      meta: closed({
        event_id: factId,
        event_version: { type: 'integer', minimum: 0 },
        event_name: { type: 'string', maxLength: 64 },
        produced_at: { type: 'string', maxLength: 40 },
      }),
    }),
    handle: request => {
      const caller = request.caller
      const link = caller?.kind === 'service' ? caller.link : null
      const named = request.headers['cutover-link']
      if (named !== undefined && named !== link) {
        throw new Problem('forbidden', { detail: `the token is for ${link ?? 'no link'}, the header cutover-link says ${named}` })
      }
      const door = link === null ? undefined : doors.get(link)
      if (door === undefined) {
        throw new Problem('link_retired', {
          detail: `this instance does not serve ${link ?? 'that link'} by HTTP; it serves ${links.map(one => one.id).join(', ')} here`,
          retryable: true,
        })
      }
      return door.handle(request)
    },
  }
}

function ownLink(request: HttpRequest<unknown, Record<string, string>, unknown>): string {
  const link = request.params['link']
  if (link === undefined || request.caller?.kind !== 'service' || request.caller.link !== link) {
    throw new Problem('forbidden', { detail: `the token is not for link ${link}` })
  }
  return link
}

async function compare(
  store: ReceiveStore,
  link: string,
  stretches: readonly Stretch[],
  compares: (link: string, beyond: string) => void,
): Promise<CompareAnswer> {
  // The first begins where the sender's sweep stands.
  const [first] = stretches
  if (first !== undefined) compares(link, first.from)
  const different: string[] = []
  for (const { from, to, count, digest } of stretches) {
    const here = await store.received(link, from, to)
    if (here.count !== count || here.digest !== digest) different.push(to)
  }
  return { different, epoch: await store.epochSeen(link), compared: (await store.compared(link)).toString() }
}
