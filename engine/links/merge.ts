import type { LinkContract } from 'cutover/contract'
import type { LinkRow, Route } from '../api/contract.ts'
import type { Delivery } from '../api/refill.ts'
import type { Said } from '../api/plan.ts'
import { say } from '../api/words.ts'

/** What one instance of a service says about one link. */
export interface LinkReport {
  readonly link: string
  readonly route: Route | null
  /** Per cent of the business keys that the route carries. */
  readonly share: number
  readonly epoch: number | null
  /** Facts stated, or reads made, by this instance since it started. */
  readonly facts: number | null
  /** Per second, of this instance alone. */
  readonly rate: number | null
  readonly open: number | null
  readonly shadow: boolean
  /** How its facts leave for the log, of the sender; only of a link that may lose them. */
  readonly delivery?: Delivery
  /** Partitions that stop at a gap of the log, of the receiver. */
  readonly gaps?: number
}

/** The answer of one instance, or why there is none. */
export type InstanceReport =
  | { readonly url: string; readonly links: readonly LinkReport[] }
  | { readonly url: string; readonly away: string }

/** Everything one service said: one report per instance. */
export type ServiceReports = Readonly<Record<string, readonly InstanceReport[]>>

/** The rows of all links, also of those whose services are away: these say so and claim nothing. */
export const mergeLinks = (links: readonly LinkContract[], reports: ServiceReports): LinkRow[] =>
  links.map(link => mergeLink(link, reports))

function mergeLink(link: LinkContract, reports: ServiceReports): LinkRow {
  const sides = [link.from, link.to].map(service => sideOf(link.id, reports[service] ?? []))
  const [sender, receiver] = sides
  const decided = sides.find(side => side.route !== null)
  const gaps = receiver?.gaps ?? 0
  const troubles = [
    ...troublesOf([link.from, link.to], reports),
    ...(gaps === 0 ? [] : [{ code: 'link_data_gap', params: { link: link.id, partitions: gaps } }]),
  ]
  return {
    link: link.id,
    from: link.from,
    to: link.to,
    kind: link.kind,
    route: decided?.route ?? null,
    share: decided?.share ?? 100,
    ...(sender?.delivery === undefined ? {} : { delivery: sender.delivery }),
    rate: busier(sender?.rate ?? null, receiver?.rate ?? null),
    title: link.title,
    ...(link.titleRu === undefined ? {} : { titles: { en: link.title, ru: link.titleRu } }),
    event: link.event,
    http: `${link.http.method} ${link.http.path}`,
    epoch: decided?.epoch ?? null,
    // The traffic of a data link is its reads.
    facts: (link.kind === 'data' ? receiver?.facts : sender?.facts) ?? null,
    open: sender?.open ?? null,
    shadow: decided?.shadow ?? false,
    run: null,
    note: noteOf(troubles),
    troubles,
  }
}

/** Both sides may count the same traffic, the stated and the handled: it is shown once. */
function busier(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b)
}

function sideOf(link: string, instances: readonly InstanceReport[]) {
  const present = instances.filter(instance => 'links' in instance)
  const rows = present.flatMap(({ links }) => links.filter(row => row.link === link))
  // During a flip one instance may still tell the older epoch.
  const latest = rows.filter(row => row.route !== null).sort((a, b) => (b.epoch ?? 0) - (a.epoch ?? 0))[0]
  const rates = rows.flatMap(({ rate }) => (rate === null ? [] : [rate]))
  const facts = rows.flatMap(({ facts }) => (facts === null ? [] : [facts]))
  return {
    route: latest?.route ?? null,
    share: latest?.share ?? 100,
    epoch: latest?.epoch ?? null,
    open: rows.find(row => row.open !== null)?.open ?? null,
    shadow: latest?.shadow ?? false,
    delivery: rows.find(row => row.delivery !== undefined)?.delivery,
    gaps: Math.max(0, ...rows.map(row => row.gaps ?? 0)),
    rate: rates.length === 0 ? null : Math.round(10 * rates.reduce((sum, rate) => sum + rate, 0)) / 10,
    facts: facts.length === 0 ? null : facts.reduce((sum, count) => sum + count, 0),
  }
}

/** Troubles in one line, in English; null where there are none. */
export const noteOf = (troubles: readonly Said[]): string | null =>
  troubles.length === 0 ? null : troubles.map(said => say(said)).join('; ')

function troublesOf(services: readonly string[], reports: ServiceReports): Said[] {
  return services.flatMap((service): Said[] => {
    const instances = reports[service] ?? []
    const away = instances.filter(instance => 'away' in instance)
    const reason = away[0]?.away
    if (instances.length === 0) return [{ code: 'link_service_unknown', params: { service } }]
    if (reason === undefined) return []
    return away.length === instances.length
      ? [{ code: 'link_service_away', params: { service, reason } }]
      : [{ code: 'link_instances_away', params: { service, reason, away: away.length, instances: instances.length } }]
  })
}
