import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { LinkRow } from '@cutover/engine/api'
import type { RunView } from '@cutover/engine/api/plan'
import { linkTitle } from '../link/title.ts'
import { StateIcon, stateTones } from '../runs/StateBadge.tsx'
import { useRows } from '../shell/keys.ts'
import tables from '../shell/Table.module.css'
import { useFormat } from '../words/format.ts'
import { troubles } from './answer.ts'
import styles from './LinkTable.module.css'
import { RouteMark, wayOf } from './RouteMark.tsx'

interface LinkTableProps {
  readonly links: readonly LinkRow[]
  readonly runs: readonly RunView[]
  readonly chosen: string | undefined
  readonly open: (link: string) => void
}

/** The map's twin: the same facts in rows, for the keyboard and for who cannot see the map. */
export function LinkTable({ links, runs, chosen, open }: LinkTableProps): ReactElement {
  const { t } = useTranslation()
  useRows('links')
  return (
    <table id="links" className={tables['table']}>
      <caption className="only-heard">{t('links.caption')}</caption>
      <thead>
        <tr>
          <th scope="col">{t('links.link')}</th>
          <th scope="col">{t('links.carries')}</th>
          <th scope="col">{t('links.between')}</th>
          <th scope="col" className={styles['kind']}>
            {t('links.kind')}
          </th>
          <th scope="col">{t('links.route')}</th>
          <th scope="col" className={tables['number']}>
            {t('links.rate')}
          </th>
          <th scope="col" className={tables['number']}>
            {t('links.open')}
          </th>
          <th scope="col" className={styles['last']}>
            {t('links.run')}
          </th>
        </tr>
      </thead>
      <tbody>
        {links.map(row => (
          <Row key={row.link} row={row} run={runs.find(({ run }) => run === row.run)} chosen={row.link === chosen} open={open} />
        ))}
      </tbody>
    </table>
  )
}

interface RowProps {
  readonly row: LinkRow
  readonly run: RunView | undefined
  readonly chosen: boolean
  readonly open: (link: string) => void
}

function Row({ row, run, chosen, open }: RowProps): ReactElement {
  const { t } = useTranslation()
  const { language, number, rate, say } = useFormat()
  return (
    // The whole row is a target for the mouse; the keyboard has the button in it.
    <tr onClick={() => open(row.link)} aria-selected={chosen}>
      <th scope="row">
        <button type="button" data-row className={tables['opener']} onClick={() => open(row.link)} translate="no">
          {row.link}
        </button>
      </th>
      <td className={styles['title']}>{linkTitle(row, language)}</td>
      <td translate="no" className={styles['between']}>
        {row.from} → {row.to}
      </td>
      <td className={styles['kind']}>{t(`kind.${row.kind}`)}</td>
      <td>
        <RouteMark way={wayOf(row)} share={row.share} mayLose={row.delivery === 'direct'} />
      </td>
      <td className={tables['number']}>{rate(row.rate)}</td>
      <td className={tables['number']}>{row.open === null ? '–' : number(row.open)}</td>
      <td className={styles['last']}>
        {run !== undefined && (
          <span className={styles['run']} data-tone={stateTones[run.state]}>
            <StateIcon state={run.state} size={13} />
            {run.run} · {t(`state.${run.state}`)}
          </span>
        )}
        {troubles(row).map(said => (
          <span key={said.code} className={styles['trouble']} title={say(said)}>
            {say(said)}
          </span>
        ))}
      </td>
    </tr>
  )
}
