import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { LinkRow } from '@cutover/engine/api'
import type { RunView } from '@cutover/engine/api/plan'
import { useSince } from '../live/since.ts'
import { useLive } from '../live/stream.ts'
import { Answer } from '../shell/Answer.tsx'
import { useFormat } from '../words/format.ts'
import { answer } from './answer.ts'

/** The sentence over the map, and below it either the sums or, where something is wrong, what that means. */
export function MapAnswer({ links, runs }: { readonly links: readonly LinkRow[]; readonly runs: readonly RunView[] }): ReactElement {
  const { t } = useTranslation()
  const { open, rate, number, time } = useFormat()
  const { connected, heardAt } = useLive()
  const { total, moving, runs: needy, troubles } = answer(links, runs)
  const [trouble] = troubles
  const since = useSince(trouble === undefined ? null : `${trouble.code} ${trouble.params['service'] ?? ''}`)

  if (!connected && heardAt !== null) {
    return (
      <Answer tone="warn" icon="alert" below={`${t('away.shown')} ${t('away.works')}`}>
        {t('away.since', { time: time(new Date(heardAt).toISOString()) })}
      </Answer>
    )
  }
  const moves = t('map.moving', { count: moving, total })
  if (trouble !== undefined) {
    const more = troubles.length - 1
    return (
      <Answer
        tone="bad"
        below={`${t('map.seen_since', { time: time(since) })} ${t('map.trouble_works')}${more > 0 ? ` ${t('map.more', { count: more })}` : ''}`}
      >
        {open(trouble)}; {moves.charAt(0).toLowerCase() + moves.slice(1)}
      </Answer>
    )
  }
  const [first] = needy
  const by = (route: string): number => links.filter(link => link.route === route).length
  const sums = t('map.sums', {
    http: by('http'),
    event: by('event'),
    rate: rate(links.reduce((sum, link) => sum + (link.rate ?? 0), 0)),
    open: number(links.reduce((sum, link) => sum + (link.open ?? 0), 0)),
  })
  if (first === undefined) {
    return (
      <Answer tone={moving > 0 ? 'accent' : 'good'} below={sums}>
        {moves}; {t('map.needs_nothing')}
      </Answer>
    )
  }
  const needs = t(first.state === 'failed' ? 'map.needs_failed' : 'map.needs_paused', { run: first.run, link: first.link })
  return (
    <Answer tone={first.state === 'failed' ? 'bad' : 'warn'} below={first.waits_for === null ? sums : open(first.waits_for)}>
      {moves}; {needs}
      {needy.length > 1 && ` ${t('map.more_runs', { count: needy.length - 1 })}`}
    </Answer>
  )
}
