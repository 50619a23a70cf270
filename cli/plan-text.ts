import type { PlanView, Refusal, StepView } from '@cutover/engine/api/plan'
import { hanging } from './gate.ts'
import type { Glyphs } from './glyphs.ts'
import { ruled } from './picture.ts'
import { counted, plain, styled, wrap } from './print.ts'
import { choiceOf } from './route-option.ts'
import { routeName, sentence } from './sentence.ts'

/** A line is read best up to this; a wider terminal keeps its margin. */
const widthMax = 110
const widthOfFiles = 80

/** A plan to be read from top to bottom: each step with what it does, its gate and its inverse, and what to type next. */
export function planText(plan: PlanView, columns: number | null, glyphs: Glyphs): string {
  const width = Math.min(columns ?? widthOfFiles, widthMax)
  if (isNothingToDo(plan)) return nothingToDo(plan)
  const steps = stepsOf(plan)
  const border = steps.findIndex(verbs => verbs.some(({ no_return }) => no_return !== null))
  const idWidth = Math.max(...steps.map(([{ step }]) => step.length))
  const parts = [
    [...planHead(plan, width), ...wrap(`It follows docs/procedures.md: ${plain(plan.procedure)}.`, width)],
    ...steps.map((verbs, index) => [
      ...(index === border ? [...noReturn(plan, width, glyphs), ''] : []),
      ...stepLines(verbs, idWidth, width),
    ]),
    ...(plan.refusals.length === 0 ? [] : [refusalLines(plan.refusals, width)]),
    nextLines(plan, width),
  ]
  return parts.map(lines => lines.join('\n')).join('\n\n')
}

/** The link is there already, and no run is on its way. */
export const isNothingToDo = ({ from, to, run }: PlanView): boolean => from === to && run === null

export const nothingToDo = ({ link, to }: PlanView): string =>
  `${plain(link)} is on ${routeName(to)} already: nothing to do. To move it: npx cutover plan ${plain(link)} --to ${to === 'http' ? 'event' : 'http'}`

/** What a plan would do, in two sentences. */
export const planHead = (plan: PlanView, width: number): string[] => [
  ...wrap(plain(plan.title.en), width).map(line => styled('bold', line)),
  ...wrap(planSummary(plan), width),
]

type Verbs = readonly [StepView, ...StepView[]]

function stepsOf({ steps }: PlanView): Verbs[] {
  const found: [StepView, ...StepView[]][] = []
  for (const row of steps) {
    const last = found.at(-1)
    if (last?.[0].step === row.step) last.push(row)
    else found.push([row])
  }
  return found
}

/** "8 steps, 2 of them added, 4 deployments, 1 point of no return." */
function planSummary(plan: PlanView): string {
  const steps = stepsOf(plan)
  const added = steps.filter(([{ added }]) => added).length
  const deployments = plan.steps.filter(({ does }) => /^(deploy|retire)_/.test(does.code)).length
  const points = plan.steps.some(({ no_return }) => no_return !== null) ? 1 : 0
  return `${counted(steps.length, 'step')}, ${added} of them added, ${counted(deployments, 'deployment')}, ${
    points === 0 ? 'no point of no return' : '1 point of no return'
  }.`
}

function stepLines(verbs: Verbs, idWidth: number, width: number): string[] {
  const [{ step, title, added, why }] = verbs
  const indent = ' '.repeat(idWidth + 2)
  const head = hanging(`${plain(step).padEnd(idWidth)}  `, `${plain(title.en)}${added ? ' (added)' : ''}`, width)
  const reason = added && why !== null ? fact('why added', plain(why.en), indent, width, 'yellow') : []
  return [
    ...head.map(line => styled('bold', line)),
    ...reason,
    ...verbs.flatMap(({ does, now, gate, inverse, no_return }, index) => [
      ...(index > 0 ? [''] : []),
      ...fact('does', sentence(does), indent, width),
      ...fact('now', sentence(now), indent, width),
      ...fact('waits until', sentence(gate), indent, width),
      ...fact(
        'inverse',
        inverse === null ? (no_return === null ? 'none needed: it changes nothing' : 'none') : sentence(inverse),
        indent,
        width,
      ),
    ]),
  ]
}

function fact(label: string, text: string, indent: string, width: number, style: 'dim' | 'yellow' = 'dim'): string[] {
  const name = `${indent}${label.padEnd(13)}`
  return hanging(name, text, width).map((line, index) =>
    index === 0 ? `${indent}${styled(style, label)}${line.slice(indent.length + label.length)}` : line,
  )
}

function noReturn({ steps }: PlanView, width: number, glyphs: Glyphs): string[] {
  const reason = steps.find(({ no_return }) => no_return !== null)?.no_return ?? null
  return [
    styled('red', ruled('point of no return', width, glyphs)),
    ...wrap(`apply ends here, and all above can be undone. Only complete goes on${reason === null ? '.' : `: ${sentence(reason)}`}`, width),
  ]
}

/** Why a plan is refused: each step with what it needs and what it would find. */
export const refusalLines = (refusals: readonly Refusal[], width: number): string[] => [
  styled('red', 'Refused: the steps do not follow from what there is.'),
  ...refusals.flatMap(refusal => hanging('  ', refusalText(refusal), width)),
]

export const refusalText = ({ step, verb, about, wanted, found, mend }: Refusal): string =>
  `step ${plain(step)} (${plain(verb)}): "${plain(about)}" must be ${wanted.map(plain).join(' or ')} there, and would be ${plain(found)}${mend === undefined ? '' : `; first: npx ${plain(mend)}`}`

function nextLines(plan: PlanView, width: number): string[] {
  const { link, run, refusals, hash } = plan
  const name = plain(link)
  if (run !== null) return hanging('', `Run ${plain(run)} holds ${name}. See it with: npx cutover run show ${plain(run)}`, width)
  if (refusals.length > 0) return hanging('', `Mend that, then look again with: npx cutover plan ${name} ${choiceOf(plan)}`, width)
  return [`Apply it with: npx cutover apply ${name} ${choiceOf(plan)}`, styled('dim', `This plan and no other: --hash ${plain(hash)}`)]
}
