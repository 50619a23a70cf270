import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { PlanView } from '@cutover/engine/api/plan'
import { Icon } from '../icons/icons.tsx'
import styles from './Refusals.module.css'

/** Why a plan cannot be applied now: which step lacks what, and what it would find instead. */
export function Refusals({ plan }: { readonly plan: PlanView }): ReactElement | null {
  const { t } = useTranslation()
  // While a run holds the link its own steps have changed what the first ones ask for.
  if (plan.refusals.length === 0 || plan.run !== null) return null
  return (
    <div className={styles['refusals']}>
      <Icon name="alert" />
      <div>
        <h4>{t('plan.refused', { count: plan.refusals.length })}</h4>
        <ul>
          {plan.refusals.map(({ step, verb, about, wanted, found, mend }) => (
            <li key={`${step} ${verb} ${about}`}>
              {t('plan.refusal', { step, about, wanted: wanted.join(t('plan.or')), found })}
              {mend !== undefined && <code className="mono"> {mend}</code>}
            </li>
          ))}
        </ul>
      </div>
    </div>
  )
}
