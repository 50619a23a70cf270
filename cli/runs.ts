import type { Command } from 'commander'
import { paths } from '@cutover/engine/api'
import type { RunView } from '@cutover/engine/api/plan'
import { type Context, type Terminal, contextOf, verb } from './command.ts'
import { patiently } from './patience.ts'
import { type Style, counted, duration, styled, table } from './print.ts'
import { routeName, sentence, stagesOf, tookMs } from './sentence.ts'

/** `cutover runs`: all runs, the newest first. */
export const runsVerb = (terminal: Terminal): Command =>
  verb(terminal, {
    name: 'runs',
    summary: 'Show all runs, the newest first: where each stands and what it waits for',
    examples: ['runs', 'runs --json'],
    timeoutSeconds: 10,
  }).action(async (_options: object, command: Command) => {
    const context = contextOf(terminal, command)
    context.print(await patiently<readonly RunView[]>(context, { method: 'GET', path: paths.runs }), runs => show(runs, context))
  })

const styleOf: Readonly<Partial<Record<RunView['state'], Style>>> = {
  running: 'cyan',
  waiting: 'yellow',
  paused: 'yellow',
  failed: 'red',
  finished: 'green',
  completed: 'green',
}

function show(runs: readonly RunView[], { clock, width, glyphs }: Context): string {
  if (runs.length === 0) return 'No run yet. Begin one with: npx cutover plan LINK, then npx cutover apply LINK'
  const open = runs.filter(({ state }) => state === 'running' || state === 'waiting').length
  const stuck = runs.filter(({ state }) => state === 'paused' || state === 'failed').length
  const sentenceAbove = `${counted(runs.length, 'run')}: ${open} under way, ${
    stuck === 0 ? 'nothing needs you' : styled('yellow', `${stuck} ${stuck === 1 ? 'needs' : 'need'} you`)
  }.`
  const now = clock.now()
  const rows = table<RunView>(
    [
      { head: 'run', cell: ({ run }) => run },
      { head: 'link', cell: ({ link }) => link },
      { head: 'to', cell: ({ to }) => routeName(to) },
      { head: 'state', cell: ({ state }) => state, style: ({ state }) => styleOf[state] ?? null },
      { head: 'steps', cell: run => stepsDone(run), align: 'right' },
      { head: 'took', cell: run => duration(tookMs(run, now)), align: 'right' },
      { head: 'began', cell: ({ started_at: begun }) => `${begun.slice(0, 10)} ${begun.slice(11, 19)}Z`, spare: true },
      { head: 'waits for', cell: ({ waits_for: waits }) => (waits === null ? null : sentence(waits)) },
    ],
    runs,
    width,
    glyphs.dots,
  )
  return `${sentenceAbove}\n\n${rows}`
}

const stepsDone = (run: RunView): string => {
  const stages = stagesOf(run)
  return `${stages.filter(({ standing }) => standing === 'done').length}/${stages.length}`
}
