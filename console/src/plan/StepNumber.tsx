import type { ReactElement } from 'react'
import styles from './StepNumber.module.css'

interface StepNumberProps {
  readonly step: string
  readonly added: boolean
  readonly tone?: string
  readonly small?: boolean
}

/** The number of a step, which is its name: as the written procedure has it, or dashed for an added one. */
export const StepNumber = ({ step, added, tone = 'still', small = false }: StepNumberProps): ReactElement => (
  <span className={styles['number']} data-added={added} data-small={small} data-tone={tone} translate="no">
    {step}
  </span>
)
