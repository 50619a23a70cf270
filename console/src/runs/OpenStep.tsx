import type { ReactElement, ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { RunStepView, RunView } from '@cutover/engine/api/plan'
import { Icon } from '../icons/icons.tsx'
import { ParityPanel } from '../parity/ParityPanel.tsx'
import { StepNumber } from '../plan/StepNumber.tsx'
import { useFormat } from '../words/format.ts'
import { Gate } from './Gate.tsx'
import styles from './OpenStep.module.css'
import { stepIcons, stepTones } from './step-state.ts'

/** One step of a run: what it does, what its gate sees, and how it would be undone. */
export function OpenStep({ run, step }: { readonly run: RunView; readonly step: RunStepView }): ReactElement {
  const { t } = useTranslation()
  const { title, open, time } = useFormat()
  return (
    <article className={styles['step']} aria-live="off">
      <header className={styles['head']}>
        <StepNumber step={step.step} added={step.added} tone={stepTones[step.state]} />
        <div className={styles['name']}>
          <h2>{title(step.title)}</h2>
          {step.why !== null && (
            <p className={styles['why']}>
              <strong>{t('plan.added_mark')}:</strong> {title(step.why)}
            </p>
          )}
        </div>
        <span className={styles['state']} data-tone={stepTones[step.state]}>
          <Icon name={stepIcons[step.state]} size={13} />
          {t(`step_state.${step.state}`)}
        </span>
      </header>
      <p className={styles['does']}>
        <code className="mono" translate="no">
          {step.verb}
        </code>
        {open(step.does)}
      </p>
      <Gate step={step} />
      {step.verb === 'parity' && step.started_at !== null && <ParityPanel run={run} />}
      <dl className={styles['facts']}>
        {step.no_return === null ? (
          <Fact name={t('plan.way_back')}>
            {step.inverse === null ? t('plan.nothing_to_undo') : open(step.inverse)}
            {step.gate?.way_back != null && (
              <span className={styles['way']} data-tone={step.gate.way_back === 'open' ? 'good' : 'bad'}>
                <Icon name={step.gate.way_back === 'open' ? 'check' : 'alert'} size={13} />
                {t(`gate.way_back_${step.gate.way_back}`)}
              </span>
            )}
          </Fact>
        ) : (
          <Fact name={t('plan.no_way_back')}>
            <span className={styles['red']}>{open(step.no_return)}</span>
          </Fact>
        )}
        <Fact name={t('step.began')}>{step.started_at === null ? '–' : time(step.started_at)}</Fact>
        <Fact name={t('step.ended')}>{step.ended_at === null ? '–' : time(step.ended_at)}</Fact>
        <Fact name={t('step.attempts')}>{step.attempts}</Fact>
      </dl>
    </article>
  )
}

const Fact = ({ name, children }: { readonly name: string; readonly children: ReactNode }): ReactElement => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
)
