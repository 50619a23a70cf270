import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { type ReactElement, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { RunVerb, RunView } from '@cutover/engine/api/plan'
import { Icon, type IconName } from '../icons/icons.tsx'
import { RouteMark } from '../map/RouteMark.tsx'
import { useSession } from '../session/session.ts'
import { Answer } from '../shell/Answer.tsx'
import { useKeys } from '../shell/keys.ts'
import { useFormat } from '../words/format.ts'
import { ApproveDialog } from './ApproveDialog.tsx'
import { OrderDialog } from './OrderDialog.tsx'
import styles from './RunHead.module.css'
import { StateBadge, stateIcons, stateTones } from './StateBadge.tsx'
import { TimeBar } from './TimeBar.tsx'
import { runSentence } from './sentence.ts'

const icons: Readonly<Record<RunVerb, IconName>> = { pause: 'pause', resume: 'play', revert: 'back', complete: 'checks' }
const verbs: readonly RunVerb[] = ['pause', 'resume', 'revert', 'complete']

/** The top of a run: how it stands, for how long, and the orders that it takes now. */
export function RunHead({ run }: { readonly run: RunView }): ReactElement {
  const { t } = useTranslation()
  const format = useFormat()
  const [asking, setAsking] = useState<RunVerb | null>(null)
  const [approving, setApproving] = useState(false)
  const session = useSession()
  // The approver gives no orders, and an operator approves nothing.
  const isApprover = session.state === 'in' && session.who === 'approver'
  const can = isApprover ? [] : verbs.filter(verb => run.can.includes(verb))
  const unapproved = run.approval?.wanted === true
  useKeys(can.includes('pause') ? { p: () => setAsking('pause') } : {})
  return (
    <section className={styles['head']}>
      <div className={styles['top']}>
        <Answer
          tone={stateTones[run.state]}
          icon={stateIcons[run.state]}
          below={
            <span className={styles['facts']}>
              <span translate="no">{run.run}</span>
              {run.to === 'new' ? (
                <span translate="no">{run.link}</span>
              ) : (
                <Link to="/" search={{ link: run.link }} translate="no">
                  {run.link}
                </Link>
              )}
              <span className={styles['ways']}>
                <RouteMark way={run.from} />
                <Icon name="arrow" size={13} />
                <RouteMark way={run.to} />
              </span>
              <span>{t('run.started', { at: format.moment(run.started_at), who: run.who })}</span>
              <ApprovalFact run={run} />
            </span>
          }
        >
          {runSentence(run, t, format)}
        </Answer>
        <div className={styles['orders']}>
          {can.map(verb => (
            <Button
              key={verb}
              data-do={verb}
              variant={verb === 'resume' ? 'filled' : 'default'}
              leftSection={<Icon name={icons[verb]} />}
              disabled={verb === 'complete' && unapproved}
              onClick={() => setAsking(verb)}
            >
              {t(`verb.${verb}`)}
            </Button>
          ))}
          {isApprover && unapproved && (
            <Button data-do="approve" leftSection={<Icon name="shield" />} onClick={() => setApproving(true)}>
              {t('approve.do')}
            </Button>
          )}
        </div>
      </div>
      <div className={styles['strip']}>
        <StateBadge state={run.state} />
        <TimeBar run={run} />
      </div>
      <OrderDialog run={run} verb={asking} onClose={() => setAsking(null)} />
      <ApproveDialog run={run} opened={approving} onClose={() => setApproving(false)} />
    </section>
  )
}

/** Whether the run may be completed as far as the second person goes; nothing where nobody asks for that. */
function ApprovalFact({ run: { approval } }: { readonly run: RunView }): ReactElement | null {
  const { t } = useTranslation()
  const format = useFormat()
  if (approval === undefined || approval === null) return null
  const { wanted, by, expires_at: until } = approval
  if (by === null || until === null) return wanted ? <span>{t('run.approval.wanted')}</span> : null
  return <span>{t(wanted ? 'run.approval.expired' : 'run.approval.given', { by, at: format.moment(until) })}</span>
}
