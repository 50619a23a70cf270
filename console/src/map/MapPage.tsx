import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { LinkDrawer } from '../link/LinkDrawer.tsx'
import { linksQuery, runsQuery } from '../operator/engine.ts'
import { Failed } from '../shell/Failed.tsx'
import { Page } from '../shell/Page.tsx'
import { LinkTable } from './LinkTable.tsx'
import { MapAnswer } from './MapAnswer.tsx'
import styles from './MapPage.module.css'
import { SystemMap } from './SystemMap.tsx'

/** Which link goes where by which route, and what needs somebody. */
export function MapPage(): ReactElement {
  const { t } = useTranslation()
  const { link } = useSearch({ from: '/' })
  const navigate = useNavigate()
  const links = useQuery(linksQuery)
  const runs = useQuery(runsQuery).data ?? []
  const open = (link: string): void => void navigate({ to: '/', search: { link } })
  return (
    <Page title={t('shell.map')} command="cutover links">
      {links.data !== undefined && (
        <div className={styles['page']}>
          <MapAnswer links={links.data} runs={runs} />
          {links.data.length === 0 ? (
            <p>{t('map.empty')}</p>
          ) : (
            <>
              <SystemMap links={links.data} runs={runs} chosen={link} open={open} />
              <LinkTable links={links.data} runs={runs} chosen={link} open={open} />
            </>
          )}
          <LinkDrawer links={links.data} runs={runs} />
        </div>
      )}
      {links.data === undefined && links.error !== null && (
        <Failed error={links.error} works={t('away.works')} retry={() => void links.refetch()} />
      )}
    </Page>
  )
}
