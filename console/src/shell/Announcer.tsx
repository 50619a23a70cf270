import { useQuery } from '@tanstack/react-query'
import { type ReactElement, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useLive } from '../live/stream.ts'
import { runsQuery } from '../operator/engine.ts'

/** Tells who listens instead of looking what has changed: the state of a run, the connection. Politely, nothing else. */
export function Announcer(): ReactElement {
  const { t } = useTranslation()
  const { data: runs } = useQuery(runsQuery)
  const { connected, heardAt } = useLive()
  const before = useRef<ReadonlyMap<string, string> | null>(null)
  const [said, setSaid] = useState('')
  useEffect(() => {
    if (runs === undefined) return
    const news = runs.filter(({ run, state }) => before.current !== null && before.current.get(run) !== state)
    before.current = new Map(runs.map(({ run, state }) => [run, state]))
    const last = news.at(-1)
    if (last !== undefined) setSaid(`${last.run}, ${last.link}: ${t(`state.${last.state}`)}`)
  }, [runs, t])
  const lost = !connected && heardAt !== null
  useEffect(() => {
    if (lost) setSaid(t('live.lost'))
  }, [lost, t])
  return (
    <div className="only-heard" aria-live="polite" role="status">
      {said}
    </div>
  )
}
