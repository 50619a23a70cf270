import { SegmentedControl } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { type ReactElement, type ReactNode, useId } from 'react'
import { useTranslation } from 'react-i18next'
import type { LinkRow, Route } from '@cutover/engine/api'
import type { RunView } from '@cutover/engine/api/plan'
import { ApplyBar } from '../plan/ApplyBar.tsx'
import { PlanSteps } from '../plan/PlanSteps.tsx'
import { planQuery } from '../operator/engine.ts'
import { CommandLine } from '../shell/CommandLine.tsx'
import { Failed } from '../shell/Failed.tsx'
import drawer from './LinkDrawer.module.css'
import styles from './RouteControl.module.css'

interface RouteControlProps {
  readonly row: LinkRow
  readonly run: RunView | undefined
  readonly facts: ReactNode
}

/** Chooses a route and shows the plan that would lead there. It never moves anything: applying is another button. */
export function RouteControl({ row, run, facts }: RouteControlProps): ReactElement {
  const { t } = useTranslation()
  const { to } = useSearch({ from: '/' })
  const navigate = useNavigate()
  const label = useId()
  const wanted = to !== undefined && to !== row.route ? to : undefined
  const choose = (route: string): void => {
    const next = route === row.route ? {} : { to: route === 'event' ? ('event' as const) : ('http' as const) }
    void navigate({ to: '/', search: { link: row.link, ...next } })
  }
  return (
    <>
      <div className={drawer['body']} tabIndex={-1}>
        {facts}
        <section className={styles['control']} aria-labelledby={label}>
          <div>
            <h3 id={label}>{t('route.title')}</h3>
            <p className="quiet">{hintOf()}</p>
          </div>
          <SegmentedControl
            aria-labelledby={label}
            value={wanted ?? row.route ?? ''}
            onChange={choose}
            disabled={row.route === null}
            data={[
              { value: 'http', label: labelOf('http') },
              { value: 'event', label: labelOf('event') },
            ]}
          />
        </section>
        {wanted !== undefined && <Plan row={row} to={wanted} />}
      </div>
      {wanted === undefined ? (
        <div className={styles['foot']}>
          <CommandLine command={`cutover plan ${row.link}`} />
        </div>
      ) : (
        <ApplyBar row={row} to={wanted} run={run} />
      )}
    </>
  )

  function labelOf(route: Route): string {
    return route === row.route ? t('route.is', { route: t(`way.${route}`) }) : t(`way.${route}`)
  }

  function hintOf(): string {
    if (row.route === null) return t('route.unknown')
    if (run !== undefined) return t('route.held', { run: run.run })
    return t('route.hint')
  }
}

/** Whatever a plan of this link depends on. */
export const stateOf = (row: LinkRow): string => `${row.route} ${row.shadow} ${row.epoch} ${row.run}`

function Plan({ row, to }: { readonly row: LinkRow; readonly to: Route }): ReactElement | null {
  const plan = useQuery({ ...planQuery(row.link, to, stateOf(row)), placeholderData: keepPreviousData })
  if (plan.data !== undefined) return <PlanSteps plan={plan.data} />
  return plan.error === null ? null : <Failed error={plan.error} retry={() => void plan.refetch()} />
}
