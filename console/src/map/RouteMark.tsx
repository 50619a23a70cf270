import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { Route } from '@cutover/engine/api'
import styles from './RouteMark.module.css'

export type Way = Route | 'shadow' | 'unknown'

export const wayOf = ({ route, shadow }: { readonly route: Route | null; readonly shadow: boolean }): Way =>
  route === null ? 'unknown' : route === 'http' && shadow ? 'shadow' : route

interface RouteMarkProps {
  readonly way: Way
  readonly word?: string
  /** Per cent of the keys that the route carries: told while it is not all of them. */
  readonly share?: number | undefined
  /** Facts leave from memory, where a crash loses them: told wherever the link is. */
  readonly mayLose?: boolean
}

/** How a route is drawn on the map, beside its word. */
export function RouteMark({ way, word, share = 100, mayLose = false }: RouteMarkProps): ReactElement {
  const { t } = useTranslation()
  return (
    <span className={styles['mark']} data-way={way}>
      <svg width={26} height={10} viewBox="0 0 26 10" aria-hidden="true">
        {way === 'unknown' && <path d="M0 5h26" className={styles['unknown']} />}
        {way === 'http' && <path d="M0 5h26" className={styles['http']} />}
        {way === 'event' && <path d="M0 5h26" className={styles['event']} />}
        {way === 'shadow' && (
          <>
            <path d="M0 2.8h26" className={styles['http']} />
            <path d="M0 7.6h26" className={styles['event']} />
          </>
        )}
      </svg>
      {word ?? t(`way.${way}`)}
      {share < 100 && ` ${t('links.share', { share })}`}
      {mayLose && ` ${t('links.mayLose')}`}
    </span>
  )
}
