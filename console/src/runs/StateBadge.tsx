import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { RunState } from '@cutover/engine/api/plan'
import { Icon, type IconName } from '../icons/icons.tsx'
import type { Tone } from '../shell/Answer.tsx'
import styles from './StateBadge.module.css'

export const stateIcons: Readonly<Record<RunState, IconName>> = {
  running: 'play',
  waiting: 'wait',
  paused: 'pause',
  failed: 'cross',
  finished: 'check',
  reverted: 'back',
  completed: 'checks',
}

export const stateTones: Readonly<Record<RunState, Tone>> = {
  running: 'accent',
  waiting: 'wait',
  paused: 'warn',
  failed: 'bad',
  finished: 'good',
  reverted: 'still',
  completed: 'good',
}

export const StateIcon = ({ state, size = 14 }: { readonly state: RunState; readonly size?: number }): ReactElement => (
  <Icon name={stateIcons[state]} size={size} />
)

/** The state of a run: its icon, its word, its colour. */
export function StateBadge({ state }: { readonly state: RunState }): ReactElement {
  const { t } = useTranslation()
  return (
    <span className={styles['badge']} data-tone={stateTones[state]}>
      <StateIcon state={state} size={13} />
      {t(`state.${state}`)}
    </span>
  )
}
