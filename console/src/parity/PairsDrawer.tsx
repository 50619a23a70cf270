import { Drawer, SegmentedControl } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { PairVerdict, ParityPair, RunView } from '@cutover/engine/api/plan'
import drawer from '../link/LinkDrawer.module.css'
import { pairsQuery } from '../operator/engine.ts'
import { CommandLine } from '../shell/CommandLine.tsx'
import { Failed } from '../shell/Failed.tsx'
import tables from '../shell/Table.module.css'
import { useFormat } from '../words/format.ts'
import { PairSides } from './PairSides.tsx'
import styles from './PairsDrawer.module.css'
import { pairVerdicts } from './verdicts.ts'

/** The pairs of one kind, and the chosen one side by side. */
export function PairsDrawer({ run }: { readonly run: RunView }): ReactElement {
  const { t } = useTranslation()
  const search = useSearch({ from: '/runs/$run' })
  const navigate = useNavigate()
  const { pairs: verdict, pair, ...rest } = search
  const go = (next: { pairs?: PairVerdict; pair?: string }): void =>
    void navigate({ to: '/runs/$run', params: { run: run.run }, search: { ...rest, ...next }, replace: true })
  return (
    <Drawer.Root
      opened={verdict !== undefined}
      onClose={() => go({})}
      position="right"
      size={720}
      classNames={{ content: drawer['content'] ?? '' }}
    >
      <Drawer.Overlay backgroundOpacity={0.25} />
      <Drawer.Content aria-label={t('parity.title')}>
        <div className={drawer['head']}>
          <div>
            <div className={drawer['id']} translate="no">
              {run.link}
            </div>
            <h2 className={drawer['title']}>{t('parity.title')}</h2>
          </div>
          <Drawer.CloseButton aria-label={t('dialog.close')} />
        </div>
        {verdict !== undefined && (
          <div className={drawer['body']}>
            <SegmentedControl
              fullWidth
              size="xs"
              value={verdict}
              aria-label={t('parity.kinds')}
              onChange={next => {
                const chosen = pairVerdicts.find(known => known === next)
                if (chosen !== undefined) go({ pairs: chosen })
              }}
              data={pairVerdicts.map(value => ({ value, label: t(`pair.${value}`) }))}
            />
            <p className="quiet">{t(`pair.means.${verdict}`)}</p>
            <Pairs link={run.link} verdict={verdict} chosen={pair} choose={pair => go({ pairs: verdict, pair })} />
          </div>
        )}
        <div className={styles['foot']}>
          <CommandLine command={`cutover parity ${run.link}`} />
        </div>
      </Drawer.Content>
    </Drawer.Root>
  )
}

interface PairsProps {
  readonly link: string
  readonly verdict: PairVerdict
  readonly chosen: string | undefined
  readonly choose: (key: string) => void
}

function Pairs({ link, verdict, chosen, choose }: PairsProps): ReactElement | null {
  const { t } = useTranslation()
  const { time } = useFormat()
  const pairs = useQuery(pairsQuery(link, verdict))
  if (pairs.error !== null) return <Failed error={pairs.error} retry={() => void pairs.refetch()} />
  if (pairs.data === undefined) return null
  if (pairs.data.length === 0) return <p className={styles['none']}>{t('parity.none')}</p>
  const shown = pairs.data.find(({ key }) => key === chosen) ?? pairs.data[0]
  const at = (moment: string | null): string => (moment === null ? '–' : time(moment))
  return (
    <>
      {shown !== undefined && <PairSides pair={shown} />}
      <table className={tables['table']}>
        <caption className="only-heard">{t('parity.caption')}</caption>
        <thead>
          <tr>
            <th scope="col">{t('parity.key')}</th>
            <th scope="col">{t('parity.acted')}</th>
            <th scope="col">{t('parity.recorded')}</th>
          </tr>
        </thead>
        <tbody>
          {pairs.data.map((pair: ParityPair) => (
            <tr key={pair.key} onClick={() => choose(pair.key)} aria-selected={pair === shown}>
              <th scope="row">
                <button type="button" className={tables['opener']} onClick={() => choose(pair.key)} translate="no">
                  {pair.key}
                </button>
              </th>
              <td>{at(pair.acted_at)}</td>
              <td>{at(pair.recorded_at)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  )
}
