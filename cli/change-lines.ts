import type { RunStepView } from '@cutover/engine/api/plan'
import type { Context } from './command.ts'
import { duration, plain } from './print.ts'
import type { Progress } from './progress.ts'
import { sentence, stateOf, tookMs } from './sentence.ts'

/** Tells a run as one line per change, for logs and for terminals that nothing can be drawn on. */
export function changeLines({ clock, note }: Context): Progress {
  let told: ReadonlyMap<string, string> = new Map()
  let head = ''
  return {
    show(run) {
      const now = clock.now()
      const at = `${plain(run.run)} ${duration(tookMs(run, now)).padStart(7)}  `
      const waits =
        run.waits_for === null || run.steps.some(({ gate }) => gate?.waits_for?.code === run.waits_for?.code) ? '' : run.waits_for.code
      const key = `${run.heading} ${run.state === 'waiting' ? 'running' : run.state} ${waits}`
      if (key !== head) note(`${at}${stateOf(run, now)}${waits === '' || run.waits_for === null ? '' : ` ${sentence(run.waits_for)}`}`)
      head = key
      const latest = new Map(run.steps.map(row => [`${row.step} ${row.verb}`, keyOf(row)]))
      for (const row of run.steps) {
        const name = `${row.step} ${row.verb}`
        const before = told.get(name) ?? 'pending'
        if (before !== latest.get(name)) note(`${at}${lineOf(row, !before.startsWith(row.state))}`)
      }
      told = latest
    },
    note: text => note(text),
    end: () => undefined,
  }
}

/** What makes a line of its own: not every new number, but a new state, verdict or reason. */
const keyOf = ({ state, gate }: RunStepView): string =>
  state === 'done' || gate === null || gate.waits_for === null ? state : `${state} ${gate.waits_for.code}`

function lineOf({ step, verb, title, added, state, gate, started_at, ended_at }: RunStepView, isNewState: boolean): string {
  const name = `${plain(step)} ${plain(verb)}`
  const took =
    state === 'done' && started_at !== null && ended_at !== null ? ` in ${duration(Date.parse(ended_at) - Date.parse(started_at))}` : ''
  const what = isNewState && state !== 'done' ? ` (${plain(title.en)}${added ? '; added' : ''})` : ''
  const waits = gate?.waits_for === null || gate === null || state === 'done' ? '' : `: ${sentence(gate.waits_for)}`
  return `${name} ${state}${took}${what}${waits}`
}
