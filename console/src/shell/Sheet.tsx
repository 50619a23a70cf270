import { Modal } from '@mantine/core'
import type { ReactElement, ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import styles from './Sheet.module.css'

interface SheetProps {
  readonly opened: boolean
  readonly title: string
  readonly size: number
  readonly onClose: () => void
  readonly children: ReactNode
}

/** A sheet over the page, with its title. Put together by hand, because the ready one has a second page header. */
export function Sheet({ opened, title, size, onClose, children }: SheetProps): ReactElement {
  const { t } = useTranslation()
  return (
    <Modal.Root opened={opened} onClose={onClose} size={size} centered>
      <Modal.Overlay backgroundOpacity={0.5} />
      <Modal.Content>
        <div className={styles['head']}>
          <Modal.Title>{title}</Modal.Title>
          <Modal.CloseButton aria-label={t('dialog.close')} />
        </div>
        <Modal.Body>{children}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  )
}
