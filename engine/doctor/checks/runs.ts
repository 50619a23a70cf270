import { stateOf } from '../../certificate/certificate.ts'
import type { Finding } from '../../api/doctor.ts'
import type { RunView } from '../../api/plan.ts'
import { say } from '../../api/words.ts'
import { certificates, complete, resume, revert, showRun } from '../commands.ts'
import { type Check, finding, type Found } from '../found.ts'

/** A person who pauses a run comes back within the hour, or has forgotten it. */
const pausedMs = 3_600_000
/** No gate of a step that is well waits for longer, as long as there is traffic. */
const heldMs = 10 * 60_000
/** A night between `finished` and `complete`; a certificate is good for no longer. */
const finishedMs = 24 * 3_600_000

const agoMs = ({ nowMs }: Found, at: string | null | undefined): number => (at == null ? 0 : nowMs - Date.parse(at))
const orders = ({ run, can }: RunView): string[] => [
  ...(can.includes('resume') ? [resume(run)] : []),
  ...(can.includes('revert') ? [revert(run)] : []),
]
const whyOf = ({ waits_for: said }: RunView): string => (said === null ? 'it does not say' : say(said))
/** The step at which it stands. */
const stepOf = ({ steps }: RunView): RunView['steps'][number] | undefined =>
  steps.find(step => step.state !== 'done' && step.state !== 'reverted' && (step.state !== 'pending' || step.gate !== null))

const hours = (ms: number): number => Math.floor(ms / 3_600_000)

const onRuns = (found: Found, look: (run: RunView) => readonly Finding[]): readonly Finding[] => found.runs.flatMap(look)

/** Runs that do not come to an end by themselves, and what they have proved. */
export const runChecks: readonly Check[] = [
  {
    name: 'no run has failed',
    look: found =>
      onRuns(found, run =>
        run.state === 'failed'
          ? [
              finding(
                'broken',
                'run_failed',
                run.run,
                { run: run.run, link: run.link, step: stepOf(run)?.step ?? 'unknown', why: whyOf(run) },
                showRun(run.run),
                ...orders(run),
              ),
            ]
          : [],
      ),
  },
  {
    name: 'no run was forgotten while it stands still',
    look: found =>
      onRuns(found, run => {
        const ms = agoMs(found, run.ended_at)
        if (run.state !== 'paused' || ms < pausedMs) return []
        return [finding('warning', 'run_paused', run.run, { run: run.run, link: run.link, hours: hours(ms) }, ...orders(run))]
      }),
  },
  {
    name: 'no gate holds for long',
    look: found =>
      onRuns(found, run => {
        const step = stepOf(run)
        const ms = agoMs(found, step?.applied_at ?? step?.started_at)
        if (run.state !== 'waiting' || ms < heldMs || run.waits_for?.code === 'plan_changed') return []
        const params = { run: run.run, link: run.link, step: step?.step ?? 'unknown', minutes: Math.floor(ms / 60_000), why: whyOf(run) }
        return [finding('warning', 'run_held', run.run, params, showRun(run.run), ...orders(run))]
      }),
  },
  {
    name: 'finished runs are ended',
    look: found =>
      onRuns(found, run => {
        const ms = agoMs(found, run.ended_at)
        if (run.state !== 'finished' || ms < finishedMs) return []
        return [
          finding(
            'warning',
            'run_finished',
            run.run,
            { run: run.run, link: run.link, hours: hours(ms) },
            complete(run.run),
            revert(run.run),
          ),
        ]
      }),
  },
  {
    name: 'runs have the plan that they began with',
    look: found =>
      onRuns(found, run =>
        run.waits_for?.code === 'plan_changed'
          ? [finding('broken', 'run_foreign', run.run, { run: run.run, link: run.link }, showRun(run.run))]
          : [],
      ),
  },
  {
    name: 'what was certified as drained is so',
    look: found =>
      found.certificates.flatMap(one => {
        if (stateOf(one, found.nowMs) !== 'revoked') return []
        const { link, route, run, revokedBy } = one
        const params = { link, route, run, why: revokedBy === null ? 'it does not say' : say(revokedBy) }
        return [finding('broken', 'certificate_revoked', link, params, certificates(link), resume(run))]
      }),
  },
]
