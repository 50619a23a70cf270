import { CommandFailed, type ExitCode, exitCodes } from './exit.ts'

type Meaning = readonly [ExitCode, string]

/** What a problem means for the caller of the command, where its code says more than its status. */
const meanings: Readonly<Record<string, Meaning>> = {
  run_exists: [exitCodes.held, 'see who holds it with: npx cutover runs; go on with that run, or revert or complete it first'],
  plan_stale: [exitCodes.held, 'look at the plan as it is now with: npx cutover plan, then apply that'],
  delivery_not_allowed: [exitCodes.failed, 'see which links may be direct in docs/delivery-guarantees.md; nothing was changed'],
  nothing_to_do: [exitCodes.held, 'see where every link stands with: npx cutover links'],
  run_state: [exitCodes.held, 'see what the run takes now with: npx cutover run show RUN'],
  past_no_return: [exitCodes.waits, 'the way back is a plan of its own: npx cutover plan LINK'],
  approval_missing: [exitCodes.waits, 'have the second person approve it with: npx cutover approve RUN, then repeat'],
  approval_own: [exitCodes.notPermitted, 'the second person approves with a token of their own: --token-file FILE, or CUTOVER_TOKEN'],
  approval_unwanted: [exitCodes.held, 'see how the run stands with: npx cutover run show RUN'],
  plan_refused: [exitCodes.checkFailed, 'see each condition with: npx cutover plan LINK'],
  plan_unknown: [exitCodes.usage, 'see which links can be moved with: npx cutover links'],
  link_unknown: [exitCodes.usage, 'see the names of all links with: npx cutover links'],
  run_unknown: [exitCodes.usage, 'see all runs with: npx cutover runs'],
  already_resolved: [exitCodes.held, 'see what is open with: npx cutover dead-letters'],
  already_written_off: [exitCodes.held, 'see what is open with: npx cutover dead-letters'],
  dead_letter_claimed: [exitCodes.held, 'see how far its job is, or stop it: npx cutover dead-letters jobs'],
  dead_letters_none: [exitCodes.held, 'see what is open with: npx cutover dead-letters'],
  dead_letter_unknown: [exitCodes.usage, 'see their ids with: npx cutover dead-letters show CAUSE'],
  edit_invalid: [exitCodes.usage, 'see the message, and what is wrong with it, with: npx cutover dead-letters show ID'],
  job_unknown: [exitCodes.usage, 'see all jobs with: npx cutover dead-letters jobs'],
  job_state: [exitCodes.held, 'see how the job stands with: npx cutover dead-letters jobs'],
  trace_unknown: [
    exitCodes.usage,
    'check the id; ids of facts are in the answers of verify and of dead letters, ids of runs in: npx cutover runs',
  ],
  service_unknown: [exitCodes.usage, 'see which services there are with: npx cutover status'],
  event_unknown: [exitCodes.usage, 'see the events of all links with: npx cutover links --json'],
  engine_standby: [exitCodes.unreachable, 'no engine acts: see which process is away with "cutover status", then repeat'],
}

/** An answer that is no success, as a failure that says what to do. */
export function refused(url: URL, status: number, answer: unknown): CommandFailed {
  const problem = (typeof answer === 'object' && answer !== null ? answer : {}) as Problem
  const what = [problem.title, problem.detail].filter(part => typeof part === 'string').join(': ')
  const errors = Array.isArray(problem.errors) ? (problem.errors as { pointer?: unknown; detail?: unknown }[]) : []
  // A server with one thing to say says it in both places.
  const more = errors.filter(({ detail }) => typeof detail === 'string' && !what.includes(detail))
  const fields = more.map(({ pointer, detail }) => `\n  ${String(pointer)}: ${String(detail)}`).join('')
  const [exitCode, remedy] = meaningOf(status, problem.code)
  return new CommandFailed(exitCode, `${what === '' ? `${url.pathname} answered ${status}` : what}${fields}`, remedy, {
    problem,
    // A standby refuses before it does anything, and another engine takes over soon.
    ...(problem.code === 'engine_standby' ? { unanswered: 'unsent' } : {}),
  })
}

interface Problem {
  readonly code?: unknown
  readonly title?: unknown
  readonly detail?: unknown
  readonly errors?: unknown
}

function meaningOf(status: number, code: unknown): Meaning {
  const known = typeof code === 'string' && Object.hasOwn(meanings, code) ? meanings[code] : undefined
  if (known !== undefined) return known
  if (status === 401 || status === 403)
    return [exitCodes.notPermitted, 'run the command as the user who started the system, or set CUTOVER_TOKEN']
  if (status === 400 || status === 404 || status === 422)
    return [exitCodes.usage, 'correct the value and run the command again; --help shows examples']
  if (status === 503) return [exitCodes.unreachable, 'see which process is away with "cutover status", then repeat: repeating is safe']
  return [
    exitCodes.failed,
    status >= 500
      ? 'the log of the process, in the data directory, says more'
      : 'see what is possible now with "cutover links" and "cutover status"',
  ]
}
