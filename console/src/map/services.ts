import type { LinkRow } from '@cutover/engine/api'
import { troubles } from './answer.ts'

export interface ServiceRow {
  readonly service: string
  readonly state: 'answers' | 'partly' | 'away'
  /** What it sends and gets per second over its links. */
  readonly sends: number
  readonly gets: number
}

/** The services at the ends of these links, as their links tell of them. */
export function servicesOf(links: readonly LinkRow[]): readonly ServiceRow[] {
  const services = [...new Set(links.flatMap(({ from, to }) => [from, to]))]
  const told = links.flatMap(troubles)
  const about = (service: string, code: string): boolean => told.some(said => said.code === code && said.params['service'] === service)
  const sum = (rows: readonly LinkRow[]): number => rows.reduce((total, { rate }) => total + (rate ?? 0), 0)
  return services.map(service => ({
    service,
    state:
      about(service, 'link_service_away') || about(service, 'link_service_unknown')
        ? 'away'
        : about(service, 'link_instances_away')
          ? 'partly'
          : 'answers',
    sends: sum(links.filter(({ from }) => from === service)),
    gets: sum(links.filter(({ to }) => to === service)),
  }))
}
