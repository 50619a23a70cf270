import type { LinkContract } from 'cutover/contract'
import type { ReadingReport, SwitchReport } from 'cutover/contract/diagnosis'
import type { Route } from '../../api/contract.ts'
import type { Finding } from '../../api/doctor.ts'
import { apply, restart, switchTo } from '../commands.ts'
import { bookOf, type Check, finding, type Found, runOf } from '../found.ts'

export const switchOf = (found: Found, link: LinkContract): SwitchReport | undefined =>
  bookOf(found, link.from)?.switches.find(one => one.link === link.id)
export const readingOf = (found: Found, link: LinkContract): ReadingReport | undefined =>
  bookOf(found, link.to)?.readings.find(one => one.link === link.id)

/** Whether reads of a data link need its copy. */
export const usesCopy = ({ answers, compares }: ReadingReport): boolean => answers === 'replica' || compares

/** The route that a link is on: of a business link its sender decides it, of a data link its reader. Undefined while that is unknown. */
export function routeOf(found: Found, link: LinkContract): Route | undefined {
  if (link.kind === 'business') return switchOf(found, link)?.route
  const reading = readingOf(found, link)
  return reading === undefined ? undefined : reading.answers === 'http' ? 'http' : 'event'
}

/** What puts a link back on a route: by hand where that is allowed, else by its plan. */
const moveTo = ({ id, kind }: LinkContract, route: Route): string => (kind === 'business' ? switchTo(id, route) : apply(id, route))

const onLinks = (found: Found, look: (link: LinkContract) => readonly Finding[]): readonly Finding[] => found.links.flatMap(look)
/** Only links that no run moves: while one does, what is between two states is its business. */
const atRest = (found: Found, look: (link: LinkContract) => readonly Finding[]): readonly Finding[] =>
  onLinks(found, link => (runOf(found, link.id) === undefined ? look(link) : []))

/** Where links are, against where their runs have left them, and whether both sides agree. */
export const routeChecks: readonly Check[] = [
  {
    name: 'every switch is there',
    look: found =>
      onLinks(found, link => {
        const [sender, reader] = [bookOf(found, link.from), bookOf(found, link.to)]
        const missing = sender !== undefined && switchOf(found, link) === undefined
        const unread = link.kind === 'data' && reader !== undefined && readingOf(found, link) === undefined
        return [
          ...(missing ? [finding('broken', 'switch_missing', link.id, { link: link.id, service: link.from }, restart(link.from))] : []),
          ...(unread ? [finding('broken', 'reading_missing', link.id, { link: link.id, service: link.to }, restart(link.to))] : []),
        ]
      }),
  },
  {
    name: 'links are where their last run or switch has left them',
    look: found =>
      onLinks(found, link => {
        const route = routeOf(found, link)
        const wanted = expectedOf(found, link)
        if (route === undefined || wanted === undefined || route === wanted.route) return []
        const params = { link: link.id, route, wanted: wanted.route, by: wanted.by }
        return [finding('broken', 'route_unexplained', link.id, params, moveTo(link, wanted.route))]
      }),
  },
  {
    name: 'links at rest have one route',
    look: found =>
      atRest(found, link => {
        const stand = switchOf(found, link)
        if (stand === undefined || stand.share === 100) return []
        const { route, share } = stand
        return [finding('warning', 'share_left', link.id, { link: link.id, route, share }, switchTo(link.id, route))]
      }),
  },
  {
    name: 'nothing is produced in shadow that nobody compares',
    look: found =>
      atRest(found, link =>
        switchOf(found, link)?.shadow === true
          ? [finding('warning', 'shadow_left', link.id, { link: link.id, service: link.from }, switchTo(link.id, 'http'))]
          : [],
      ),
  },
  {
    name: 'copies that are read are told every change',
    look: found =>
      onLinks(found, link => {
        const [stand, reading] = [switchOf(found, link), readingOf(found, link)]
        if (link.kind !== 'data' || stand === undefined || reading === undefined) return []
        const params = { link: link.id, owner: link.from, reader: link.to }
        if (stand.route === 'http' && reading.answers === 'replica')
          return [finding('broken', 'untold', link.id, params, apply(link.id, 'http'))]
        // In a run, telling begins before reading and ends after it.
        if (stand.route === 'event' && !usesCopy(reading) && runOf(found, link.id) === undefined)
          return [finding('warning', 'told_idle', link.id, params, apply(link.id, 'event'))]
        return []
      }),
  },
]

/** Where a link should be, as far as anybody has said; undefined while a run is moving it. */
function expectedOf({ own, ...found }: Found, link: LinkContract): { readonly route: Route; readonly by: string } | undefined {
  const run = runOf({ own, ...found }, link.id)
  if (run !== undefined) return run.state === 'finished' ? { route: run.to, by: run.run } : undefined
  return own.explained.get(link.id) ?? { route: link.start, by: 'its contract, and no run,' }
}
