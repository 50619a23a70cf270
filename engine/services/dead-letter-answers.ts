import type { DeadLetterGroup, DeadLetterJob, DeadLetterPage, DeadLetterRow, DeadLetterState, DeadLetterView } from '../api/dead-letters.ts'
import { amount, type Fields, list, object, orNull, text } from './fields.ts'

/** The id of a letter, or of a job, over all services. */
export const publicId = (service: string, id: string): string => `${service}:${id}`
export const publicJob = (service: string, id: string): string => `${service}:j${id}`

const jobOrNull = (service: string, value: unknown, place: string): string | null =>
  orNull(value, one => publicJob(service, text(one, place)))

/** `GET /operator/dead-letters` */
export function readGroups(
  service: string,
  answer: unknown,
): { readonly groups: readonly DeadLetterGroup[]; readonly totals: Readonly<Record<DeadLetterState, number>> } {
  const body = object(answer, 'dead-letters')
  const totals = object(body.totals, 'dead-letters/totals')
  const total = (state: DeadLetterState): number => amount(totals[state], `dead-letters/totals/${state}`)
  return {
    groups: list(body.groups, 'dead-letters/groups').map((item, at) => {
      const row = object(item, `groups/${at}`)
      return {
        service,
        ...named(row, `groups/${at}`),
        text: text(row.text, `groups/${at}/text`),
        open: amount(row.open, `groups/${at}/open`),
        replaying: amount(row.replaying, `groups/${at}/replaying`),
        sample: publicId(service, text(row.sample, `groups/${at}/sample`)),
      }
    }),
    totals: { open: total('open'), replaying: total('replaying'), resolved: total('resolved'), written_off: total('written_off') },
  }
}

function named(row: Fields, place: string) {
  return {
    side: text(row.side, `${place}/side`) as 'receive' | 'relay',
    link: text(row.link, `${place}/link`),
    event: orNull(row.event, value => text(value, `${place}/event`)),
    version: orNull(row.version, value => amount(value, `${place}/version`)),
    code: text(row.code, `${place}/code`),
    cause: text(row.cause, `${place}/cause`),
    first_at: text(row.first_at, `${place}/first_at`),
    last_at: text(row.last_at, `${place}/last_at`),
    money: row.money === true,
  }
}

function readLetter(service: string, answer: unknown, place: string): DeadLetterRow {
  const row = object(answer, place)
  return {
    service,
    ...named(row, place),
    id: publicId(service, text(row.id, `${place}/id`)),
    fact_id: orNull(row.fact_id, value => text(value, `${place}/fact_id`)),
    text: text(row.text, `${place}/text`),
    attempts: amount(row.attempts, `${place}/attempts`),
    state: text(row.state, `${place}/state`) as DeadLetterState,
    job: jobOrNull(service, row.job, `${place}/job`),
    edited: row.edited === true,
  }
}

/** `GET /operator/dead-letters/letters` */
export function readLetters(service: string, answer: unknown): DeadLetterPage {
  const body = object(answer, 'letters')
  return {
    letters: list(body.letters, 'letters').map((item, at) => readLetter(service, item, `letters/${at}`)),
    next: orNull(body.next, value => text(value, 'letters/next')),
  }
}

/** `GET /operator/dead-letters/letters/{id}`, masked by the service. */
export function readLetterView(service: string, answer: unknown): DeadLetterView {
  const body = object(answer, 'letter')
  return {
    ...readLetter(service, body, 'letter'),
    origin: text(body.origin, 'letter/origin'),
    error: text(body.error, 'letter/error'),
    original: object(body.original, 'letter/original') as unknown as DeadLetterView['original'],
    edit: orNull(body.edit, value => object(value, 'letter/edit') as unknown as NonNullable<DeadLetterView['edit']>),
    history: list(body.history, 'letter/history').map((item, at) => {
      const line = object(item, `letter/history/${at}`) as unknown as DeadLetterView['history'][number]
      return { ...line, job: jobOrNull(service, line.job, `letter/history/${at}/job`) }
    }),
  }
}

/** A job of any of the answers. */
export function readJob(service: string, answer: unknown): DeadLetterJob {
  const row = object(answer, 'job')
  const when = (name: string): string | null => orNull(row[name], value => text(value, `job/${name}`))
  return {
    job: publicJob(service, text(row.id, 'job/id')),
    service,
    kind: text(row.kind, 'job/kind') as DeadLetterJob['kind'],
    state: text(row.state, 'job/state') as DeadLetterJob['state'],
    needs: list(row.needs, 'job/needs').map((item, at) => text(item, `job/needs/${at}`)),
    total: amount(row.total, 'job/total'),
    left: amount(row.left, 'job/left'),
    outcomes: Object.fromEntries(
      Object.entries(object(row.outcomes, 'job/outcomes')).map(([name, count]) => [name, amount(count, `job/outcomes/${name}`)]),
    ),
    rate: amount(row.rate, 'job/rate'),
    reason: when('reason'),
    who: text(row.who, 'job/who'),
    approver: when('approver'),
    trouble: when('trouble'),
    asked_at: text(row.asked_at, 'job/asked_at'),
    approved_at: when('approved_at'),
    ended_at: when('ended_at'),
  }
}

/** `GET /operator/dead-letters/jobs` */
export const readJobs = (service: string, answer: unknown): readonly DeadLetterJob[] =>
  list(answer, 'jobs').map(item => readJob(service, item))
