import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { RunStepView } from '@cutover/engine/api/plan'
import { Icon } from '../icons/icons.tsx'
import { useFormat } from '../words/format.ts'
import { Figures } from './Figures.tsx'
import styles from './Gate.module.css'
import { etaOf, verdictIcons, verdictTones } from './step-state.ts'

/** What a step's gate asks for and what it has seen: pass, fail, or not enough evidence, which holds and is no error. */
export function Gate({ step }: { readonly step: RunStepView }): ReactElement | null {
  const { t } = useTranslation()
  const { open, duration, time } = useFormat()
  const { gate } = step
  if (step.state === 'reverted') return null
  if (gate === null) {
    return (
      <section className={styles['gate']} data-tone="still" aria-label={t('gate.name')}>
        <Asks step={step} />
      </section>
    )
  }
  const eta = etaOf(gate)
  const evidence = gate.verdict === 'not_enough_evidence'
  return (
    <section className={styles['gate']} data-tone={verdictTones[gate.verdict]} data-verdict={gate.verdict} aria-label={t('gate.name')}>
      <header className={`${styles['verdict']} ${evidence ? 'hatched' : ''}`}>
        <Icon name={verdictIcons[gate.verdict]} size={18} />
        <strong>{t(`verdict.${gate.verdict}`)}</strong>
        {gate.waits_for !== null && <span className={styles['waits']}>{open(gate.waits_for)}</span>}
        <span className={styles['when']}>
          {eta === null ? t('gate.seen', { time: time(gate.at) }) : t('time.eta_about', { time: duration(eta) })}
        </span>
      </header>
      <Asks step={step} />
      <Figures figures={gate.figures} verdict={gate.verdict} />
      {gate.certificate !== undefined && <p className={styles['asks']}>{open(gate.certificate)}</p>}
    </section>
  )
}

/** What the gate asks for; on the way back, what it is that has to be undone. */
function Asks({ step }: { readonly step: RunStepView }): ReactElement {
  const { t } = useTranslation()
  const { open } = useFormat()
  const back = step.state === 'reverting' || step.state === 'unsettling'
  return (
    <p className={styles['asks']}>
      <span className={styles['label']}>{back ? t('plan.way_back') : t('plan.gate')}</span>{' '}
      {open(back && step.inverse !== null ? step.inverse : step.gate_asks)}
    </p>
  )
}
