import type { Broker } from '../broker/broker.ts'
import type { EventContract, LinkContract } from '../contract/contract.ts'
import type { Diagnosis, PartitionReport, ReadingReport, TopicReport } from '../contract/diagnosis.ts'
import type { ConsumerStatus } from '../consumer/status.ts'
import type { Stored } from '../diagnosis/store.ts'
import type { RouteDefinition } from '../http/server.ts'
import type { Clock } from '../process/clock.ts'
import type { OpenReader } from '../reading/reader.ts'
import type { LaneStatus } from '../relay/lane.ts'
import type { Stores } from './stores.ts'

export interface DiagnosisRoutesOptions {
  readonly service: string
  readonly instance: string
  readonly build: string
  readonly links: readonly LinkContract[]
  readonly events: readonly EventContract[]
  readonly broker: Broker
  readonly stores: Pick<Stores, 'diagnosis' | 'switch' | 'reading'>
  readonly readers: ReadonlyMap<string, OpenReader>
  readonly lanes: () => readonly LaneStatus[]
  readonly consumers: () => readonly ConsumerStatus[]
  readonly clock: Clock
}

type OfLog = Pick<Diagnosis, 'partitions' | 'topics' | 'unowned' | 'log_away'>

/** What an instance tells the doctor: all that it knows of itself, its database and its topics, in one answer. */
export function diagnosisRoutes(options: DiagnosisRoutesOptions): RouteDefinition[] {
  const { service, instance, build, links, stores, clock } = options
  const sent = links.filter(link => link.from === service).map(link => link.id)
  return [
    {
      policy: 'operator',
      tags: ['operator'],
      method: 'GET',
      path: '/operator/diagnosis',
      operationId: 'operatorDiagnosis',
      summary: 'All that this instance can report of itself, its database and its topics, for cutover doctor. Judges nothing.',
      async handle() {
        const { database_ms, partitions, ...stored } = await stores.diagnosis.look(sent)
        const process_ms = clock.now()
        const { epoch, seen } = await stores.switch.read()
        const body: Diagnosis = {
          ...stored,
          service,
          instance,
          build,
          node: process.version,
          epoch,
          epoch_seen: seen,
          term: await stores.switch.term(),
          clock: { process_ms, database_ms },
          readings: await readingsOf(options),
          troubles: [
            ...options.lanes().flatMap(({ lane, error }) => (error === null ? [] : [{ of: lane, why: error }])),
            ...options.consumers().flatMap(({ consumer, trouble }) => (trouble === null ? [] : [{ of: consumer, why: trouble }])),
          ],
          ...(await ofLog(options, partitions)),
        }
        return { body }
      },
    },
  ]
}

const readingsOf = async ({ stores, readers }: DiagnosisRoutesOptions): Promise<ReadingReport[]> =>
  Promise.all(
    Object.entries(await stores.reading.all()).map(async ([link, { answers, compares }]) => {
      const store = readers.get(link)?.store
      const touches = (await store?.touches()) ?? []
      return {
        link,
        answers,
        compares,
        copy: (await store?.state())?.state ?? 'absent',
        touches: touches.reduce((sum, touch) => sum + touch.count, 0),
      }
    }),
  )

/** The topics that this service states or reads. While the log is away all of it is unknown, and said to be. */
async function ofLog(options: DiagnosisRoutesOptions, stored: Stored['partitions']): Promise<OfLog> {
  const { service, links, events, broker } = options
  const own = links.filter(link => link.to === service)
  const byConsumer = new Map(own.map(link => [`${service}.${link.id}`, link]))
  try {
    const open = await broker.topics()
    const known = new Set(events.map(event => event.topic))
    const topics = await Promise.all(events.filter(event => event.service === service).map(event => topicOf(broker, event)))
    const read = open.filter(topic => stored.some(row => row.topic_id === topic.id))
    const bounds = new Map(await Promise.all(read.map(async ({ id, name }) => [id, await broker.bounds(name)] as const)))
    const partitions = stored.flatMap(({ consumer, topic_id: topicId, ...row }): PartitionReport[] => {
      const link = byConsumer.get(consumer)
      const all = bounds.get(topicId)
      // Positions in a topic that is gone, or hidden, are nobody's work.
      if (link === undefined || all === undefined) return []
      const own = all.find(one => one.partition === row.partition)
      return [{ ...row, link: link.id, start: own?.start.toString() ?? null, end: own?.end.toString() ?? null }]
    })
    return { partitions, topics, unowned: open.flatMap(({ name }) => (known.has(name) ? [] : [name])), log_away: null }
  } catch (error) {
    return { partitions: [], topics: [], unowned: [], log_away: error instanceof Error ? error.message : String(error) }
  }
}

async function topicOf(broker: Broker, { name: event, topic: name }: EventContract): Promise<TopicReport> {
  const hidden = await broker.hidden(name)
  const touches = hidden === undefined ? 0 : (await broker.touches(name)).reduce((sum, touch) => sum + touch.count, 0)
  const topic = hidden ?? (await broker.topic(name))
  return { event, state: hidden?.state ?? (topic === undefined ? 'absent' : 'open'), partitions: topic?.partitions ?? null, touches }
}
