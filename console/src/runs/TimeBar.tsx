import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { RunView } from '@cutover/engine/api/plan'
import { useNow } from '../live/LiveChip.tsx'
import { useFormat } from '../words/format.ts'
import styles from './TimeBar.module.css'
import { timesOf } from './times.ts'

/** How long a run has taken, split into work and waiting, and how long it is likely to take still. */
export function TimeBar({ run }: { readonly run: RunView }): ReactElement {
  const { t } = useTranslation()
  const { duration } = useFormat()
  const { totalMs, workedMs, waitedMs } = timesOf(run, useNow(1_000))
  const restMs = run.eta_ms ?? 0
  const scale = Math.max(1, totalMs + restMs)
  const part = (ms: number): string => `${(100 * ms) / scale}%`
  return (
    <div className={styles['times']}>
      <div className={styles['bar']} aria-hidden="true">
        <span className={styles['worked']} style={{ width: part(workedMs ?? totalMs) }} />
        <span className={styles['waited']} style={{ width: part(waitedMs ?? 0) }} />
      </div>
      <dl className={styles['figures']}>
        {workedMs !== null && (
          <div data-part="worked">
            <dt>{t('time.worked')}</dt>
            <dd>{duration(workedMs)}</dd>
          </div>
        )}
        {waitedMs !== null && (
          <div data-part="waited">
            <dt>{t('time.waited')}</dt>
            <dd>{duration(waitedMs)}</dd>
          </div>
        )}
        <div>
          <dt>{t('time.total')}</dt>
          <dd>{duration(totalMs)}</dd>
        </div>
        {(run.state === 'running' || run.state === 'waiting') && (
          <div>
            <dt>{t('time.eta')}</dt>
            <dd>{run.eta_ms === null ? t('time.eta_unknown') : t('time.eta_about', { time: duration(run.eta_ms) })}</dd>
          </div>
        )}
      </dl>
    </div>
  )
}
