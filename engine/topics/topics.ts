import type { EventContract, LinkContract } from 'cutover/contract'
import { isAble } from 'cutover/contract/capability'
import type { Database } from 'cutover/database'
import { Problem } from 'cutover/failure'
import type { Clock } from 'cutover/process/clock'
import type { TopicOutcome, TopicRow, TopicsApplyAnswer, TopicsView } from '../api/topics.ts'
import { appendHistory } from '../history/history.ts'
import type { Lease } from '../lease/lease.ts'
import { readInstances, readSwitch } from '../services/answers.ts'
import { readDiagnosis } from '../services/diagnosis.ts'
import type { Directory } from '../services/directory.ts'
import { readTopics } from '../services/topic-answers.ts'

const readMs = 5_000
/** On a cluster, until every broker knows of it. */
const makeMs = 15_000

export interface TopicsPorts {
  readonly links: readonly LinkContract[]
  readonly events: readonly EventContract[]
  readonly directory: Directory
  readonly database: Database
  readonly lease: Lease
  readonly clock: Clock
  /** The unfinished run that holds what is named: `event TaskCompleted`. */
  readonly holder: (resource: string) => Promise<string | null>
}

/** The topics of all events. */
export interface Topics {
  /** How they stand. Who does not answer is named, and holds nobody up. */
  list(): Promise<TopicsView>
  /**
   * Makes those that a route needs and that are not there, with the partitions of their contracts. Nothing that is there is
   * changed, and nothing that was hidden is opened. Every one that is made is in the history, before and after.
   */
  apply(who: string, dryRun: boolean): Promise<TopicsApplyAnswer>
}

type Outcome = Pick<TopicOutcome, 'outcome' | 'why'>
type Answered<Answer> = Answer | { readonly away: string }

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
const isAway = <Answer extends object>(one: Answered<Answer>): one is { readonly away: string } => 'away' in one

export function openTopics({ links, events, directory, database, lease, clock, holder }: TopicsPorts): Topics {
  async function ask<Answer extends object>(service: string, path: string, read: (answer: unknown) => Answer): Promise<Answered<Answer>> {
    try {
      return read(await directory.ask(service, { method: 'GET', path, deadlineMs: readMs }))
    } catch (error) {
      return { away: reasonOf(error) }
    }
  }

  /** The links of a sender of which a route, or what is deployed, needs the topic of their event. */
  async function needsOf(service: string): Promise<Answered<readonly LinkContract[]>> {
    const instances = await ask(service, '/operator/instances', readInstances)
    if (isAway(instances)) return instances
    const needing: LinkContract[] = []
    for (const link of links.filter(one => one.from === service)) {
      const stand = await ask(service, `/operator/switches/${link.id}`, readSwitch)
      if (isAway(stand)) return stand
      const { route, share, shadow } = stand
      const byRoute = route === 'event' || shadow || (link.kind === 'business' && share < 100)
      if (byRoute || instances.some(one => isAble(one.capabilities, 'produce', link.id))) needing.push(link)
    }
    return needing
  }

  async function look(): Promise<TopicsView> {
    const senders = [...new Set(events.map(event => event.service))]
    const readers = [...new Set(links.map(link => link.to))]
    const of = async <Answer>(services: readonly string[], work: (service: string) => Promise<Answer>): Promise<Map<string, Answer>> =>
      new Map(await Promise.all(services.map(async service => [service, await work(service)] as const)))
    const [reports, needs, books] = await Promise.all([
      of(senders, service => ask(service, '/operator/topics', readTopics)),
      of(senders, needsOf),
      of(readers, service => ask(service, '/operator/diagnosis', readDiagnosis)),
    ])
    const away = new Map<string, string>()
    for (const [service, answer] of [...reports, ...needs, ...books]) {
      if ('away' in answer && !away.has(service)) away.set(service, answer.away)
    }
    const topics = events.map((event): TopicRow => {
      const { name, topic, service, partitions: wanted } = event
      const answer = reports.get(service)
      const found = answer === undefined || isAway(answer) ? undefined : answer.find(one => one.event === name)
      const needing = needs.get(service)
      const known = found ?? { state: 'unknown' as const, id: null, partitions: null, since: null, touches: 0, bounds: [] }
      return {
        ...known,
        event: name,
        topic,
        service,
        wanted,
        records: recordsOf(known),
        readers: links.flatMap(link => {
          const book = books.get(link.to)
          if (link.event !== name || book === undefined || isAway(book)) return []
          const own = book.partitions.filter(one => one.link === link.id)
          if (own.length === 0) return []
          return [{ link: link.id, service: link.to, positions: own.map(({ partition, position }) => ({ partition, position })) }]
        }),
        needed_by: needing === undefined || isAway(needing) ? [] : needing.flatMap(link => (link.event === name ? [link.id] : [])),
      }
    })
    return { topics, away: [...away].map(([service, reason]) => ({ service, reason })) }
  }

  async function outcomeOf(row: TopicRow, away: TopicsView['away']): Promise<Outcome> {
    const silent = away.find(one => one.service === row.service)
    if (row.state === 'unknown' || silent !== undefined) return { outcome: 'unknown', why: silent?.reason ?? null }
    // Whether anybody needs it or not: what is there is not what the contract says.
    if (row.partitions !== null && row.state !== 'retired' && row.partitions !== row.wanted) return { outcome: 'differs', why: null }
    if (row.needed_by.length === 0) return { outcome: 'unneeded', why: null }
    if (row.state === 'open') return { outcome: 'kept', why: null }
    const run = await holder(`event ${row.event}`)
    if (run !== null) return { outcome: 'held', why: run }
    return { outcome: row.state === 'absent' ? 'created' : 'hidden', why: null }
  }

  async function make({ event, service, wanted }: TopicRow, who: string): Promise<void> {
    const term = lease.required()
    const note = (action: string, more = {}): Promise<unknown> =>
      appendHistory(
        database,
        { who, action, link: '', run: null, step: null, term, numbers: { event, partitions: wanted, ...more } },
        clock.now(),
      )
    await note('topic asked')
    try {
      const body = { event, do: 'create', term }
      await directory.ask(service, { method: 'POST', path: '/operator/topics', body, deadlineMs: makeMs, term })
      await note('topic done')
    } catch (error) {
      await note('topic failed', { reason: error instanceof Problem ? error.code : 'internal' })
      throw error
    }
  }

  return {
    list: look,
    async apply(who, dryRun) {
      lease.required()
      const { topics, away } = await look()
      const outcomes: TopicOutcome[] = []
      for (const row of topics) {
        const { event, topic, partitions, wanted, needed_by } = row
        const end = await outcomeOf(row, away)
        if (end.outcome === 'created' && !dryRun) await make(row, who)
        outcomes.push({ event, topic, ...end, partitions: end.outcome === 'created' ? wanted : partitions, wanted, needed_by })
      }
      return { dry_run: dryRun, topics: outcomes }
    },
  }
}

function recordsOf({ state, bounds }: Pick<TopicRow, 'state' | 'bounds'>): number | null {
  if (state !== 'open') return null
  return Number(bounds.reduce((sum, { start, end }) => sum + BigInt(end) - BigInt(start), 0n))
}
