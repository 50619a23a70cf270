import { type ReactElement, type ReactNode, useEffect, useRef } from 'react'
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
export function Answer({ tone, icon, children, below }: AnswerProps): ReactElement {
  const sentence = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    if (sentence.current !== null) sentence.current.title = sentence.current.textContent
  }, [children])
  return (
    <div className={styles['answer']}>
      <span className={styles['sign']} data-tone={tone}>
        <Icon name={icon ?? icons[tone]} size={18} />
      </span>
      <div className={styles['text']}>
        <h1 ref={sentence}>{children}</h1>
        {below !== undefined && <div className={styles['below']}>{below}</div>}
      </div>
    </div>
  )
}
