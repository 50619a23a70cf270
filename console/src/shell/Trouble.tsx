import { Button } from '@mantine/core'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../icons/icons.tsx'
import styles from './Trouble.module.css'

interface TroubleProps {
  /** What failed, and since when. */
  readonly title: string
  /** What the engine said, in its own words. */
  readonly detail?: string | undefined
  /** What still works. */
  readonly works?: string | undefined
  /** What to try. */
  readonly next?: string | undefined
  readonly trace?: string | null | undefined
  readonly retry?: (() => void) | undefined
  readonly heading?: 'h1' | 'h2'
}

/** An error: what failed, since when, what still works, what to try, and the trace to look for in the log. */
export function Trouble({ title, detail, works, next, trace, retry, heading: Heading = 'h2' }: TroubleProps): ReactElement {
  const { t } = useTranslation()
  return (
    <section className={styles['trouble']} role="alert">
      <Icon name="alert" size={20} />
      <div>
        <Heading className={styles['title']}>{title}</Heading>
        {detail !== undefined && detail !== '' && <p>{detail}</p>}
        {works !== undefined && <p>{works}</p>}
        {next !== undefined && <p>{next}</p>}
        {trace != null && (
          <p className="quiet">
            {t('trouble.trace')} <code className="mono">{trace}</code>
          </p>
        )}
        {retry !== undefined && (
          <Button size="xs" variant="default" onClick={retry} mt={12}>
            {t('trouble.retry')}
          </Button>
        )}
      </div>
    </section>
  )
}
