import { Outlet, useNavigate } from '@tanstack/react-router'
import { type ReactElement, useEffect, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNow } from '../live/LiveChip.tsx'
import { openStream } from '../live/stream.ts'
import { findSession } from '../operator/engine.ts'
import { Away } from '../session/Away.tsx'
import { SignIn } from '../session/SignIn.tsx'
import { useSession } from '../session/session.ts'
import { type Zone, ZoneContext } from '../words/format.ts'
import { Announcer } from './Announcer.tsx'
import { Header } from './Header.tsx'
import { Help } from './Help.tsx'
import { Palette } from './Palette.tsx'
import styles from './Shell.module.css'
import { useKeys } from './keys.ts'

const keptZone = 'cutover.zone'

/** The page around all pages: signed in or not, live, with its keys. */
export function Shell(): ReactElement {
  const session = useSession()
  const [zone, setZone] = useState<Zone>(() => (localStorage.getItem(keptZone) === 'utc' ? 'utc' : 'local'))
  const zones = useMemo(
    () => ({
      zone,
      choose(next: Zone) {
        localStorage.setItem(keptZone, next)
        setZone(next)
      },
    }),
    [zone],
  )
  useEffect(() => void findSession(), [])
  return (
    <ZoneContext value={zones}>
      {session.state === 'in' && <SignedIn />}
      {session.state === 'out' && <SignIn />}
      {session.state === 'away' && <Waiting />}
    </ZoneContext>
  )
}

/** Looks every few seconds whether the engine is there. */
function Waiting(): ReactElement {
  const now = useNow(2_000)
  useEffect(() => void findSession(), [now])
  return <Away />
}

function SignedIn(): ReactElement {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const [help, setHelp] = useState(false)
  useEffect(openStream, [])
  useKeys({
    'g m': () => void navigate({ to: '/' }),
    'g r': () => void navigate({ to: '/runs' }),
    '?': () => setHelp(true),
  })
  return (
    <div className={styles['shell']}>
      <a href="#content" className={styles['skip']}>
        {t('shell.skip')}
      </a>
      <Header onHelp={() => setHelp(true)} />
      <Outlet />
      <Help opened={help} onClose={() => setHelp(false)} />
      <Palette />
      <Announcer />
    </div>
  )
}
