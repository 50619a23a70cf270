import { type ReactElement, use } from 'react'
import { useTranslation } from 'react-i18next'
import { ZoneContext, useFormat } from '../words/format.ts'
import styles from './ZoneSwitch.module.css'

/** Says in which zone times are shown, and chooses the other. */
export function ZoneSwitch(): ReactElement {
  const { t } = useTranslation()
  const { zone, choose } = use(ZoneContext)
  const { zoneName } = useFormat()
  return (
    <button
      type="button"
      className={styles['zone']}
      onClick={() => choose(zone === 'utc' ? 'local' : 'utc')}
      title={zone === 'utc' ? t('zone.to_local') : t('zone.to_utc')}
    >
      {t('zone.times', { zone: zoneName })}
    </button>
  )
}
