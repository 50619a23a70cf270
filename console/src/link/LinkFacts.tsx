import { Link } from '@tanstack/react-router'
import type { ReactElement, ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { LinkRow } from '@cutover/engine/api'
import type { RunView } from '@cutover/engine/api/plan'
import { Icon } from '../icons/icons.tsx'
import { troubles } from '../map/answer.ts'
import { RouteMark, wayOf } from '../map/RouteMark.tsx'
import { StateBadge } from '../runs/StateBadge.tsx'
import { runSentence } from '../runs/sentence.ts'
import { useFormat } from '../words/format.ts'
import styles from './LinkFacts.module.css'

/** What is known of a link now. What a service that is away would have to say is a dash, never a guess. */
export function LinkFacts({ row, run }: { readonly row: LinkRow; readonly run: RunView | undefined }): ReactElement {
  const { t } = useTranslation()
  const format = useFormat()
  const { number, rate, say } = format
  const count = (value: number | null): string => (value === null ? '–' : number(value))
  return (
    <>
      {troubles(row).map(said => (
        <p key={said.code} className={styles['trouble']}>
          <Icon name="alert" />
          {say(said)}
        </p>
      ))}
      <dl className={styles['facts']}>
        <Fact name={t('links.between')}>
          <span translate="no">
            {row.from} → {row.to}
          </span>
        </Fact>
        <Fact name={t('links.route')}>
          <RouteMark way={wayOf(row)} share={row.share} mayLose={row.delivery === 'direct'} />
        </Fact>
        <Fact name={t('links.rate')}>{rate(row.rate)}</Fact>
        <Fact name={t('links.open')}>{count(row.open)}</Fact>
        <Fact name={t('links.kind')}>{t(`kind.${row.kind}`)}</Fact>
        <Fact name={t('link.facts')}>{count(row.facts)}</Fact>
        {row.http !== undefined && (
          <Fact name={t('way.http')}>
            <code className="mono">{row.http}</code>
          </Fact>
        )}
        {row.event !== undefined && (
          <Fact name={t('link.event')}>
            <code className="mono">{row.event}</code>
          </Fact>
        )}
        <Fact name={t('link.epoch')}>{row.epoch ?? '–'}</Fact>
      </dl>
      {run !== undefined && (
        <Link to="/runs/$run" params={{ run: run.run }} className={styles['run']}>
          <span className={styles['id']} translate="no">
            {run.run}
          </span>
          <span className={styles['sentence']}>{runSentence(run, t, format)}</span>
          <StateBadge state={run.state} />
          <Icon name="chevron" />
        </Link>
      )}
    </>
  )
}

const Fact = ({ name, children }: { readonly name: string; readonly children: ReactNode }): ReactElement => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
)
