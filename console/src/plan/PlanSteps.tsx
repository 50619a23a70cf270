import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { PlanView, StepView } from '@cutover/engine/api/plan'
import { Icon, type IconName } from '../icons/icons.tsx'
import { useFormat } from '../words/format.ts'
import styles from './PlanSteps.module.css'
import { Refusals } from './Refusals.tsx'
import { StepNumber } from './StepNumber.tsx'
import { type Group, deployments, groupsOf, noReturnAt } from './steps.ts'

/** A plan as its procedure reads: numbered steps, what each does, would do now, waits for, and how it is undone. */
export function PlanSteps({ plan }: { readonly plan: PlanView }): ReactElement {
  const { t } = useTranslation()
  const { title } = useFormat()
  const groups = groupsOf(plan.steps)
  const border = plan.steps[noReturnAt(plan.steps)]
  const sums = [
    t('plan.steps', { count: groups.length }),
    ...countIf('plan.added', groups.filter(({ verbs }) => verbs[0]?.view.added).length),
    ...countIf('plan.deployments', deployments(plan.steps)),
    ...countIf('plan.no_returns', border === undefined ? 0 : 1),
  ]
  return (
    <section className={styles['plan']} aria-label={title(plan.title)}>
      <h3 className={styles['title']}>{title(plan.title)}</h3>
      <p className="quiet">{sums.join(' · ')}</p>
      <Refusals plan={plan} />
      <ol className={styles['steps']}>
        {groups.map(group => (
          <PlanStep key={group.verbs[0]?.key} group={group} border={border} />
        ))}
      </ol>
    </section>
  )

  function countIf(key: 'plan.added' | 'plan.deployments' | 'plan.no_returns', count: number): string[] {
    return count === 0 ? [] : [t(key, { count })]
  }
}

function PlanStep({ group, border }: { readonly group: Group<StepView>; readonly border: StepView | undefined }): ReactElement | null {
  const { t } = useTranslation()
  const { title } = useFormat()
  const first = group.verbs[0]?.view
  if (first === undefined) return null
  return (
    <li className={styles['step']}>
      {group.verbs.some(({ view }) => view === border) && (
        <div className={styles['border']}>
          <span>{t('plan.no_return')}</span>
        </div>
      )}
      <StepNumber step={group.step} added={first.added} />
      <div>
        <h4 className={styles['name']}>
          {title(first.title)}
          {first.added && <span className={styles['added']}>{t('plan.added_mark')}</span>}
        </h4>
        {first.why !== null && <p className={styles['why']}>{title(first.why)}</p>}
        {group.verbs.map(({ key, view }) => (
          <Verb key={key} view={view} />
        ))}
      </div>
    </li>
  )
}

function Verb({ view }: { readonly view: StepView }): ReactElement {
  const { t } = useTranslation()
  const { open } = useFormat()
  const facts: readonly (readonly [IconName, string, string, boolean])[] = [
    ['dot', t('plan.now'), open(view.now), false],
    ['evidence', t('plan.gate'), open(view.gate), false],
    view.no_return === null
      ? ['back', t('plan.way_back'), view.inverse === null ? t('plan.nothing_to_undo') : open(view.inverse), false]
      : ['lock', t('plan.no_way_back'), open(view.no_return), true],
  ]
  return (
    <div className={styles['verb']}>
      <p className={styles['does']}>{open(view.does)}</p>
      <dl className={styles['facts']}>
        {facts.map(([icon, name, says, red]) => (
          <div key={name} data-red={red}>
            <dt>
              <Icon name={icon} size={13} />
              {name}
            </dt>
            <dd>{says}</dd>
          </div>
        ))}
      </dl>
    </div>
  )
}
