import { isAble } from 'cutover/contract/capability'
import type { Diagnosis } from 'cutover/contract/diagnosis'
import type { Finding } from '../../api/doctor.ts'
import { restart, status } from '../commands.ts'
import { bookOf, booksOf, type Check, finding, type Found, instanceNumber, reportsOf, sinceWords } from '../found.ts'

/** A lease changes hands within seconds when an instance is replaced: longer than that nobody takes it. */
const freeMs = 10_000

const canSome = ({ instances }: Diagnosis, ability: 'call' | 'record', link: string): boolean =>
  instances.some(one => one.silent_ms === 0 && isAble(one.capabilities, ability, link))

/** The lanes that somebody has to work on, as the service's build names them. */
function lanesOf({ links }: Found, book: Diagnosis): readonly string[] {
  const sent = links.filter(link => link.from === book.service)
  return [
    'event',
    ...sent.map(link => `sweep:${link.id}`),
    ...sent.flatMap(link => (link.kind === 'business' && canSome(book, 'call', link.id) ? [`http:${link.id}`] : [])),
  ]
}

/** What carries facts on: lanes of the outbox, partitions of topics. */
export const loopChecks: readonly Check[] = [
  {
    name: 'every lane of an outbox is worked on',
    look: found =>
      booksOf(found).flatMap(book =>
        lanesOf(found, book).flatMap(lane => {
          const held = book.lanes.find(one => one.lane === lane)
          if (held !== undefined && held.free_ms < freeMs) return []
          const params = { service: book.service, lane, since: sinceWords(held?.free_ms ?? 1e12) }
          return [finding('broken', 'lane_free', book.service, params, status, restart(book.service))]
        }),
      ),
  },
  {
    name: 'every partition is read',
    look: found =>
      found.links.flatMap(link => {
        const book = bookOf(found, link.to)
        if (book === undefined || !canSome(book, 'record', link.id)) return []
        return book.partitions.flatMap(({ link: own, partition, free_ms: ms }): Finding[] =>
          own === link.id && ms >= freeMs
            ? [
                finding(
                  'broken',
                  'partition_free',
                  link.id,
                  { link: link.id, partition, service: link.to, since: sinceWords(ms) },
                  restart(link.to),
                ),
              ]
            : [],
        )
      }),
  },
  {
    name: 'lanes and consumers move',
    look: found =>
      [...found.services.keys()].flatMap(service =>
        reportsOf(found, service).flatMap(({ instance, troubles }) =>
          troubles.flatMap(({ of, why }) =>
            // A topic in quarantine or missing has its own checks, which know whether that is wanted.
            /quarantine|does not exist/.test(why)
              ? []
              : [
                  finding(
                    'warning',
                    'loop_stuck',
                    service,
                    { service, instance, of, why },
                    status,
                    restart(service, instanceNumber(instance)),
                  ),
                ],
          ),
        ),
      ),
  },
]
