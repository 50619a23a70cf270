import { say } from '@cutover/engine/api/words'
import type { Figure, GateView } from '@cutover/engine/api/plan'
import type { Glyphs } from './glyphs.ts'
import { about, cut, plain, styled, wrap } from './print.ts'
import { sentence } from './sentence.ts'

const barWidthMax = 12
/** The widest word that stands where a bar would: "not yet". */
const signWidth = 7

/** What a gate saw, as lines: each figure with what is asked for, then what it waits for. */
export function gateLines(
  { figures, verdict, waits_for: waitsFor, eta_ms: etaMs, way_back: wayBack }: GateView,
  width: number,
  glyphs: Glyphs,
): string[] {
  const names = figures.map(({ name }) => nameOf(name))
  const valueWidth = Math.max(0, ...figures.map(({ value }) => String(value).length))
  const wantedWidth = Math.max(0, ...figures.map(figure => wantedOf(figure).length))
  const nameWidth = Math.min(Math.max(0, ...names.map(name => name.length)), Math.max(8, width - valueWidth - wantedWidth - signWidth - 6))
  const bar = Math.min(barWidthMax, Math.max(0, width - nameWidth - valueWidth - wantedWidth - 6))
  const lines = figures.map((figure, index) =>
    [
      cut(names[index] ?? '', nameWidth, glyphs.dots).padEnd(nameWidth),
      String(figure.value).padStart(valueWidth),
      wantedOf(figure).padEnd(wantedWidth),
      signOf(figure, { failed: verdict === 'fail', bar, glyphs }),
    ]
      .join('  ')
      .trimEnd(),
  )
  const soon = etaMs === null ? '' : `; ${about(etaMs)}`
  const label = verdict === 'fail' ? 'says no: ' : 'waits for: '
  const waits =
    waitsFor === null
      ? []
      : hanging(label, `${sentence(waitsFor)}${soon}`, width).map(line => styled(verdict === 'fail' ? 'red' : 'yellow', line))
  return [...lines, ...waits, ...(wayBack === 'blocked' ? [styled('yellow', 'the way back is blocked')] : [])]
}

/** What was certified when the gate passed, as it stands now. */
export const certificateLines = ({ certificate }: GateView, width: number): string[] =>
  certificate === undefined
    ? []
    : hanging('', sentence(certificate), width).map(line => styled(certificate.code === 'certificate_valid' ? 'dim' : 'yellow', line))

/** A label, and a text beside it that hangs under itself. */
export const hanging = (label: string, text: string, width: number): string[] =>
  wrap(text, Math.max(16, width - label.length)).map((line, index) => `${index === 0 ? label : ' '.repeat(label.length)}${line}`)

const nameOf = (name: string): string => plain(say({ code: name, params: {} })).replace(/^figure_/, '')

const wantedOf = ({ wanted, rule }: Figure): string =>
  wanted === null || rule === null ? '' : `${rule === 'at_least' ? 'at least' : 'at most'} ${wanted}`

/** Whether it is enough, and a bar for what grows towards its threshold. */
function signOf({ value, wanted, rule }: Figure, { failed, bar, glyphs }: { failed: boolean; bar: number; glyphs: Glyphs }): string {
  if (wanted === null || rule === null) return ''
  if (rule === 'at_least' ? value >= wanted : value <= wanted) return styled('green', `${glyphs.done} ok`)
  if (failed) return styled('red', `${glyphs.failed} no`)
  if (rule === 'at_most') return styled('yellow', 'not yet')
  // Rounded down, so that a full bar means enough.
  const full = Math.floor((value / wanted) * bar)
  return `${styled('cyan', glyphs.full.repeat(full))}${styled('dim', glyphs.empty.repeat(bar - full))}`
}
