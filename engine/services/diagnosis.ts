import type { Diagnosis, WaitingReport } from 'cutover/contract/diagnosis'
import { type Fields, list, number, object, orNull, route, text, texts, wrong } from './fields.ts'

const each = <T>(value: unknown, place: string, read: (row: Fields, place: string) => T): T[] =>
  list(value, place).map((item, at) => read(object(item, `${place}/${at}`), `${place}/${at}`))
const choice = <T extends string>(value: unknown, place: string, choices: readonly T[]): T =>
  choices.find(one => one === value) ?? wrong(place, choices.join(' or '), value)
const position = (value: unknown, place: string): string =>
  typeof value === 'string' && /^\d{1,18}$/.test(value) ? value : wrong(place, 'a position', value)
const words = (value: unknown, place: string): Record<string, string> =>
  Object.fromEntries(Object.entries(object(value, place)).map(([name, one]) => [name, text(one, `${place}/${name}`)]))
const places: readonly WaitingReport['place'][] = ['outbox', 'carried', 'retry', 'parked', 'dead', 'refused']

/** `GET /operator/diagnosis` */
export function readDiagnosis(answer: unknown): Diagnosis {
  const row = object(answer, 'diagnosis')
  const clock = object(row.clock, 'clock')
  return {
    service: text(row.service, 'service'),
    instance: text(row.instance, 'instance'),
    build: text(row.build, 'build'),
    node: text(row.node, 'node'),
    database: text(row.database, 'database'),
    epoch: number(row.epoch, 'epoch'),
    epoch_seen: number(row.epoch_seen, 'epoch_seen'),
    term: number(row.term, 'term'),
    clock: { process_ms: number(clock.process_ms, 'clock/process_ms'), database_ms: number(clock.database_ms, 'clock/database_ms') },
    settings: words(row.settings, 'settings'),
    instances: each(row.instances, 'instances', (one, at) => ({
      id: text(one.id, `${at}/id`),
      silent_ms: number(one.silent_ms, `${at}/silent_ms`),
      build: orNull(one.build, value => text(value, `${at}/build`)),
      capabilities: [...texts(one.capabilities, `${at}/capabilities`)],
      versions: versionsOf(one.versions, `${at}/versions`),
    })),
    switches: each(row.switches, 'switches', (one, at) => ({
      link: text(one.link, `${at}/link`),
      route: route(one.route, `${at}/route`),
      share: number(one.share, `${at}/share`),
      shadow: one.shadow === true,
      epoch: number(one.epoch, `${at}/epoch`),
      changed_ms: number(one.changed_ms, `${at}/changed_ms`),
    })),
    readings: each(row.readings, 'readings', (one, at) => ({
      link: text(one.link, `${at}/link`),
      answers: choice(one.answers, `${at}/answers`, ['http', 'replica']),
      compares: one.compares === true,
      copy: choice(one.copy, `${at}/copy`, ['absent', 'present', 'quarantined']),
      touches: number(one.touches, `${at}/touches`),
    })),
    lanes: each(row.lanes, 'lanes', (one, at) => ({
      lane: text(one.lane, `${at}/lane`),
      holder: orNull(one.holder, value => text(value, `${at}/holder`)),
      free_ms: number(one.free_ms, `${at}/free_ms`),
      position: position(one.position, `${at}/position`),
    })),
    partitions: each(row.partitions, 'partitions', (one, at) => ({
      link: text(one.link, `${at}/link`),
      partition: number(one.partition, `${at}/partition`),
      holder: orNull(one.holder, value => text(value, `${at}/holder`)),
      free_ms: number(one.free_ms, `${at}/free_ms`),
      position: position(one.position, `${at}/position`),
      start: orNull(one.start, value => position(value, `${at}/start`)),
      end: orNull(one.end, value => position(value, `${at}/end`)),
    })),
    troubles: each(row.troubles, 'troubles', (one, at) => ({ of: text(one.of, `${at}/of`), why: text(one.why, `${at}/why`) })),
    topics: each(row.topics, 'topics', (one, at) => ({
      event: text(one.event, `${at}/event`),
      state: choice(one.state, `${at}/state`, ['open', 'quarantined', 'retired', 'absent']),
      partitions: orNull(one.partitions, value => number(value, `${at}/partitions`)),
      touches: number(one.touches, `${at}/touches`),
    })),
    unowned: [...texts(row.unowned, 'unowned')],
    log_away: orNull(row.log_away, value => text(value, 'log_away')),
    versions: each(row.versions, 'versions', (one, at) => ({ ...versionOf(one, at), digest: text(one.digest, `${at}/digest`) })),
    produced: each(row.produced, 'produced', versionOf),
    waiting: each(row.waiting, 'waiting', (one, at) => ({
      link: text(one.link, `${at}/link`),
      place: choice(one.place, `${at}/place`, places),
      why: text(one.why, `${at}/why`),
      count: number(one.count, `${at}/count`),
      oldest_ms: number(one.oldest_ms, `${at}/oldest_ms`),
      fact: orNull(one.fact, value => text(value, `${at}/fact`)),
    })),
    seen: each(row.seen, 'seen', (one, at) => ({ link: text(one.link, `${at}/link`), epoch: number(one.epoch, `${at}/epoch`) })),
    late: each(row.late, 'late', (one, at) => ({
      link: text(one.link, `${at}/link`),
      route: route(one.route, `${at}/route`),
      count: number(one.count, `${at}/count`),
      fact: text(one.fact, `${at}/fact`),
      epoch: number(one.epoch, `${at}/epoch`),
      last_ms: number(one.last_ms, `${at}/last_ms`),
    })),
  }
}

const versionOf = (one: Fields, at: string): { readonly event: string; readonly version: number } => ({
  event: text(one.event, `${at}/event`),
  version: number(one.version, `${at}/version`),
})

const versionsOf = (value: unknown, place: string): Readonly<Record<string, readonly number[]>> =>
  Object.fromEntries(
    Object.entries(object(value, place)).map(([link, all]) => [
      link,
      list(all, `${place}/${link}`).map(one => number(one, `${place}/${link}`)),
    ]),
  )
