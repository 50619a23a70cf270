import { ActionIcon, SegmentedControl, useComputedColorScheme, useMantineColorScheme } from '@mantine/core'
import { spotlight } from '@mantine/spotlight'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon, type IconName } from '../icons/icons.tsx'
import { LiveChip } from '../live/LiveChip.tsx'
import { signOut } from '../operator/engine.ts'
import { speak } from '../words/language.ts'
import styles from './Header.module.css'
import { Mark } from './Mark.tsx'

/** The head of every page: where one is, how fresh it is, and how it is shown. */
export function Header({ onHelp }: { readonly onHelp: () => void }): ReactElement {
  const { t } = useTranslation()
  return (
    <header className={styles['header']}>
      <Link to="/" className={styles['brand']} aria-label={t('shell.home')}>
        <Mark />
        <span translate="no">Cutover</span>
      </Link>
      <nav className={styles['nav']} aria-label={t('shell.pages')}>
        <Link to="/" activeOptions={{ exact: true, includeSearch: false }} activeProps={{ 'aria-current': 'page' }}>
          <Icon name="map" />
          {t('shell.map')}
        </Link>
        <Link to="/runs" activeProps={{ 'aria-current': 'page' }}>
          <Icon name="runs" />
          {t('shell.runs')}
        </Link>
      </nav>
      <LiveChip />
      <div className={styles['tools']}>
        <button type="button" className={styles['search']} onClick={() => spotlight.open()} title={t('shell.search')}>
          <Icon name="search" size={14} />
          <span className={styles['word']}>{t('shell.search_short')}</span>
          <span className="only-heard">{t('shell.search_what')}</span>
          <kbd aria-hidden="true">{/mac/i.test(navigator.userAgent) ? '⌘K' : 'Ctrl K'}</kbd>
        </button>
        <LanguageSwitch />
        <SchemeSwitch />
        <Tool icon="help" says={t('shell.help')} act={onHelp} />
        <Tool icon="leave" says={t('shell.sign_out')} act={() => void signOut()} />
      </div>
    </header>
  )
}

function Tool({ icon, says, act }: { readonly icon: IconName; readonly says: string; readonly act: () => void }): ReactElement {
  return (
    <ActionIcon variant="subtle" color="gray" size="md" onClick={act} aria-label={says} title={says}>
      <Icon name={icon} />
    </ActionIcon>
  )
}

/** English or Russian; each named in itself, so that who reads only one finds it. */
export function LanguageSwitch(): ReactElement {
  const { t, i18n } = useTranslation()
  return (
    <SegmentedControl
      size="xs"
      aria-label={t('shell.language')}
      value={i18n.language}
      onChange={language => speak(language === 'ru' ? 'ru' : 'en')}
      data={[
        { value: 'en', label: 'EN' },
        { value: 'ru', label: 'RU' },
      ]}
    />
  )
}

/** Follows the system until it is pressed. */
export function SchemeSwitch(): ReactElement {
  const { t } = useTranslation()
  const { setColorScheme } = useMantineColorScheme()
  const scheme = useComputedColorScheme('light')
  const other = scheme === 'light' ? 'dark' : 'light'
  return (
    <Tool
      icon={other === 'dark' ? 'moon' : 'sun'}
      says={other === 'dark' ? t('shell.to_dark') : t('shell.to_light')}
      act={() => setColorScheme(other)}
    />
  )
}
