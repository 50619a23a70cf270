import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { PairContent, ParityPair } from '@cutover/engine/api/plan'
import { RouteMark } from '../map/RouteMark.tsx'
import { useFormat } from '../words/format.ts'
import styles from './PairSides.module.css'

/** One pair: what HTTP did beside what the event would have done, with the fields that differ marked. */
export function PairSides({ pair }: { readonly pair: ParityPair }): ReactElement {
  const { t } = useTranslation()
  const fields = [...new Set([...Object.keys(pair.by_http ?? {}), ...Object.keys(pair.by_event ?? {})])].sort()
  return (
    <section className={styles['pair']} aria-label={pair.key}>
      <h3 className={styles['key']} translate="no">
        {pair.key}
      </h3>
      <table className={styles['sides']}>
        <thead>
          <tr>
            <th scope="col">{t('parity.field')}</th>
            <th scope="col">
              <RouteMark way="http" word={t('parity.by_http')} />
            </th>
            <th scope="col">
              <RouteMark way="event" word={t('parity.by_event')} />
            </th>
          </tr>
        </thead>
        <tbody>
          {fields.map(field => (
            <tr key={field} data-differs={pair.by_http?.[field] !== pair.by_event?.[field]}>
              <th scope="row" translate="no">
                {field}
              </th>
              <td>
                <Value side={pair.by_http} field={field} />
              </td>
              <td>
                <Value side={pair.by_event} field={field} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className={styles['fact']}>
        {t('parity.fact')}{' '}
        <code className="mono" translate="no">
          {pair.fact_id}
        </code>
      </p>
    </section>
  )
}

function Value({ side, field }: { readonly side: PairContent | null; readonly field: string }): ReactElement {
  const { t } = useTranslation()
  const { number } = useFormat()
  const value = side?.[field]
  if (side === null) return <span className="quiet">{t('parity.nothing_yet')}</span>
  return <span translate="no">{value == null ? '–' : typeof value === 'number' ? number(value) : value}</span>
}
