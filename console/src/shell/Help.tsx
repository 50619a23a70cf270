import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import styles from './Help.module.css'
import { Sheet } from './Sheet.tsx'

const keys = [
  ['g m', 'keys.map'],
  ['g r', 'keys.runs'],
  ['j / k', 'keys.rows'],
  ['Enter', 'keys.open'],
  ['p', 'keys.pause'],
  ['Ctrl K', 'keys.palette'],
  ['Esc', 'keys.close'],
  ['?', 'keys.help'],
] as const

export function Help({ opened, onClose }: { readonly opened: boolean; readonly onClose: () => void }): ReactElement {
  const { t } = useTranslation()
  return (
    <Sheet opened={opened} onClose={onClose} title={t('keys.title')} size={440}>
      <dl className={styles['keys']}>
        {keys.map(([key, says]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{t(says)}</dd>
          </div>
        ))}
      </dl>
      <p className="quiet">{t('keys.tab')}</p>
    </Sheet>
  )
}
