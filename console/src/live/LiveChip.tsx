import { type ReactElement, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import styles from './LiveChip.module.css'
import { useLive } from './stream.ts'

/** Beats come every two seconds, and later while a service does not answer; up to this age what is shown counts as live. */
const liveMsMax = 5_000

/** How fresh the page is: live, so many seconds old, or disconnected. */
export function LiveChip(): ReactElement {
  const { t } = useTranslation()
  const { connected, heardAt } = useLive()
  const now = useNow(1_000)
  const age = heardAt === null ? 0 : Math.max(0, now - heardAt)
  const state = !connected ? (heardAt === null ? 'connecting' : 'lost') : age > liveMsMax ? 'old' : 'live'
  return (
    <span className={styles['chip']} data-state={state}>
      <span className={styles['dot']} aria-hidden="true" />
      {state === 'old' ? t('live.ago', { seconds: Math.round(age / 1000) }) : t(`live.${state}`)}
    </span>
  )
}

/** The time, every so often. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return now
}
