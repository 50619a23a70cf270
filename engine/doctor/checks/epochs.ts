import { raiseEpoch, restart } from '../commands.ts'
import { booksOf, type Check, finding, type Found } from '../found.ts'

/** What is known of a service's epoch, and who knows it. */
export interface SeenEpoch {
  readonly epoch: number
  readonly by: string
}

/** The highest epoch of a service that anybody has seen: its peers in stamps, itself told by them, the engine. */
export function seenOf(found: Found, service: string): SeenEpoch {
  const sent = new Set(found.links.filter(link => link.from === service).map(link => link.id))
  const all: SeenEpoch[] = [
    { epoch: found.own.epochs[service] ?? 0, by: 'the engine' },
    ...booksOf(found).flatMap(book => [
      ...(book.service === service ? [{ epoch: book.epoch_seen, by: 'its peers' }] : []),
      ...book.seen.flatMap(({ link, epoch }) => (sent.has(link) ? [{ epoch, by: book.service }] : [])),
    ]),
  ]
  return all.reduce((highest, one) => (one.epoch > highest.epoch ? one : highest), { epoch: 0, by: '' })
}

export const epochChecks: readonly Check[] = [
  {
    name: 'no epoch has fallen',
    look: found =>
      booksOf(found).flatMap(({ service, epoch }) => {
        const seen = seenOf(found, service)
        return epoch < seen.epoch
          ? [finding('broken', 'epoch_behind', service, { service, epoch, seen: seen.epoch, by: seen.by }, raiseEpoch(service))]
          : []
      }),
  },
  {
    name: 'the engine has the highest term',
    look: found => {
      const { term: own } = found.own.lease
      return booksOf(found).flatMap(({ service, term }) =>
        // A term follows the clock: an engine that takes the lease anew gets one above all.
        term > own ? [finding('broken', 'term_ahead', service, { service, term, own }, restart('engine'))] : [],
      )
    },
  },
]
