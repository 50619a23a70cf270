import type { WaitingReport } from 'cutover/contract/diagnosis'
import type { Finding } from '../../api/doctor.ts'
import { deadLetters, deploy, replay, trace, wakingCapability } from '../commands.ts'
import { booksOf, type Check, finding, type Found, seconds } from '../found.ts'

/** Found within 60 s is what the sweep promises; a fact that is open for longer has a reason that somebody should know. */
const openMs = 60_000
/** What is parked waits for something that is on its way as a rule, or is fetched within seconds. */
const parkedMs = 120_000
/** Messages of the old route may still be under way when a switch has moved; after that they are strays. */
const settledMs = 5 * 60_000
/** A stray of long ago, after which none came, is history and no difference. */
const freshMs = 24 * 3_600_000

type Service = { readonly service: string }
const onWaiting = (found: Found, look: (one: WaitingReport & Service) => readonly Finding[]): readonly Finding[] =>
  booksOf(found).flatMap(({ service, waiting }) => waiting.flatMap(one => look({ ...one, service })))

const placeNames: Readonly<Partial<Record<WaitingReport['place'], string>>> = {
  outbox: 'not known to have arrived',
  carried: 'carried over',
  retry: 'waiting for the next try',
}
const stillOpen = ({ place }: WaitingReport): boolean => placeNames[place] !== undefined

const paramsOf = ({ service, link, count, oldest_ms: ms, fact, why }: WaitingReport & Service) => ({
  service,
  link,
  count,
  seconds: seconds(ms),
  fact: fact ?? 'unknown',
  why,
})
const traceOf = ({ fact }: WaitingReport): readonly string[] => (fact === null ? [] : [trace(fact)])

/** Facts that are not terminal, by where they are: none may stay anywhere for long. */
export const factChecks: readonly Check[] = [
  {
    name: 'no fact stays open',
    look: found =>
      onWaiting(found, one => {
        if (!stillOpen(one) || one.oldest_ms < openMs || isKnown(found, one)) return []
        return [finding('broken', 'facts_open', one.link, { ...paramsOf(one), place: placeNames[one.place] ?? one.place }, ...traceOf(one))]
      }),
  },
  {
    name: 'nothing stays parked',
    look: found =>
      onWaiting(found, one => {
        if (one.place !== 'parked' || one.oldest_ms < parkedMs) return []
        return [finding('broken', 'facts_parked', one.link, paramsOf(one), ...wakeOf(one), ...traceOf(one))]
      }),
  },
  {
    name: 'there are no dead letters',
    look: found =>
      onWaiting(found, one =>
        one.place === 'dead' || one.place === 'refused'
          ? [finding('broken', 'facts_dead', one.link, paramsOf(one), deadLetters, replay(one.link), ...traceOf(one))]
          : [],
      ),
  },
  {
    name: 'nobody sends by a route that a link has left',
    look: found =>
      booksOf(found).flatMap(({ late }) =>
        late.flatMap(one => {
          const sender = found.links.find(link => link.id === one.link)?.from
          const changed = booksOf(found)
            .find(book => book.service === sender)
            ?.switches.find(each => each.link === one.link)?.changed_ms
          if (one.last_ms > freshMs || changed === undefined || changed - one.last_ms < settledMs) return []
          const { link, route, count, fact, epoch } = one
          return [finding('warning', 'late_arrivals', link, { link, route, count, fact, epoch }, trace(fact))]
        }),
      ),
  },
]

/** What waits for a capability, or for a version, is woken by whoever is deployed with it. */
function wakeOf({ why, service }: WaitingReport & Service): readonly string[] {
  const wanted = wakingCapability(why)
  return wanted === null ? [] : [deploy(service, wanted)]
}

/** What is open because it is parked or dead is told once, as that. */
function isKnown(found: Found, open: WaitingReport): boolean {
  const kept = booksOf(found).flatMap(book => book.waiting.filter(one => one.link === open.link && !stillOpen(one)))
  if (open.place === 'carried') return kept.reduce((sum, one) => sum + one.count, 0) >= open.count
  return kept.some(one => one.fact === open.fact)
}
