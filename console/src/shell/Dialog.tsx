import { Button, TextInput } from '@mantine/core'
import { type FormEvent, type ReactElement, type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { CommandLine } from './CommandLine.tsx'
import styles from './Dialog.module.css'
import { Failed } from './Failed.tsx'
import { Sheet } from './Sheet.tsx'

interface DialogProps {
  readonly opened: boolean
  readonly title: string
  readonly command: string
  /** The word on the button that does it. */
  readonly confirm: string
  readonly danger?: boolean
  /** What has to be typed first, where there is no way back. */
  readonly type?: string
  readonly act: () => Promise<void>
  readonly onRefused?: () => void
  readonly onClose: () => void
  readonly children: ReactNode
}

/** Asks before something changes. Cancel has the focus, so that Enter pressed too soon changes nothing. */
export function Dialog({ opened, title, ...rest }: DialogProps): ReactElement {
  return (
    <Sheet opened={opened} onClose={rest.onClose} title={title} size={600}>
      {/* A dialog that is opened again begins anew. */}
      {opened && <Question {...rest} />}
    </Sheet>
  )
}

function Question({
  command,
  confirm,
  danger = false,
  type,
  act,
  onRefused,
  onClose,
  children,
}: Omit<DialogProps, 'opened' | 'title'>): ReactElement {
  const { t } = useTranslation()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<Error | null>(null)
  const [typed, setTyped] = useState('')

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault()
    // A dialog inside a drawer is not a part of the drawer's form.
    event.stopPropagation()
    setBusy(true)
    try {
      await act()
      onClose()
    } catch (error) {
      setError(error instanceof Error ? error : new Error(String(error)))
      setBusy(false)
      onRefused?.()
    }
  }

  return (
    <form className={styles['question']} onSubmit={event => void submit(event)}>
      {children}
      {type !== undefined && (
        <TextInput
          label={t('dialog.type', { word: type })}
          value={typed}
          onChange={event => setTyped(event.currentTarget.value)}
          autoComplete="off"
          spellCheck={false}
        />
      )}
      {error !== null && <Failed error={error} />}
      <div className={styles['foot']}>
        <CommandLine command={command} />
        <div className={styles['buttons']}>
          <Button variant="default" onClick={onClose} data-autofocus>
            {t('dialog.cancel')}
          </Button>
          <Button type="submit" loading={busy} disabled={type !== undefined && typed.trim() !== type} {...(danger ? { color: 'red' } : {})}>
            {confirm}
          </Button>
        </div>
      </div>
    </form>
  )
}
