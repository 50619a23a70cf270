import type { LinkContract } from 'cutover/contract'
import type { TracePlace, TraceReport } from 'cutover/contract/trace'
import type { Database } from 'cutover/database'
import { extendProblems, Problem } from 'cutover/failure'
import type { RouteDefinition } from 'cutover/http/server'
import { type HistoryRow, paths } from '../api/contract.ts'
import { type TraceAnswer, traceIdPattern, type TraceLine, type TraceRequest } from '../api/trace.ts'
import { readHistory } from '../history/history.ts'
import type { Directory } from '../services/directory.ts'
import { readTrace } from '../services/trace.ts'
import { everybody } from '../session/who.ts'
import { type CodeOf, historyFiles } from './files.ts'
import { contentOf, type Seen, storyOf } from './story.ts'

extendProblems({ trace_unknown: { status: 404, title: 'Nothing has this id' } })

const deadlineMs = 20_000
const factsMax = 20
const linesMax = 500

export interface TracePorts {
  readonly links: readonly LinkContract[]
  readonly directory: Directory
  readonly database: Database
  readonly code: CodeOf
}

type Asked = { readonly service: string } & ({ readonly told: TraceReport } | { readonly reason: string })

/** One fact's whole way, or that of every fact that an id names, or the lines of a run. It looks and changes nothing. */
export function traceRoutes(ports: TracePorts): RouteDefinition[] {
  const { links, directory, database, code } = ports
  const services = [...new Set(links.flatMap(({ from, to }) => [from, to]))]

  const askAll = (body: object, whom: readonly string[] = services): Promise<readonly Asked[]> =>
    Promise.all(
      whom.map(async (service): Promise<Asked> => {
        try {
          return { service, told: readTrace(await directory.ask(service, { method: 'POST', path: '/operator/trace', body, deadlineMs })) }
        } catch (error) {
          return { service, reason: error instanceof Error ? error.message : String(error) }
        }
      }),
    )

  async function trace(id: string): Promise<TraceAnswer> {
    if (/^R-\d{1,9}$/.test(id)) return traceRun(id)
    const [, service, letter] = /^([A-Za-z0-9_-]+):(\d{1,18})$/.exec(id) ?? []
    // `bonuses:17`: a dead letter of that service. Anything else may be known to any of them.
    const owner = letter !== undefined && services.some(one => one === service) ? service : undefined
    const named = owner === undefined ? await askAll({ id }) : await askAll({ id: letter }, [owner])
    const all = [...new Set(named.flatMap(one => ('told' in one ? one.told.facts : [])))].toSorted().toReversed()
    const facts = all.slice(0, factsMax)
    // Whatever one service knows by the id, all are asked about by the fact.
    const told = facts.length === 0 ? [] : await askAll({ facts })
    const away = [...named, ...told].flatMap(one => ('reason' in one ? [{ service: one.service, reason: one.reason }] : []))
    const seen = told.flatMap(seenIn)
    const rows = named.flatMap(seenIn).flatMap(one => (one.fact === null ? [rowLine(one, code)] : []))
    const gone = new Map(away.map(one => [one.service, one]))
    if (facts.length === 0 && rows.length === 0) throw unknown(id, [...gone.values()])
    const story = { links, code, away: new Set(gone.keys()) }
    return {
      id,
      facts: facts.map(fact => storyOf(fact, seen, story)),
      rows,
      cut: all.length > facts.length || named.some(one => 'told' in one && one.told.cut),
      away: [...gone.values()],
    }
  }

  async function traceRun(id: string): Promise<TraceAnswer> {
    const { rows } = await readHistory(database, { limit: linesMax + 1, run: id })
    if (rows.length === 0) throw unknown(id, [])
    const lines = rows.slice(0, linesMax).toReversed()
    return { id, facts: [], rows: lines.map(historyLine), cut: rows.length > linesMax, away: [] }
  }

  return [
    {
      method: 'POST',
      path: paths.trace,
      operationId: 'trace',
      repeats: { noKey: 'it only reads' },
      summary: 'The whole way of every fact that an id names: where it was stated, how it travelled, what became of it, where it is now',
      policy: everybody,
      body: {
        type: 'object',
        additionalProperties: false,
        required: ['id'],
        properties: { id: { type: 'string', pattern: traceIdPattern, maxLength: 400 } },
      },
      handle: async request => ({ body: await trace((request.body as TraceRequest).id) }),
    },
  ]
}

const seenIn = (one: Asked): readonly Seen[] =>
  'told' in one ? one.told.places.map((place: TracePlace) => ({ ...place, service: one.service })) : []

/** A row that names no fact: state at its owner, or a copy of it. */
const rowLine = (seen: Seen, code: CodeOf): TraceLine => {
  const isEffect = seen.place === 'effect'
  const file =
    code[seen.link ?? '']?.[isEffect ? 'acts' : 'states'] ?? (isEffect ? 'cutover/replica/handler.ts' : 'cutover/outbox/sender.ts')
  return {
    at: seen.at,
    service: seen.service,
    link: seen.link,
    code: isEffect ? 'effect' : 'row',
    params: { content: contentOf(seen) },
    file,
  }
}

function historyLine({ at, action, link, step, numbers }: HistoryRow): TraceLine {
  const content = Object.entries(numbers).map(([name, value]) => `${name} ${String(value)}`)
  const file = historyFiles.find(([begins]) => action.startsWith(begins))?.[1] ?? ''
  const params = { action, step: step === null ? '' : ` at step ${step}`, content: content.join(', ') || 'no figures' }
  return { at, service: 'engine', link, code: 'history', params, file }
}

function unknown(id: string, away: TraceAnswer['away']): Problem {
  if (away.length > 0) {
    return new Problem('service_away', {
      detail: `nobody who answers knows ${id}, and not all could be asked: ${away.map(one => `${one.service} (${one.reason})`).join(', ')}`,
      retryable: true,
      extensions: { services: away.map(one => one.service) },
    })
  }
  return new Problem('trace_unknown', {
    detail: `no fact, key, entity, trace, dead letter or run has the id ${id}: looked for in the outboxes (the newest 200000 facts of each), receipts, parked messages, dead letters, business rows and runs. Receipts are kept for a week after they were compared`,
  })
}
