import { isAble } from 'cutover/contract/capability'
import type { TopicReport } from 'cutover/contract/diagnosis'
import type { EventContract } from 'cutover/contract'
import type { Finding } from '../../api/doctor.ts'
import { apply, openTopic, refill, restart, revert, status } from '../commands.ts'
import { bookOf, booksOf, type Check, finding, type Found, isTouched, runOf } from '../found.ts'
import { needsOf } from './abilities.ts'

const onTopics = (found: Found, look: (event: EventContract, topic: TopicReport) => readonly Finding[]): readonly Finding[] =>
  found.events.flatMap(event => {
    const topic = bookOf(found, event.service)?.topics.find(one => one.event === event.name)
    return topic === undefined ? [] : look(event, topic)
  })

/** The links that this event carries now, or is published for. */
const carriedBy = (found: Found, event: EventContract) =>
  found.links.filter(link => link.event === event.name && needsOf(found, link).some(({ ability }) => ability === 'produce'))

/** Topics: there where they are needed, as the contract says, and gone where they were dropped. */
export const topicChecks: readonly Check[] = [
  {
    name: 'every service reaches the log',
    look: found =>
      booksOf(found).flatMap(({ service, log_away: reason }) =>
        reason === null ? [] : [finding('broken', 'log_away', service, { service, reason }, status, restart('postgres'))],
      ),
  },
  {
    name: 'topics that carry links are open',
    look: found =>
      onTopics(found, (event, { state }) =>
        state === 'open'
          ? []
          : carriedBy(found, event).map(link =>
              finding('broken', 'topic_missing', link.id, { link: link.id, event: event.name, state }, openTopic(event.name)),
            ),
      ),
  },
  {
    name: 'no topic was left in quarantine',
    look: found =>
      onTopics(found, (event, { state }) =>
        state === 'quarantined' && !isTouched(found, event.name) && carriedBy(found, event).length === 0
          ? [finding('warning', 'topic_hidden', event.name, { event: event.name }, openTopic(event.name))]
          : [],
      ),
  },
  {
    name: 'nobody reaches for a topic in quarantine',
    look: found =>
      onTopics(found, (event, { state, touches }) => {
        if (state !== 'quarantined' || touches === 0) return []
        const run = found.links.map(link => (link.event === event.name ? runOf(found, link.id) : undefined)).find(one => one !== undefined)
        const params = { event: event.name, touches }
        return [finding('warning', 'topic_touched', event.name, params, run === undefined ? openTopic(event.name) : revert(run.run))]
      }),
  },
  {
    name: 'topics have the partitions that their contracts say',
    look: found =>
      onTopics(found, (event, { partitions, state }) => {
        if (partitions === null || state === 'retired' || partitions === event.partitions) return []
        // Keys would move between partitions: the topic is dropped by the way to HTTP, and opened anew by the way back.
        const moves = carriedBy(found, event).flatMap(link => [apply(link.id, 'http'), apply(link.id, 'event')])
        return [finding('broken', 'topic_partitions', event.name, { event: event.name, partitions, wanted: event.partitions }, ...moves)]
      }),
  },
  {
    name: 'no topic is there that nobody can fill',
    look: found =>
      onTopics(found, (event, { state }) => {
        const live = (bookOf(found, event.service)?.instances ?? []).filter(one => one.silent_ms === 0)
        const own = found.links.filter(link => link.event === event.name)
        const filled = own.some(link => live.some(one => isAble(one.capabilities, 'produce', link.id)))
        if (state !== 'open' || filled || live.length === 0 || isTouched(found, event.name)) return []
        const moves = own.slice(0, 1).map(link => apply(link.id, 'event'))
        return [finding('warning', 'topic_idle', event.name, { event: event.name, service: event.service }, ...moves)]
      }),
  },
  {
    name: 'every topic belongs to an event',
    look: found =>
      [...new Set(booksOf(found).flatMap(one => one.unowned))].map(topic => finding('warning', 'topic_unowned', topic, { topic })),
  },
  {
    name: 'the log still has what was not read yet',
    look: found =>
      booksOf(found).flatMap(({ service, partitions }) =>
        partitions.flatMap(({ link, partition, position, start }) =>
          start !== null && BigInt(position) < BigInt(start)
            ? [finding('broken', 'log_gap', service, { link, partition, position, start }, refill(link))]
            : [],
        ),
      ),
  },
]
