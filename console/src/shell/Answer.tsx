import type { ReactElement, ReactNode } from 'react'
import { Icon, type IconName } from '../icons/icons.tsx'
import styles from './Answer.module.css'

export type Tone = 'good' | 'warn' | 'bad' | 'wait' | 'still' | 'accent'

const icons: Readonly<Record<Tone, IconName>> = { good: 'check', warn: 'pause', bad: 'alert', wait: 'wait', still: 'dot', accent: 'play' }

interface AnswerProps {
  readonly tone: Tone
  readonly icon?: IconName
  readonly children: ReactNode
  /** One more line that is always there, so that nothing moves when it changes. */
  readonly below?: ReactNode
}

/** The top line of a page: one sentence that answers what one came to ask. */
export const Answer = ({ tone, icon, children, below }: AnswerProps): ReactElement => (
  <div className={styles['answer']}>
    <span className={styles['sign']} data-tone={tone}>
      <Icon name={icon ?? icons[tone]} size={18} />
    </span>
    <div className={styles['text']}>
      <h1>{children}</h1>
      {below !== undefined && <div className={styles['below']}>{below}</div>}
    </div>
  </div>
)
