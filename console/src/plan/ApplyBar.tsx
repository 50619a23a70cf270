import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type ReactElement, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { LinkRow, Route } from '@cutover/engine/api'
import type { RunView } from '@cutover/engine/api/plan'
import { stateOf } from '../link/RouteControl.tsx'
import { planQuery } from '../operator/engine.ts'
import { CommandLine } from '../shell/CommandLine.tsx'
import styles from './ApplyBar.module.css'
import { ApplyDialog } from './ApplyDialog.tsx'

interface ApplyBarProps {
  readonly row: LinkRow
  readonly to: Route
  readonly run: RunView | undefined
}

/** Stays in sight below the plan: the same in a terminal, and the button that asks before it applies. */
export function ApplyBar({ row, to, run }: ApplyBarProps): ReactElement {
  const { t } = useTranslation()
  const { data: plan } = useQuery(planQuery(row.link, to, stateOf(row)))
  const [asking, setAsking] = useState(false)
  // A run of this very plan that is on its way back is turned forward again by applying it.
  const turns = run !== undefined && run.heading === 'back' && run.to === to && run.ended_at === null
  const why =
    plan?.run != null && !turns
      ? t('route.held', { run: plan.run })
      : plan?.run === null && plan.refusals.length > 0
        ? t('plan.refused_short')
        : null
  return (
    <div className={styles['bar']}>
      <CommandLine command={`cutover plan ${row.link} --to ${to}`} />
      <div className={styles['do']}>
        {why !== null && <span className="quiet">{why}</span>}
        <Button data-do="apply" disabled={plan === undefined || why !== null} onClick={() => setAsking(true)}>
          {t('plan.apply')}
        </Button>
      </div>
      {plan !== undefined && <ApplyDialog plan={plan} opened={asking} onClose={() => setAsking(false)} />}
    </div>
  )
}
