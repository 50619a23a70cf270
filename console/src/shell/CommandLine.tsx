import { ActionIcon, CopyButton } from '@mantine/core'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../icons/icons.tsx'
import styles from './CommandLine.module.css'

/** The command that shows or does the same in a terminal, to be copied. Commands are never translated. */
export function CommandLine({ command }: { readonly command: string }): ReactElement {
  const { t } = useTranslation()
  return (
    <div className={styles['line']}>
      <span className={styles['prompt']} aria-hidden="true">
        $
      </span>
      <code className={styles['command']} translate="no" title={command}>
        {command}
      </code>
      <CopyButton value={command} timeout={1_500}>
        {({ copied, copy }) => (
          <ActionIcon
            variant="subtle"
            color="gray"
            size="sm"
            onClick={copy}
            aria-label={copied ? t('command.copied') : t('command.copy', { command })}
            title={copied ? t('command.copied') : t('command.copy', { command })}
          >
            <Icon name={copied ? 'check' : 'copy'} size={14} />
          </ActionIcon>
        )}
      </CopyButton>
    </div>
  )
}
