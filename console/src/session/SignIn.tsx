import { Button, PasswordInput } from '@mantine/core'
import { type FormEvent, type ReactElement, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Refused } from '../operator/call.ts'
import { signIn } from '../operator/engine.ts'
import { LanguageSwitch, SchemeSwitch } from '../shell/Header.tsx'
import { Mark } from '../shell/Mark.tsx'
import styles from './SignIn.module.css'

/** Asks for the operator's token. The address stays, so that one lands where one wanted to go. */
export function SignIn(): ReactElement {
  const { t } = useTranslation()
  const [token, setToken] = useState('')
  const [trouble, setTrouble] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault()
    if (token.trim() === '') return setTrouble(t('sign_in.empty'))
    setBusy(true)
    try {
      await signIn(token.trim())
    } catch (error) {
      const status = error instanceof Refused ? error.problem.status : 0
      const detail = error instanceof Error ? error.message : String(error)
      setTrouble(status === 401 || status === 403 ? t('sign_in.wrong') : status === 0 ? t('sign_in.away') : detail)
      setBusy(false)
    }
  }

  return (
    <main id="content" className={styles['page']}>
      <div className={styles['switches']}>
        <LanguageSwitch />
        <SchemeSwitch />
      </div>
      <form className={styles['card']} onSubmit={event => void submit(event)} noValidate>
        <div className={styles['brand']}>
          <Mark size={32} />
          <h1 translate="no">Cutover</h1>
        </div>
        <p className={styles['lead']}>{t('sign_in.lead')}</p>
        {/* Password managers keep a secret under a name. */}
        <input type="text" name="username" autoComplete="username" value="operator" readOnly hidden />
        <PasswordInput
          label={t('sign_in.token')}
          description={t('sign_in.where')}
          value={token}
          onChange={event => {
            setToken(event.currentTarget.value)
            setTrouble(null)
          }}
          error={trouble}
          autoComplete="current-password"
          visibilityToggleButtonProps={{ 'aria-label': t('sign_in.show') }}
          spellCheck={false}
          size="md"
          data-autofocus
          autoFocus
        />
        <Button type="submit" size="md" fullWidth loading={busy}>
          {t('sign_in.do')}
        </Button>
        <p className={styles['hint']}>{t('sign_in.hint')}</p>
      </form>
    </main>
  )
}
