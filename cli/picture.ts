import type { RunStepView, RunView } from '@cutover/engine/api/plan'
import { certificateLines, gateLines, hanging } from './gate.ts'
import type { Glyphs } from './glyphs.ts'
import { type Style, cut, duration, plain, styled, widthOf } from './print.ts'
import { type Stage, type Standing, routeName, sentence, stagesOf, stateOf } from './sentence.ts'

export interface Picture {
  readonly run: RunView
  readonly now: number
  readonly width: number
  /** How many lines there may be; as many as it takes when absent. */
  readonly height?: number
  readonly glyphs: Glyphs
}

/** Wider than this the eye loses the line between a step and its time. */
const widthMax = 100

/** A run as lines that fit: its sentence, its steps, and the open gate with its figures. */
export function picture({ run, now, width: columns, height = Infinity, glyphs }: Picture): string[] {
  const width = Math.min(columns, widthMax)
  const head = [
    cut(`${plain(run.link)} from ${routeName(run.from)} to ${routeName(run.to)}, run ${plain(run.run)}`, width, glyphs.dots),
    ...hanging('', stateOf(run, now), width),
  ].map((line, index) => styled(index === 0 ? 'bold' : stateStyle[run.state], line))
  const stages = stagesOf(run)
  const idWidth = Math.max(...stages.map(({ step }) => step.length))
  const border = stages.findIndex(({ verbs }) => verbs.some(({ no_return }) => no_return !== null))
  const blocks = stages.map((stage, index): Block => {
    const line = stageLine(stage, { now, width, idWidth, glyphs })
    const details = stage.standing === 'active' || stage.standing === 'failed' ? detailLines(run, stage, width, idWidth, glyphs) : []
    const rule = index === border ? [styled('dim', ruled('point of no return', width, glyphs))] : []
    return { standing: stage.standing, lines: [...rule, line, ...details, ...certifiedLines(stage, width, idWidth, glyphs)] }
  })
  return [...head, '', ...fitted(blocks, height - head.length - 1, glyphs)]
}

const stateStyle: Readonly<Record<RunView['state'], Style>> = {
  running: 'cyan',
  waiting: 'yellow',
  paused: 'yellow',
  failed: 'red',
  finished: 'green',
  reverted: 'yellow',
  completed: 'green',
}

const signStyle: Readonly<Record<Standing, Style>> = { done: 'green', active: 'cyan', pending: 'dim', failed: 'red', reverted: 'yellow' }

/** A line across, with a word in it. */
export const ruled = (text: string, width: number, { rule }: Glyphs): string =>
  `${rule.repeat(2)} ${text} ${rule.repeat(Math.max(2, width - text.length - 4))}`

interface LineOptions {
  readonly now: number
  readonly width: number
  readonly idWidth: number
  readonly glyphs: Glyphs
}

function stageLine({ step, verbs, standing }: Stage, { now, width, idWidth, glyphs }: LineOptions): string {
  const [first] = verbs
  const added = first.added ? ' (added)' : ''
  const time = timeOf(verbs, now)
  const left = `${glyphs[standing]} ${plain(step).padEnd(idWidth)}  `
  const room = width - left.length - added.length - (time === '' ? 0 : time.length + 2)
  const title = cut(plain(first.title.en), room, glyphs.dots)
  const gap = ' '.repeat(Math.max(2, width - left.length - title.length - added.length - time.length))
  const sign = styled(signStyle[standing], glyphs[standing])
  const text = standing === 'pending' ? styled('dim', title) : standing === 'active' ? styled('bold', title) : title
  return `${sign}${left.slice(glyphs[standing].length)}${text}${styled('dim', added)}${time === '' ? '' : `${gap}${styled('dim', time)}`}`
}

/** From the first verb's beginning to the last one's end; an open step counts on in whole seconds. */
function timeOf(verbs: readonly RunStepView[], now: number): string {
  const begun = verbs.flatMap(({ started_at }) => (started_at === null ? [] : [Date.parse(started_at)]))
  if (begun.length === 0) return ''
  const ends = verbs.map(({ ended_at }) => (ended_at === null ? null : Date.parse(ended_at)))
  const start = Math.min(...begun)
  const open = ends.includes(null)
  const end = Math.max(...ends.map(end => end ?? now))
  return open ? `${Math.max(0, Math.floor((end - start) / 1_000))} s` : duration(end - start)
}

const indentOf = (idWidth: number, glyphs: Glyphs): string => ' '.repeat(glyphs.active.length + 1 + idWidth + 2)

/** What a step has certified, also when it is done: it may be revoked since. */
function certifiedLines({ verbs }: Stage, width: number, idWidth: number, glyphs: Glyphs): string[] {
  const indent = indentOf(idWidth, glyphs)
  return verbs.flatMap(({ gate }) => (gate === null ? [] : certificateLines(gate, width - indent.length).map(line => `${indent}${line}`)))
}

function detailLines(run: RunView, { verbs }: Stage, width: number, idWidth: number, glyphs: Glyphs): string[] {
  const indent = indentOf(idWidth, glyphs)
  const room = width - indent.length
  const open = verbs.filter(({ state }) => state !== 'done' && state !== 'pending' && state !== 'reverted')
  const lines = open.flatMap(({ does, gate, inverse, state }) => {
    const back = state === 'reverting' || state === 'unsettling'
    const doing = verbs.length > 1 || back ? hanging('', sentence(back && inverse !== null ? inverse : does), room) : []
    return [...doing.map(line => styled('dim', line)), ...(gate === null ? [] : gateLines(gate, room, glyphs))]
  })
  const said = open.some(({ gate }) => gate !== null && sameSentence(gate.waits_for, run.waits_for))
  const waits =
    run.waits_for === null || said ? [] : hanging(run.state === 'failed' ? 'failed: ' : 'waits for: ', sentence(run.waits_for), room)
  return [...lines, ...waits.map(line => styled(run.state === 'failed' ? 'red' : 'yellow', line))].map(line => `${indent}${line}`)
}

const sameSentence = (a: RunView['waits_for'], b: RunView['waits_for']): boolean => a !== null && b !== null && a.code === b.code

interface Block {
  readonly standing: Standing
  readonly lines: readonly string[]
}

/** Folds steps that are done, then steps still to come, until the open one has its room. */
function fitted(blocks: readonly Block[], height: number, glyphs: Glyphs): string[] {
  const all = blocks.flatMap(({ lines }) => lines)
  if (all.length <= height) return all
  const done = blocks.findIndex(({ standing }) => standing !== 'done')
  const folded =
    done > 1 ? [styled('green', `${glyphs.done} ${done} steps done`), ...blocks.slice(done).flatMap(({ lines }) => lines)] : all
  if (folded.length <= height) return folded
  const room = Math.max(1, height - 1)
  return [...folded.slice(0, room), styled('dim', `${glyphs.dots} ${folded.length - room} more lines`)]
}

/** How many rows a line takes on a terminal that has become narrower since it was drawn. */
export const rowsOf = (line: string, columns: number): number => Math.max(1, Math.ceil(widthOf(line) / Math.max(1, columns)))
