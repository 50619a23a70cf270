import { Spotlight, type SpotlightActionData } from '@mantine/spotlight'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../icons/icons.tsx'
import { linkTitle } from '../link/title.ts'
import { linksQuery, runsQuery } from '../operator/engine.ts'
import { useFormat } from '../words/format.ts'

/** `Ctrl/Cmd-K`: goes to a link, a run or a page by its name. */
export function Palette(): ReactElement {
  const { t } = useTranslation()
  const { language, title } = useFormat()
  const navigate = useNavigate()
  const links = useQuery(linksQuery).data ?? []
  const runs = useQuery(runsQuery).data ?? []
  const pages: SpotlightActionData[] = [
    { id: 'map', label: t('shell.map'), leftSection: <Icon name="map" />, onClick: () => void navigate({ to: '/' }) },
    { id: 'runs', label: t('shell.runs'), leftSection: <Icon name="runs" />, onClick: () => void navigate({ to: '/runs' }) },
  ]
  return (
    <Spotlight
      shortcut="mod + K"
      nothingFound={t('palette.nothing')}
      highlightQuery
      styles={{ content: { background: 'var(--surface)', border: '1px solid var(--line-strong)' } }}
      overlayProps={{ backgroundOpacity: 0.35, blur: 0 }}
      scrollable
      maxHeight={420}
      searchProps={{ placeholder: t('palette.placeholder'), 'aria-label': t('palette.placeholder'), leftSection: <Icon name="search" /> }}
      actions={[
        { group: t('palette.pages'), actions: pages },
        {
          group: t('palette.links'),
          actions: links.map(link => ({
            id: link.link,
            label: link.link,
            description: linkTitle(link, language),
            onClick: () => void navigate({ to: '/', search: { link: link.link } }),
          })),
        },
        {
          group: t('palette.runs'),
          actions: runs.map(run => ({
            id: run.run,
            label: run.run,
            description: `${run.link} · ${title(run.title)} · ${t(`state.${run.state}`)}`,
            onClick: () => void navigate({ to: '/runs/$run', params: { run: run.run } }),
          })),
        },
      ]}
    />
  )
}
