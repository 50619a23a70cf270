import type { LinkContract } from 'cutover/contract'
import type { Database } from 'cutover/database'
import { libraryProblems, Problem } from 'cutover/failure'
import type { HistoryRow } from '../api/contract.ts'
import type {
  DeadLetterGroup,
  DeadLetterJob,
  DeadLetterPage,
  DeadLetterSelection,
  DeadLettersAnswer,
  DeadLetterState,
  DeadLetterView,
  EditRequest,
  JobsAnswer,
  OrderedAnswer,
} from '../api/dead-letters.ts'
import { appendHistory } from '../history/history.ts'
import type { Lease } from '../lease/lease.ts'
import { publicJob, readGroups, readJob, readJobs, readLetters, readLetterView } from '../services/dead-letter-answers.ts'
import type { Directory } from '../services/directory.ts'

/** Letters that nobody has looked at are put into their groups first. */
const deadlineMs = 30_000
const base = '/operator/dead-letters'
/** Ids of letters that a line of the history names; the job knows them all. */
const idsNoted = 20

export type OrderVerb = 'replay' | 'write-off' | 'export'

/** Dead letters of all services, as their operator interfaces tell them; every order is in the history, under the engine's term. */
export interface Clerk {
  groups(): Promise<DeadLettersAnswer>
  letters(service: string, query: Readonly<Record<string, string>>): Promise<DeadLetterPage>
  letter(id: string): Promise<DeadLetterView>
  edit(id: string, edit: EditRequest, who: string): Promise<DeadLetterView>
  /** A job in each service that has letters of it. Throws when none has any, or when no service that could have some answers. */
  order(verb: OrderVerb, selection: DeadLetterSelection, more: object, who: string): Promise<OrderedAnswer>
  jobs(): Promise<JobsAnswer>
  job(id: string): Promise<DeadLetterJob>
  approve(id: string, who: string): Promise<DeadLetterJob>
  stop(id: string, who: string): Promise<DeadLetterJob>
}

export interface ClerkPorts {
  readonly links: readonly LinkContract[]
  readonly directory: Directory
  readonly database: Database
  readonly lease: Lease
  readonly now: () => number
}

interface Place {
  readonly service: string
  readonly id: string
}

export function openClerk({ links, directory, database, lease, now }: ClerkPorts): Clerk {
  const services = [...new Set(links.flatMap(({ from, to }) => [from, to]))]

  const get = (service: string, path: string): Promise<unknown> =>
    directory.ask(service, { method: 'GET', path: `${base}${path}`, deadlineMs }).catch(error => tell(service, error))

  const post = async (service: string, path: string, body: object, who: string): Promise<unknown> => {
    const term = lease.required()
    return directory
      .ask(service, { method: 'POST', path: `${base}${path}`, body: { ...body, by: who, term }, deadlineMs, term })
      .catch(error => tell(service, error))
  }

  /** What all of them say, and who does not answer. */
  async function all<Answer>(ask: (service: string) => Promise<Answer>): Promise<{ answers: Answer[]; away: string[] }> {
    const asked = await Promise.all(
      services.map(async service => {
        try {
          return { answer: await ask(service) }
        } catch (error) {
          if (isAway(error)) return { away: service }
          throw error
        }
      }),
    )
    return {
      answers: asked.flatMap(one => ('answer' in one ? [one.answer as Answer] : [])),
      away: asked.flatMap(one => ('away' in one && one.away !== undefined ? [one.away] : [])),
    }
  }

  /** Before the order, so that one that was cut off has left a trace; and what came of it. */
  async function noted<Answer>(
    action: string,
    link: string,
    who: string,
    numbers: HistoryRow['numbers'],
    give: () => Promise<Answer>,
    came: (answer: Answer) => HistoryRow['numbers'],
  ): Promise<Answer> {
    const term = lease.required()
    const note = (what: string, more: HistoryRow['numbers']): Promise<unknown> =>
      appendHistory(
        database,
        { who, action: `dead letters: ${action} ${what}`, link, run: null, step: null, term, numbers: { ...numbers, ...more } },
        now(),
      )
    await note('asked', {})
    try {
      const answer = await give()
      await note('taken', came(answer))
      return answer
    } catch (error) {
      await note('refused', { reason: error instanceof Problem ? error.code : 'internal' })
      throw error
    }
  }

  const figures = ({ job, total, needs }: DeadLetterJob): HistoryRow['numbers'] => ({
    job,
    letters: total,
    second_person: needs.length > 0,
  })

  /** Which services may have letters of it, with the ids that are theirs. */
  function placesOf({ ids, link }: DeadLetterSelection): ReadonlyMap<string, readonly string[] | undefined> {
    if (ids !== undefined) {
      const places = ids.map(id => placeOf(id, 'letter'))
      return new Map([...Map.groupBy(places, place => place.service)].map(([service, own]) => [service, own.map(place => place.id)]))
    }
    const found = links.find(one => one.id === link)
    if (link !== undefined && found === undefined)
      throw new Problem('link_unknown', { detail: `there is no link ${link}; links: ${links.map(one => one.id).join(', ')}` })
    return new Map((found === undefined ? services : [found.to, found.from]).map(service => [service, undefined]))
  }

  /** `bonuses:17`, or `bonuses:j17` for a job. */
  function placeOf(id: string, what: 'letter' | 'job'): Place {
    const [, service = '', number = ''] = (what === 'job' ? /^([^:]+):j([1-9]\d{0,17})$/ : /^([^:]+):([1-9]\d{0,17})$/).exec(id) ?? []
    if (services.includes(service)) return { service, id: number }
    const example = what === 'job' ? `${services[0] ?? 'service'}:j3` : `${services[0] ?? 'service'}:17`
    throw new Problem(what === 'job' ? 'job_unknown' : 'dead_letter_unknown', {
      detail: `${what === 'job' ? 'a job' : 'a dead letter'} is named by its service and number, such as ${example}; services: ${services.join(', ')}`,
    })
  }

  const changeJob = async (id: string, verb: 'approve' | 'stop', who: string): Promise<DeadLetterJob> => {
    const place = placeOf(id, 'job')
    const give = async (): Promise<DeadLetterJob> => readJob(place.service, await post(place.service, `/jobs/${place.id}/${verb}`, {}, who))
    return noted(verb, '-', who, { job: id }, give, figures)
  }

  return {
    async groups() {
      const { answers, away } = await all(async service => readGroups(service, await get(service, '')))
      const total = (state: DeadLetterState): number => answers.reduce((sum, { totals }) => sum + totals[state], 0)
      return {
        groups: answers.flatMap(({ groups }) => groups).toSorted(byUrgency),
        totals: { open: total('open'), replaying: total('replaying'), resolved: total('resolved'), written_off: total('written_off') },
        away,
      }
    },
    async letters(service, query) {
      if (!services.includes(service))
        throw new Problem('service_unknown', { detail: `there is no service ${service}; services: ${services.join(', ')}` })
      return readLetters(service, await get(service, `/letters?${new URLSearchParams(query).toString()}`))
    },
    async letter(id) {
      const place = placeOf(id, 'letter')
      return readLetterView(place.service, await get(place.service, `/letters/${place.id}`))
    },
    async edit(id, { set, reason }, who) {
      const { service, id: number } = placeOf(id, 'letter')
      const give = async (): Promise<DeadLetterView> =>
        readLetterView(service, await post(service, `/letters/${number}/edit`, { set, reason }, who))
      return noted('edit', '-', who, { letter: id, places: set.length }, give, view => ({
        second_person: (view.edit?.touches ?? []).length > 0,
      }))
    },
    async order(verb, selection, more, who) {
      const { ids: _, ...rest } = selection
      const jobs: DeadLetterJob[] = []
      const away: string[] = []
      const refusals: Error[] = []
      for (const [service, ids] of placesOf(selection)) {
        const chosen = { ...rest, ...(ids === undefined ? {} : { ids }) }
        const give = async (): Promise<DeadLetterJob> =>
          readJob(service, await post(service, `/${verb}`, { selection: chosen, ...more }, who))
        const numbers = {
          service,
          ...(ids === undefined ? {} : { ids: ids.slice(0, idsNoted).join(' ') }),
          ...(rest.cause === undefined ? {} : { cause: rest.cause }),
        }
        try {
          jobs.push(await noted(verb, rest.link ?? '-', who, numbers, give, figures))
        } catch (error) {
          if (!(error instanceof Problem)) throw error
          if (isAway(error)) away.push(service)
          else if (error.code !== 'dead_letters_none' || ids !== undefined) throw error
          refusals.push(error)
        }
      }
      if (jobs.length > 0) return { jobs, away }
      throw refusals.find(isAway) ?? refusals[0] ?? new Error('no service was asked')
    },
    async jobs() {
      const { answers, away } = await all(async service => readJobs(service, await get(service, '/jobs')))
      return { jobs: answers.flat().toSorted((a, b) => (a.asked_at < b.asked_at ? 1 : -1)), away }
    },
    async job(id) {
      const place = placeOf(id, 'job')
      return readJob(place.service, await get(place.service, `/jobs/${place.id}`))
    },
    approve: (id, who) => changeJob(id, 'approve', who),
    stop: (id, who) => changeJob(id, 'stop', who),
  }
}

/** It does not answer, or is of a build that knows nothing of this. */
const isAway = (error: unknown): boolean => error instanceof Problem && (error.code === 'service_away' || error.code === 'not_found')

/** Money first, then the largest, then the oldest. */
export function byUrgency(a: DeadLetterGroup, b: DeadLetterGroup): number {
  if (a.money !== b.money) return a.money ? -1 : 1
  const size = b.open + b.replaying - (a.open + a.replaying)
  return size === 0 ? (a.first_at < b.first_at ? -1 : 1) : size
}

/** A refusal of a service in its own words: what is wrong there is what the operator has to hear. */
function tell(service: string, error: unknown): never {
  if (!(error instanceof Problem) || error.code !== 'service_refused') throw error
  const { service_code: code, service_detail: detail, service_errors: errors, service_job: job } = error.extensions
  if (typeof code !== 'string' || !Object.hasOwn(libraryProblems, code) || typeof detail !== 'string') throw error
  throw new Problem(code, {
    detail: `${service}: ${detail}`,
    errors: Array.isArray(errors) ? (errors as Problem['errors']) : [],
    extensions: { service, ...(typeof job === 'string' ? { job: publicJob(service, job) } : {}) },
    cause: error,
  })
}
