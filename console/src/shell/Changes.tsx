import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { Change } from '../runs/orders.ts'
import { useFormat } from '../words/format.ts'
import styles from './Changes.module.css'

/** What an order will change, step by step, in the order in which it will happen. */
export function Changes({ title, changes }: { readonly title: string; readonly changes: readonly Change[] }): ReactElement {
  const { t } = useTranslation()
  const { open } = useFormat()
  return (
    <>
      <h3>{title}</h3>
      {changes.length === 0 ? (
        <p>{t('dialog.nothing')}</p>
      ) : (
        <ol className={styles['changes']} tabIndex={0} aria-label={title}>
          {changes.map(({ step, says, noReturn }, n) => (
            // Two verbs of one step may say the same.
            <li key={n}>
              <span className={styles['step']} translate="no">
                {step}
              </span>
              <span>
                {says === null ? <span className="quiet">{t('plan.nothing_to_undo')}</span> : open(says)}
                {noReturn !== null && JSON.stringify(changes[n + 1]?.noReturn) !== JSON.stringify(noReturn) && (
                  // Said once, below the last that it holds for.
                  <span className={styles['red']}>{open(noReturn)}</span>
                )}
              </span>
            </li>
          ))}
        </ol>
      )}
    </>
  )
}
