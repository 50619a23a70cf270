import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import styles from './Legend.module.css'
import { RouteMark } from './RouteMark.tsx'

/** What the lines mean; always in sight. */
export function Legend(): ReactElement {
  const { t } = useTranslation()
  return (
    <ul className={styles['legend']} aria-label={t('legend.name')}>
      <li>
        <RouteMark way="http" word={t('legend.http')} />
      </li>
      <li>
        <RouteMark way="event" word={t('legend.event')} />
      </li>
      <li>
        <RouteMark way="shadow" word={t('legend.shadow')} />
      </li>
      <li>
        <RouteMark way="unknown" word={t('legend.unknown')} />
      </li>
      <li>
        <svg width={26} height={10} aria-hidden="true">
          <path d="M0 5 26 1.5v7z" fill="var(--ink-faint)" />
        </svg>
        {t('legend.width')}
      </li>
      <li>
        <span className={styles['trouble']} />
        {t('legend.trouble')}
      </li>
    </ul>
  )
}
