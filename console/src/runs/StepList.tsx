import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { RunStepView, RunView } from '@cutover/engine/api/plan'
import { Icon } from '../icons/icons.tsx'
import { useNow } from '../live/LiveChip.tsx'
import { StepNumber } from '../plan/StepNumber.tsx'
import { type Group, groupsOf, noReturnAt } from '../plan/steps.ts'
import { useRows } from '../shell/keys.ts'
import { useFormat } from '../words/format.ts'
import styles from './StepList.module.css'
import { stepIcons, stepTones } from './step-state.ts'

/** The steps of a run by their numbers, with state and time; the open one is marked. */
export function StepList({ run, open }: { readonly run: RunView; readonly open: string | undefined }): ReactElement {
  const { t } = useTranslation()
  useRows('steps')
  const border = run.steps[noReturnAt(run.steps)]
  return (
    <nav className={styles['list']} aria-label={t('run.steps')}>
      <h2 className={styles['title']}>{t('run.steps')}</h2>
      <ol id="steps">
        {groupsOf(run.steps).map(group => (
          <StepGroup key={group.verbs[0]?.key} run={run} group={group} open={open} border={border} />
        ))}
      </ol>
    </nav>
  )
}

interface StepGroupProps {
  readonly run: RunView
  readonly group: Group<RunStepView>
  readonly open: string | undefined
  readonly border: RunStepView | undefined
}

function StepGroup({ run, group, open, border }: StepGroupProps): ReactElement | null {
  const { t } = useTranslation()
  const { title } = useFormat()
  const first = group.verbs[0]?.view
  if (first === undefined) return null
  const states = group.verbs.map(({ view }) => view.state)
  const shown = states.find(state => state !== 'done' && state !== 'pending' && state !== 'reverted') ?? states.at(-1) ?? 'pending'
  return (
    <li className={styles['group']}>
      {group.verbs.some(({ view }) => view === border) && <div className={styles['border']}>{t('plan.no_return_short')}</div>}
      <StepNumber step={group.step} added={first.added} tone={stepTones[shown]} small />
      <div>
        <div className={styles['name']}>
          {title(first.title)}
          {first.added && <span className={styles['added']}>{t('plan.added_mark')}</span>}
        </div>
        {group.verbs.map(({ key, view }) => (
          <Link
            key={key}
            data-row
            to="/runs/$run"
            params={{ run: run.run }}
            search={{ step: key }}
            replace
            className={styles['verb']}
            data-tone={stepTones[view.state]}
            aria-current={key === open ? 'step' : undefined}
          >
            <Icon name={stepIcons[view.state]} size={13} />
            <span className={styles['what']} translate="no">
              {view.verb}
              {view.does.params['service'] !== undefined && <span className={styles['where']}> {view.does.params['service']}</span>}
            </span>
            <span className={styles['state']}>{t(`step_state.${view.state}`)}</span>
            <Took step={view} />
          </Link>
        ))}
      </div>
    </li>
  )
}

function Took({ step }: { readonly step: RunStepView }): ReactElement | null {
  const { duration } = useFormat()
  const now = useNow(1_000)
  if (step.started_at === null) return <span className={styles['took']} />
  const end = step.ended_at === null ? now : Date.parse(step.ended_at)
  return <span className={styles['took']}>{duration(end - Date.parse(step.started_at))}</span>
}
