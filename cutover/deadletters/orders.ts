import type { LinkContract } from '../contract/contract.ts'
import type { Headers } from '../contract/headers.ts'
import type { Tx } from '../database/database.ts'
import { Problem } from '../failure/problem.ts'
import { type Change, changed, errorsOf, touchesOf } from './edit.ts'
import { contentOf, readContent, readLetter, type Reader } from './letter.ts'
import type { Chosen, DeadLetterStore, Job, JobKind, Letter, Selection } from './store.ts'

/** A replay of more letters than this needs a second person. */
export const aloneMax = 100
/** One job takes the oldest of what is meant, so many at most. */
export const jobMax = 10_000
/** How long an order waits for its second person. */
export const approvalHours = 24

export interface Wanted {
  readonly kind: JobKind
  readonly selection: Selection
  readonly reason: string | null
  readonly rate: number
  /** Who asks twice under one request gets the same job. */
  readonly request: string | null
  readonly by: string
}

/** What people order about dead letters. Who they are, the caller has made sure of. */
export interface Orders {
  /** Changes a letter's message beside its original. Nothing is stored unless the whole is valid. */
  edit(id: string, changes: readonly Change[], reason: string, by: string): Promise<void>
  /** Makes a job of it, and claims its letters; two jobs never have one letter. It begins at once, or waits for a second person. */
  order(wanted: Wanted): Promise<Job>
  /** The second person's yes: by somebody who has neither ordered the job nor written an edit that it would use. */
  approve(job: string, by: string): Promise<Job>
  /** Ends a job after the letter that it is at; what it has not come to is open again. */
  stop(job: string): Promise<Job>
}

/** Runs first in the transaction of every order: throws when the caller may not order any more. */
export type Permit = (tx: Tx) => Promise<void>

export function openOrders(store: DeadLetterStore, reader: Reader, permit: Permit = async () => undefined): Orders {
  const linkOf = (id: string): LinkContract | undefined => reader.links.find(link => link.id === id)

  const found = async (id: string): Promise<Job> => (await store.job(id)) ?? jobUnknown(id)

  return {
    edit: (id, changes, reason, by) =>
      store.transaction(async tx => {
        await permit(tx)
        const letter = (await store.letter(id, tx)) ?? letterUnknown(id)
        demandFree(letter)
        const link = linkOf(letter.link) ?? letterUnknown(id)
        const original = readLetter({ ...letter, edit: null }, reader.service)
        if ('gone' in original)
          throw new Problem('already_resolved', {
            detail: `the fact of dead letter ${id} is terminal by now: replay it as it is, or dismiss it`,
          })
        const content = changed(contentOf(letter, reader.service), changes)
        const errors = errorsOf(content, link, reader)
        if (errors.length > 0)
          throw new Problem('edit_invalid', {
            detail: `dead letter ${id} would still be no ${link.event} that ${link.id} can carry; nothing was stored`,
            errors,
          })
        const touches = touchesOf(original, readContent(JSON.parse(content.headers) as Headers, content.bytes), link)
        await store.addEdit(tx, id, { ...content, author: by, reason, patch: JSON.stringify(changes), touches })
      }),

    async order(wanted) {
      const id = await store.transaction(async tx => {
        await permit(tx)
        const job = await store.addJob(tx, { ...wanted, who: wanted.by })
        if (job === undefined) return undefined
        const claims = wanted.kind === 'replay' || wanted.kind === 'write_off'
        const { ids } = wanted.selection
        const chosen = await store.choose(tx, wanted.selection, jobMax, claims)
        if (ids !== undefined) demandAll(ids, chosen, wanted.kind)
        if (chosen.length === 0)
          throw new Problem('dead_letters_none', { detail: 'no dead letter of that kind is open and free; nothing was ordered' })
        const needs = needsOf(wanted.kind, chosen, linkOf)
        await store.addItems(tx, job, chosen, needs)
        if (claims) await store.claim(tx, job, wanted.kind === 'replay' && needs.length === 0 ? 'replaying' : 'open')
        return job
      })
      const job = id === undefined ? await store.jobOf(wanted.request ?? '') : await found(id)
      return job ?? jobUnknown(id ?? '')
    },

    async approve(id, by) {
      await store.transaction(async tx => {
        await permit(tx)
        const { job, authors } = (await store.lockJob(tx, id)) ?? jobUnknown(id)
        if (job.state !== 'waiting') throw stateOf(job, 'waits for nobody')
        if ([job.who, ...authors].includes(by))
          throw new Problem('approval_own', {
            detail: `${by} has ordered job ${id}, or written an edit that it would use; somebody else has to approve it. Nothing was done`,
          })
        await store.begin(tx, job, by)
      })
      return found(id)
    },

    async stop(id) {
      await store.transaction(async tx => {
        await permit(tx)
        const { job } = (await store.lockJob(tx, id)) ?? jobUnknown(id)
        if (job.state !== 'waiting' && job.state !== 'running') throw stateOf(job, 'has ended')
        await store.end(tx, id, 'stopped', null)
      })
      return found(id)
    },
  }
}

/** Why a second person is needed; empty where one is enough. Pure. */
export function needsOf(kind: JobKind, chosen: readonly Chosen[], linkOf: (id: string) => LinkContract | undefined): readonly string[] {
  if (kind === 'replay')
    return [...(chosen.length > aloneMax ? ['count'] : []), ...(chosen.some(one => (one.touches ?? []).length > 0) ? ['edit'] : [])]
  if (kind !== 'write_off') return []
  return [
    // A link that nobody knows any more may have moved money.
    ...(chosen.some(one => linkOf(one.link)?.money ?? linkOf(one.link) === undefined) ? ['money'] : []),
    ...(chosen.some(one => !one.terminal) ? ['not_terminal'] : []),
  ]
}

/** Letters that were named are all there and free, or nothing is ordered. To be exported they need only be there. */
function demandAll(ids: readonly string[], chosen: readonly Chosen[], kind: JobKind): void {
  const byId = new Map(chosen.map(one => [one.id, one]))
  for (const id of new Set(ids)) {
    const letter = byId.get(id) ?? letterUnknown(id)
    if (kind !== 'export') demandFree(letter, kind !== 'rehearsal')
  }
}

function demandFree({ id, state, job }: Pick<Letter, 'id' | 'state' | 'job'>, claims = true): void {
  if (state === 'resolved') throw new Problem('already_resolved', { detail: `dead letter ${id} is resolved; nothing was done` })
  if (state === 'written_off') throw new Problem('already_written_off', { detail: `dead letter ${id} is written off; nothing was done` })
  if (claims && job !== null)
    throw new Problem('dead_letter_claimed', {
      detail: `dead letter ${id} belongs to job ${job} until that has ended, or is stopped; nothing was done`,
      extensions: { job },
    })
}

const stateOf = ({ id, state }: Job, why: string): Problem => new Problem('job_state', { detail: `job ${id} ${why}: it is ${state}` })

function letterUnknown(id: string): never {
  throw new Problem('dead_letter_unknown', { detail: `there is no dead letter ${id} here` })
}

function jobUnknown(id: string): never {
  throw new Problem('job_unknown', { detail: `there is no job ${id} here` })
}
