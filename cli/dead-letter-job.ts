import { pathOf } from '@cutover/engine/api'
import { type DeadLetterJob, deadLetterPaths } from '@cutover/engine/api/dead-letters'
import type { Context } from './command.ts'
import { CommandFailed, exitCodes } from './exit.ts'
import { patiently } from './patience.ts'
import { counted, plain, styled } from './print.ts'

const pollMs = 500

export const readJob = (context: Context, job: string): Promise<DeadLetterJob> =>
  patiently(context, { method: 'GET', path: pathOf(deadLetterPaths.job, job) })

const isOver = ({ state }: DeadLetterJob): boolean => state !== 'running'

/** Follows jobs until each has ended or waits for a person, or the limit passes. The jobs are the services': they go on. */
export async function followJobs(context: Context, jobs: readonly DeadLetterJob[], limitMs: number): Promise<readonly DeadLetterJob[]> {
  const begun = context.clock.now()
  let interrupted = false
  const ending = context.onInterrupt(() => {
    interrupted = true
  })
  let now = jobs
  let said = ''
  try {
    while (!now.every(isOver) && !interrupted && context.clock.now() - begun < limitMs) {
      await context.clock.sleep(pollMs)
      now = await Promise.all(now.map(async job => (isOver(job) ? job : readJob(context, job.job))))
      const line = now.map(progressLine).join('; ')
      if (line !== said) context.note(line)
      said = line
    }
  } finally {
    ending()
  }
  if (interrupted) throw new CommandFailed(exitCodes.interrupted, 'left; the jobs go on', `see them with: npx cutover dlq jobs`)
  return now
}

const progressLine = ({ job, total, left, trouble }: DeadLetterJob): string =>
  `${plain(job)}: ${total - left} of ${total}${trouble === null ? '' : ` (${plain(trouble)})`}`

const words: Readonly<Record<string, string>> = {
  would_act: 'would act',
  would_call: 'would be called',
  done: 'done',
  duplicate: 'duplicate',
  rejected: 'refused by a rule',
  parked: 'waiting for something',
  recorded: 'recorded only',
  passed: 'not of this link',
  failed: 'failed',
  written_off: 'written off',
  exported: 'exported',
  not_exported: 'not exported',
  left: 'left alone',
}

const kinds = { replay: 'replay', rehearsal: 'dry run', write_off: 'write-off', export: 'export' } as const
const needs: Readonly<Record<string, string>> = {
  count: 'more than 100 letters',
  edit: 'an edit of what an effect depends on',
  money: 'a link of money',
  not_terminal: 'facts that are not terminal without it',
}
const troubles: Readonly<Record<string, string>> = {
  canary_failed: 'the first letter failed again, so the others were left alone',
  not_approved: 'nobody approved it within 24 hours',
  error: 'it fails in a way that the log of the service tells',
}

/** "9,812 would act, 188 duplicate" */
export const outcomesText = ({ outcomes }: Pick<DeadLetterJob, 'outcomes'>): string =>
  Object.entries(outcomes)
    .toSorted(([, a], [, b]) => b - a)
    .map(([name, count]) => `${count.toLocaleString('en-US')} ${words[name] ?? plain(name)}`)
    .join(', ')

export const needsText = (job: DeadLetterJob): string => job.needs.map(one => needs[one] ?? plain(one)).join(', ')
export const kindOf = ({ kind }: DeadLetterJob): string => kinds[kind] ?? plain(kind)

/** One job as text. */
export function jobText(job: DeadLetterJob): string {
  const outcomes = outcomesText(job)
  const left = job.left > 0 ? `, ${job.left.toLocaleString('en-US')} to go` : ''
  const people = `by ${plain(job.who)}${job.approver === null ? '' : `, approved by ${plain(job.approver)}`}`
  const state = job.state === 'done' ? styled('green', 'done') : job.state === 'held' ? styled('red', 'held') : plain(job.state)
  return [
    `${plain(job.job)}: ${kindOf(job)} of ${counted(job.total, 'dead letter')}, ${people}: ${state}`,
    ...(outcomes === '' && left === '' ? [] : [`  ${outcomes === '' ? 'nothing yet' : outcomes}${left}`]),
    ...(job.trouble === null ? [] : [`  ${troubles[job.trouble] ?? plain(job.trouble)}`]),
    ...(job.state === 'waiting' ? [`  it waits for a second person (${needsText(job)}): npx cutover dlq approve ${plain(job.job)}`] : []),
  ].join('\n')
}

/** Ends a command by how its jobs stand. */
export function concludeJobs(jobs: readonly DeadLetterJob[]): void {
  const bad = jobs.filter(job => job.state === 'held' || (job.outcomes['failed'] ?? 0) + (job.outcomes['not_exported'] ?? 0) > 0)
  if (bad.length > 0)
    throw new CommandFailed(
      exitCodes.checkFailed,
      `${bad.map(job => plain(job.job)).join(', ')}: not all of it went well`,
      'see what is open now, and why, with: npx cutover dead-letters',
    )
  const waiting = jobs.filter(job => job.state === 'waiting')
  if (waiting.length > 0)
    throw new CommandFailed(
      exitCodes.waits,
      `${waiting.map(job => plain(job.job)).join(', ')} waits for a second person; nothing was done yet`,
      `have it approved with: npx cutover dlq approve ${plain(waiting[0]?.job ?? '')}`,
    )
  const running = jobs.filter(job => job.state === 'running')
  if (running.length > 0)
    throw new CommandFailed(
      exitCodes.waits,
      `${running.map(job => plain(job.job)).join(', ')} is not over yet, and goes on`,
      'see how far it is with: npx cutover dlq jobs',
    )
  const stopped = jobs.filter(job => job.state === 'stopped')
  if (stopped.length > 0)
    throw new CommandFailed(
      exitCodes.failed,
      `${stopped.map(job => plain(job.job)).join(', ')} was stopped`,
      'see what is open with: npx cutover dlq',
    )
}
