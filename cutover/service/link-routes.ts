import type { LinkContract } from '../contract/contract.ts'
import type { Database } from '../database/database.ts'
import { Problem } from '../failure/problem.ts'
import type { HttpRequest, RouteDefinition } from '../http/server.ts'
import type { Door } from '../receive/door.ts'
import { type Stretch, stretchSql } from '../relay/sweep.ts'

const id = { type: 'string', minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9_-]+$' } as const
const factId = { type: 'string', pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' } as const
const position = { type: 'string', pattern: '^[0-9]{1,18}$' } as const
const closed = (properties: object): object => ({
  type: 'object',
  additionalProperties: false,
  required: Object.keys(properties),
  properties,
})

/** The endpoints by which other services reach this one over links: the doors, and the questions about receipts. */
export function linkRoutes(links: readonly LinkContract[], doors: ReadonlyMap<string, Door>, database: Database): RouteDefinition[] {
  const byPath = Map.groupBy(
    links.filter(link => doors.has(link.id)),
    link => `${link.http.method} ${link.http.path}`,
  )
  const allowed = links.map(link => ({ from: link.from, link: link.id }))
  const questions: RouteDefinition[] = [
    {
      method: 'POST',
      path: '/links/{link}/receipts',
      operationId: 'askReceipts',
      summary: 'Which of these facts are terminal here, and which are kept (parked, or a dead letter). Those not named have never arrived.',
      policy: { links: allowed },
      params: closed({ link: id }),
      body: closed({ facts: { type: 'array', maxItems: 5_000, items: factId } }),
      handle: async request => ({ body: await receiptsOf(database, ownLink(request), (request.body as { facts: string[] }).facts) }),
    },
    {
      method: 'POST',
      path: '/links/{link}/compare',
      operationId: 'compareReceipts',
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
        body: { different: await compare(database, ownLink(request), (request.body as { stretches: Stretch[] }).stretches) },
      }),
    },
  ]
  return [...[...byPath.values()].map(own => doorRoute(own, doors)), ...(allowed.length > 0 ? questions : [])]
}

/** One path may serve several links; which one it is, the caller's token says. */
function doorRoute(links: readonly LinkContract[], doors: ReadonlyMap<string, Door>): RouteDefinition {
  const [first] = links
  if (first === undefined) throw new Error('a door needs a link')
  return {
    method: first.http.method,
    path: first.http.path,
    operationId: `deliver${links.map(link => link.event).join('Or')}`,
    summary: links.map(link => `${link.id}: ${link.title}`).join('; '),
    policy: { links: links.map(link => ({ from: link.from, link: link.id })) },
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
      if (door === undefined) throw new Problem('forbidden', { detail: 'the token names no link that this endpoint serves' })
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

/** Which facts have a receipt here, and which are kept without one. */
export async function receiptsOf(
  database: Database,
  link: string,
  facts: readonly string[],
): Promise<{ terminal: string[]; parked: string[]; dead: string[] }> {
  // In one statement, so that a fact that moves from parked to its receipt meanwhile is in one of the lists.
  const { rows } = await database.query<{ terminal: string[]; parked: string[]; dead: string[] }>(
    `select array(select fact_id from unnest($2::uuid[]) as f(fact_id) where exists (select from receipt where receipt.fact_id = f.fact_id and link = $1 offset 0)) as terminal,
            array(select fact_id from parked where link = $1 and fact_id = any($2::uuid[])) as parked,
            array(select fact_id from dead_letter where link = $1 and fact_id = any($2::uuid[]) and state in ('open', 'replaying')) as dead`,
    [link, facts],
  )
  return rows[0] ?? { terminal: [], parked: [], dead: [] }
}

async function compare(database: Database, link: string, stretches: readonly Stretch[]): Promise<string[]> {
  const different: string[] = []
  for (const stretch of stretches) {
    const { rows } = await database.query<{ count: number; digest: string }>(stretchSql('receipt', 'link = $3'), [
      stretch.from,
      stretch.to,
      link,
    ])
    if (rows[0]?.count !== stretch.count || rows[0].digest !== stretch.digest) different.push(stretch.to)
  }
  return different
}
