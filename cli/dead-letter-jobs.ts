import { type Command, InvalidArgumentError } from 'commander'
import { pathOf } from '@cutover/engine/api'
import { type DeadLetterJob, deadLetterPaths, type JobsAnswer } from '@cutover/engine/api/dead-letters'
import { type Context, type Terminal, contextOf, verb } from './command.ts'
import { confirm, yes } from './confirm.ts'
import { jobText, kindOf, needsText, outcomesText, readJob } from './dead-letter-job.ts'
import { patiently } from './patience.ts'
import { counted, plain, styled, table } from './print.ts'

const timeoutSeconds = 600

function jobId(text: string): string {
  if (!/^[A-Za-z0-9_-]{1,64}:j[1-9]\d{0,17}$/.test(text)) throw new InvalidArgumentError('It must be a job, for example bonuses:j3.')
  return text
}

/** `cutover dead-letters jobs [JOB]`: what was ordered, and how far it is. */
export const jobsVerb = (terminal: Terminal): Command =>
  verb(terminal, {
    name: 'jobs',
    summary: 'Show what was ordered about dead letters, how far it is and what came of it',
    examples: ['dead-letters jobs', 'dead-letters jobs bonuses:j3 --json'],
    timeoutSeconds,
  })
    .argument('[job]', 'one job, for example bonuses:j3', jobId)
    .action(async (job: string | undefined, _options: object, command: Command) => {
      const context = contextOf(terminal, command)
      if (job !== undefined) return context.print(await readJob(context, job), jobText)
      context.print(await patiently<JobsAnswer>(context, { method: 'GET', path: deadLetterPaths.jobs }), answer => show(answer, context))
    })

function show({ jobs, away }: JobsAnswer, { width, glyphs }: Context): string {
  const silent = away.length === 0 ? '' : `\n${styled('red', 'Not known')}: ${away.map(plain).join(', ')} does not answer.`
  if (jobs.length === 0) return `Nothing was ordered about dead letters yet.${silent}`
  const rows = table<DeadLetterJob>(
    [
      { head: 'job', cell: row => row.job },
      { head: 'what', cell: kindOf },
      { head: 'state', cell: row => row.state, style: row => (row.state === 'held' ? 'red' : row.state === 'waiting' ? 'yellow' : null) },
      { head: 'letters', cell: row => row.total, align: 'right' },
      { head: 'to go', cell: row => row.left, align: 'right' },
      { head: 'by', cell: row => row.who, spare: true },
      { head: 'approved by', cell: row => row.approver, spare: true },
      { head: 'asked', cell: row => `${row.asked_at.slice(0, 10)} ${row.asked_at.slice(11, 16)}Z`, spare: true },
      { head: 'outcomes', cell: outcomesText },
    ],
    jobs,
    width,
    glyphs.dots,
  )
  return `${counted(jobs.length, 'job')}, the latest first.${silent}\n\n${rows}`
}

/** `cutover dead-letters approve JOB`: the second person's yes. */
export const approveJobVerb = (terminal: Terminal): Command =>
  verb(terminal, {
    name: 'approve',
    summary: 'Approve, as the second person, a replay or a write-off that waits for it',
    examples: ['dead-letters approve bonuses:j3', 'dead-letters approve bonuses:j3 --token-file ./approver-token --yes'],
    timeoutSeconds,
  })
    .argument('<job>', 'the job, for example bonuses:j3', jobId)
    .option('--token-file <file>', 'the file with your token; approver-token of the data directory if absent')
    .option('--yes', 'do not ask')
    .action(async (job: string, options: { tokenFile?: string; yes?: true }, command: Command) => {
      const context = contextOf(terminal, command, { who: 'approver', file: options.tokenFile })
      if (context.screen !== null && options.yes !== true) {
        const before = await readJob(context, job)
        context.note(`${jobText(before)}${before.reason === null ? '' : `\n  reason: ${plain(before.reason)}`}`)
        await confirm(context, `Approve it (${needsText(before)})? [y/N] `, yes)
      }
      context.print(await patiently<DeadLetterJob>(context, { method: 'POST', path: pathOf(deadLetterPaths.approve, job) }), jobText)
    })

/** `cutover dead-letters stop JOB`: what it has not come to is open again. */
export const stopVerb = (terminal: Terminal): Command =>
  verb(terminal, {
    name: 'stop',
    summary: 'Stop a job after the dead letter that it is at; the others are open again',
    examples: ['dead-letters stop bonuses:j3', 'dead-letters stop bonuses:j3 --json'],
    timeoutSeconds,
  })
    .argument('<job>', 'the job, for example bonuses:j3', jobId)
    .action(async (job: string, _options: object, command: Command) => {
      const context = contextOf(terminal, command)
      context.print(await patiently<DeadLetterJob>(context, { method: 'POST', path: pathOf(deadLetterPaths.stop, job) }), jobText)
    })
