import { useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { HistoryRow } from '@cutover/engine/api'
import type { RunView } from '@cutover/engine/api/plan'
import { Icon } from '../icons/icons.tsx'
import { historyQuery } from '../operator/engine.ts'
import { Failed } from '../shell/Failed.tsx'
import { actionWord } from '../words/actions.ts'
import { useFormat } from '../words/format.ts'
import styles from './HistoryLines.module.css'

/** What was ordered and done in a run, newest first, with the numbers that were seen. */
export function HistoryLines({ run }: { readonly run: RunView }): ReactElement {
  const { t } = useTranslation()
  // A line is written whenever one of these changes.
  const state = `${run.state} ${run.heading} ${run.steps.map(({ state, attempts }) => `${state}${attempts}`).join()}`
  const history = useQuery(historyQuery(run.run, state))
  return (
    <section className={styles['history']} aria-label={t('history.title')}>
      <header className={styles['head']}>
        <h2>{t('history.title')}</h2>
        {history.data !== undefined && (
          <span data-tone={history.data.intact ? 'good' : 'bad'} className={styles['chain']}>
            <Icon name={history.data.intact ? 'shield' : 'alert'} size={13} />
            {t(history.data.intact ? 'history.intact' : 'history.broken')}
          </span>
        )}
      </header>
      {history.error !== null && <Failed error={history.error} retry={() => void history.refetch()} />}
      {history.data?.rows.length === 0 && <p className="quiet">{t('history.empty')}</p>}
      {/* It scrolls, so the keyboard must be able to reach it. */}
      <ol className={styles['lines']} tabIndex={0} aria-label={t('history.lines')}>
        {history.data?.rows.map(row => (
          <Line key={row.number} row={row} />
        ))}
      </ol>
    </section>
  )
}

function Line({ row }: { readonly row: HistoryRow }): ReactElement {
  const { time, language, number, say } = useFormat()
  const numbers = Object.entries(row.numbers).filter(([name, value]) => value !== null && name !== 'waits_for' && value !== 'open')
  // Figures have words; whatever else was written down is shown by its name.
  const nameOf = (name: string): string => {
    const words = say({ code: `figure_${name}`, params: {} })
    return words.startsWith('figure_') ? name.replaceAll('_', ' ') : words
  }
  return (
    <li className={styles['line']}>
      <time dateTime={row.at}>{time(row.at)}</time>
      <div>
        <div>
          <span className={styles['action']}>{actionWord(row.action, language)}</span>
          {row.step !== null && (
            <span className={styles['step']} translate="no">
              {row.step}
            </span>
          )}
        </div>
        {numbers.length > 0 && (
          <div className={styles['numbers']}>
            {numbers.map(([name, value]) => `${nameOf(name)} ${typeof value === 'number' ? number(value) : value}`).join(' · ')}
          </div>
        )}
        <div className={styles['who']} translate="no">
          {row.who} · #{row.number} · {row.hash.slice(0, 8)}
        </div>
      </div>
    </li>
  )
}
