import { Drawer } from '@mantine/core'
import { useNavigate, useSearch } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { LinkRow } from '@cutover/engine/api'
import type { RunView } from '@cutover/engine/api/plan'
import { Trouble } from '../shell/Trouble.tsx'
import { useFormat } from '../words/format.ts'
import styles from './LinkDrawer.module.css'
import { LinkFacts } from './LinkFacts.tsx'
import { RouteControl } from './RouteControl.tsx'
import { linkTitle } from './title.ts'

/** One link over the map: its facts, the run that holds it, and a route control that plans. */
export function LinkDrawer({ links, runs }: { readonly links: readonly LinkRow[]; readonly runs: readonly RunView[] }): ReactElement {
  const { t } = useTranslation()
  const { language } = useFormat()
  const { link } = useSearch({ from: '/' })
  const navigate = useNavigate()
  const row = links.find(row => row.link === link)
  const run = runs.find(({ run }) => run === row?.run)
  const title = row === undefined ? t('link.unknown', { link: link ?? '' }) : linkTitle(row, language)
  return (
    <Drawer.Root
      opened={link !== undefined}
      onClose={() => void navigate({ to: '/', search: {} })}
      position="right"
      size={680}
      classNames={{ content: styles['content'] ?? '' }}
    >
      <Drawer.Overlay backgroundOpacity={0.25} />
      <Drawer.Content aria-label={link}>
        <div className={styles['head']}>
          <div>
            <div className={styles['id']} translate="no">
              {link}
            </div>
            <h2 className={styles['title']}>{title}</h2>
          </div>
          <Drawer.CloseButton aria-label={t('dialog.close')} />
        </div>
        {row === undefined ? (
          <div className={styles['body']}>
            <Trouble title={t('link.unknown', { link: link ?? '' })} next={t('link.unknown_next')} />
          </div>
        ) : (
          <RouteControl row={row} run={run} facts={<LinkFacts row={row} run={run} />} />
        )}
      </Drawer.Content>
    </Drawer.Root>
  )
}
