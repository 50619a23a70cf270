import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { Figure, Verdict } from '@cutover/engine/api/plan'
import { useFormat } from '../words/format.ts'
import styles from './Figures.module.css'

interface FiguresProps {
  readonly figures: readonly Figure[]
  readonly verdict: Verdict
}

/** What a gate counted: a bar with its threshold for what it asks for, a number for what it only shows. */
export function Figures({ figures, verdict }: FiguresProps): ReactElement | null {
  const { number, say } = useFormat()
  if (figures.length === 0) return null
  const asked = figures.filter(({ wanted, rule }) => wanted !== null && rule !== null)
  const shown = figures.filter(figure => !asked.includes(figure))
  return (
    <div className={styles['figures']}>
      {asked.map(figure => (
        <Bar key={figure.name} figure={figure} verdict={verdict} />
      ))}
      {shown.length > 0 && (
        <dl className={styles['numbers']}>
          {shown.map(({ name, value }) => (
            <div key={name}>
              <dt>{say({ code: name, params: {} })}</dt>
              <dd>{number(value)}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  )
}

function Bar({ figure, verdict }: { readonly figure: Figure; readonly verdict: Verdict }): ReactElement {
  const { t } = useTranslation()
  const { number, say } = useFormat()
  const { name, value, rule } = figure
  const wanted = figure.wanted ?? 0
  const met = rule === 'at_least' ? value >= wanted : value <= wanted
  // Too few is a matter of time, too many is not.
  const broken = !met && rule === 'at_most' && verdict === 'fail'
  // The threshold never touches the end, so that one sees what lies beyond it.
  const scale = Math.max(wanted * 1.2, value, 1)
  const label = say({ code: name, params: {} })
  const asks = t(rule === 'at_least' ? 'gate.at_least' : 'gate.at_most', { wanted: number(wanted) })
  return (
    <div className={styles['figure']} data-tone={met ? 'good' : broken ? 'bad' : 'wait'}>
      <span className={styles['name']}>{label}</span>
      <span className={styles['bar']} role="img" aria-label={`${label}: ${number(value)}, ${asks}`}>
        <span className={styles['fill']} data-short={!met && !broken} style={{ width: `${(100 * Math.min(value, scale)) / scale}%` }} />
        <span className={styles['threshold']} style={{ left: `${(100 * wanted) / scale}%` }} />
      </span>
      <span className={styles['value']}>{number(value)}</span>
      <span className={styles['asks']}>{asks}</span>
    </div>
  )
}
