import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { Page } from './Page.tsx'

/** An address that leads nowhere. */
export function Lost(): ReactElement {
  const { t } = useTranslation()
  return (
    <Page title={t('lost.title')} command="cutover links">
      <h1>{t('lost.title')}</h1>
      <p>
        <Link to="/">{t('lost.to_map')}</Link>
      </p>
    </Page>
  )
}
