import { useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { PairVerdict, RunView } from '@cutover/engine/api/plan'
import { parityQuery } from '../operator/engine.ts'
import { useFormat } from '../words/format.ts'
import styles from './ParityPanel.module.css'
import { pairVerdicts, tonesOfPairs } from './verdicts.ts'

/** How the pairs of a link compare so far; each kind leads to its pairs. */
export function ParityPanel({ run }: { readonly run: RunView }): ReactElement | null {
  const { t } = useTranslation()
  const { number, rate } = useFormat()
  const search = useSearch({ from: '/runs/$run' })
  const { data } = useQuery(parityQuery(run.link))
  if (data === undefined) return null
  const total = pairVerdicts.reduce((sum, verdict) => sum + data[verdict], 0)
  const part = (verdict: PairVerdict): string => `${total === 0 ? 0 : (100 * data[verdict]) / total}%`
  return (
    <section className={styles['panel']} aria-label={t('parity.title')}>
      <header className={styles['head']}>
        <h3>{t('parity.title')}</h3>
        <span>{t('parity.sum', { count: data.facts, facts: number(data.facts), rate: rate(data.rate) })}</span>
      </header>
      <div className={styles['bar']} aria-hidden="true">
        {pairVerdicts.map(verdict => (
          <span key={verdict} data-tone={tonesOfPairs[verdict]} data-verdict={verdict} style={{ width: part(verdict) }} />
        ))}
      </div>
      <ul className={styles['kinds']}>
        {pairVerdicts.map(verdict => (
          <li key={verdict}>
            <Link
              to="/runs/$run"
              params={{ run: run.run }}
              search={{ ...search, pairs: verdict }}
              className={styles['kind']}
              data-tone={data[verdict] === 0 ? 'still' : tonesOfPairs[verdict]}
              title={t(`pair.means.${verdict}`)}
            >
              <strong>{number(data[verdict])}</strong>
              {t(`pair.${verdict}`)}
            </Link>
          </li>
        ))}
      </ul>
    </section>
  )
}
