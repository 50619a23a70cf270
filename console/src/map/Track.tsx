import { BaseEdge, type Edge, EdgeLabelRenderer, type EdgeProps } from '@xyflow/react'
import type { CSSProperties, ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { LinkRow } from '@cutover/engine/api'
import type { RunView } from '@cutover/engine/api/plan'
import { linkTitle } from '../link/title.ts'
import { StateIcon, stateTones } from '../runs/StateBadge.tsx'
import { useFormat } from '../words/format.ts'
import { troubles } from './answer.ts'
import type { Box, Point } from './layout.ts'
import { wayOf } from './RouteMark.tsx'
import styles from './Track.module.css'

export type TrackEdge = Edge<
  {
    readonly row: LinkRow
    readonly run: RunView | undefined
    readonly points: readonly Point[]
    readonly label: Box
    readonly chosen: boolean
    readonly open: (link: string) => void
  },
  'track'
>

const arrowLength = 9

/** One link on the map: its line, and over it a button with its name and numbers. */
export function Track({ id, data }: EdgeProps<TrackEdge>): ReactElement | null {
  if (data === undefined) return null
  const { row, points, label, chosen, open } = data
  const way = wayOf(row)
  const stroke = widthOf(row.rate)
  const flowing = (row.rate ?? 0) > 0
  const apart = way === 'shadow' ? stroke / 2 + 1.6 : 0
  const colour = way === 'event' ? 'var(--event)' : way === 'unknown' ? 'var(--ink-faint)' : 'var(--http)'
  return (
    <>
      <g className={styles['track']} data-way={way} data-chosen={chosen} data-flowing={flowing}>
        {way !== 'event' && (
          <BaseEdge id={id} path={pathOf(points, -apart)} className={styles['solid'] ?? ''} style={{ strokeWidth: stroke }} />
        )}
        {(way === 'event' || way === 'shadow') && (
          <path d={pathOf(points, apart)} className={styles['dashed']} style={{ strokeWidth: way === 'shadow' ? 2 : stroke }} />
        )}
        <path d={arrowOf(points, stroke)} fill={colour} />
      </g>
      <EdgeLabelRenderer>
        <TrackLabel row={row} run={data.run} label={label} chosen={chosen} open={open} />
      </EdgeLabelRenderer>
    </>
  )
}

interface TrackLabelProps {
  readonly row: LinkRow
  readonly run: RunView | undefined
  readonly label: Box
  readonly chosen: boolean
  readonly open: (link: string) => void
}

function TrackLabel({ row, run, label, chosen, open }: TrackLabelProps): ReactElement {
  const { t } = useTranslation()
  const { language, rate, number } = useFormat()
  const way = wayOf(row)
  const trouble = troubles(row).length > 0 || run?.state === 'failed'
  const place: CSSProperties = { transform: `translate(${label.x}px, ${label.y}px)`, width: label.width, height: label.height }
  const title = linkTitle(row, language)
  return (
    <button type="button" className={styles['label']} style={place} data-chosen={chosen} onClick={() => open(row.link)} title={title}>
      <span className={styles['name']}>
        <span className={styles['id']} translate="no">
          {row.link}
        </span>
        <span className={styles['title']}>{title}</span>
        <span className="only-heard">{t('map.track', { from: row.from, to: row.to, way: t(`way.${way}`) })}</span>
        {run !== undefined && (
          <span className={styles['run']} data-tone={stateTones[run.state]}>
            <StateIcon state={run.state} size={12} />
            {run.run}
          </span>
        )}
      </span>
      <span className={styles['pill']} data-way={way}>
        {trouble && <span className={styles['trouble']} />}
        {way === 'unknown' ? t('way.unknown') : rate(row.rate)}
        {(row.open ?? 0) > 0 && (
          <span className={styles['open']}>{t('map.open', { count: row.open ?? 0, shown: number(row.open ?? 0) })}</span>
        )}
      </span>
    </button>
  )
}

/** Wider for more per second, by its order of magnitude: a link of 500/s must not hide one of 5/s. */
export const widthOf = (rate: number | null): number => Math.min(6, 1.6 + 1.5 * Math.log10(1 + (rate ?? 0)))

function pathOf(points: readonly Point[], apart: number): string {
  const [first, ...rest] = points
  const last = rest.at(-1)
  if (first === undefined || last === undefined) return ''
  const before = rest.at(-2) ?? first
  const angle = Math.atan2(last.y - before.y, last.x - before.x)
  // The line ends inside the arrow's head, so that a wide one does not look out beside its tip.
  const end = { x: last.x - arrowLength * Math.cos(angle), y: last.y - arrowLength * Math.sin(angle) }
  return [first, ...rest.slice(0, -1), end].map(({ x, y }, n) => `${n === 0 ? 'M' : 'L'}${x} ${y + apart}`).join(' ')
}

function arrowOf(points: readonly Point[], stroke: number): string {
  const [before, tip] = [points.at(-2), points.at(-1)]
  if (before === undefined || tip === undefined) return ''
  const angle = Math.atan2(tip.y - before.y, tip.x - before.x)
  const half = 4 + stroke / 2
  const corner = (side: 1 | -1): string => {
    const [dx, dy] = [-arrowLength - 1, side * half]
    return `${tip.x + dx * Math.cos(angle) - dy * Math.sin(angle)} ${tip.y + dx * Math.sin(angle) + dy * Math.cos(angle)}`
  }
  return `M${tip.x} ${tip.y} L${corner(1)} L${corner(-1)} Z`
}
