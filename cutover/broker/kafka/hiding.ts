import type { HiddenTopic, LogRecord, NewRecord, Topic, Touch } from '../broker.ts'
import { hidingSettings, hidingTopic, touchSettings, touchTopic } from './options.ts'
import { boundsOf, look } from './records.ts'
import { createTopic, findTopic } from './topics.ts'
import type { Wire } from './wire.ts'

/** What happened to a topic, as one record of `hidingTopic`. */
type Event =
  | { readonly what: 'quarantined'; readonly topic: Topic; readonly setting: string | null }
  | { readonly what: 'restored' | 'retired'; readonly topic: Topic }
  | { readonly what: 'revived'; readonly topic: Pick<Topic, 'name'> }

/** How a topic stands, from all that happened to it. */
interface Standing {
  readonly hidden: HiddenTopic | undefined
  /** The record that hid it last; touches belong to one. */
  readonly since: string
  /** What the topic said about its fence before. */
  readonly setting: string | null
}

/**
 * Which topics are hidden, kept in the cluster itself: Kafka can neither rename nor disable a topic. One partition holds
 * what happened, in order, and everybody folds it in the same way, so of two who do the same at once the first counts.
 */
export interface Hiding {
  /** Reads what has been said since the last time. Afterwards `of` is as true as at the moment of the call. */
  refresh(): Promise<void>
  of(name: string): HiddenTopic | undefined
  settingOf(name: string): string | null
  /** Says it, and reads how it stands then. */
  say(event: Event): Promise<void>
  touch(name: string, who: string, what: Touch['what']): Promise<void>
  touches(name: string): Promise<readonly Touch[]>
  /** The topic where it is said, to be watched. */
  readonly topic: () => Topic
}

const readLimit = 1_000
const ownMs = 10_000
const pauseMs = 20

export interface HidingOptions {
  readonly wire: Wire
  readonly append: (topic: Topic, records: readonly NewRecord[]) => Promise<bigint>
}

/** Opens what is hidden; makes its topics when they are not there. */
export async function openHiding({ wire, append }: HidingOptions): Promise<Hiding> {
  const [said, touched] = [await own(hidingTopic, hidingSettings), await own(touchTopic, touchSettings)]
  let standings = new Map<string, Standing>()
  let position = 0n
  let reading: Promise<void> | undefined
  let next: Promise<void> | undefined

  async function own(name: string, settings: Readonly<Record<string, string>>): Promise<Topic> {
    const found = (await findTopic(wire, name)) ?? (await createTopic(wire, name, 1, settings), await findTopic(wire, name))
    if (found === undefined) throw new Error(`topic "${name}", in which hidden topics are noted, cannot be found`)
    return found
  }

  async function readOn(): Promise<void> {
    for (;;) {
      const records = await look(wire, said, [{ partition: 0, offset: position }], readLimit)
      if (records === 'gone') throw new Error(`topic "${hidingTopic}", in which hidden topics are noted, was deleted`)
      if (records.length === 0) return
      for (const record of records) standings = fold(standings, record)
      position = (records.at(-1)?.offset ?? position) + 1n
    }
  }

  /** Those who come while it is read wait for one that begins later: what is being read may be older than their question. */
  function refresh(): Promise<void> {
    if (reading === undefined) {
      reading = readOn().finally(() => (reading = undefined))
      return reading
    }
    next ??= reading
      .catch(() => undefined)
      .then(() => {
        next = undefined
        return refresh()
      })
    return next
  }

  return {
    refresh,
    of: name => standings.get(name)?.hidden,
    settingOf: name => standings.get(name)?.setting ?? null,
    async say(event) {
      const offset = await append(said, [{ key: event.topic.name, value: JSON.stringify(event), headers: {} }])
      const until = Date.now() + ownMs
      for (;;) {
        await refresh()
        if (position > offset) return
        // A leader that has just been elected does not show at once what all have acknowledged.
        if (Date.now() >= until) throw new Error(`what was said of topic "${event.topic.name}" cannot be read back; try again`)
        await new Promise(resolve => setTimeout(resolve, pauseMs))
      }
    },
    async touch(name, who, what) {
      const since = standings.get(name)?.since ?? ''
      await append(touched, [{ key: name, value: JSON.stringify({ since, who, what }), headers: {} }])
    },
    async touches(name) {
      const since = standings.get(name)?.since
      return since === undefined ? [] : countTouches(await readTouches(wire, touched, name), since)
    },
    topic: () => said,
  }
}

/** What we have written. Anything else in our topics is nobody's word, and must not keep the log from everybody. */
function read<Written>(record: LogRecord, members: readonly (keyof Written & string)[]): Written | undefined {
  try {
    const value: unknown = JSON.parse(record.value)
    return typeof value === 'object' && value !== null && members.every(member => member in value) ? (value as Written) : undefined
  } catch {
    // No JSON: as good as anything else that is not ours.
    return undefined
  }
}

function fold(standings: ReadonlyMap<string, Standing>, record: LogRecord): Map<string, Standing> {
  const event = read<Event>(record, ['what', 'topic'])
  if (event === undefined) return new Map(standings)
  const { name } = event.topic
  const before = standings.get(name)
  const state = before?.hidden?.state
  const at = String(record.offset)
  const kept = { since: before?.since ?? at, setting: before?.setting ?? null }
  const become = (standing: Standing): Map<string, Standing> => new Map(standings).set(name, standing)
  switch (event.what) {
    case 'quarantined':
      if (state !== undefined) break
      return become({ hidden: { ...event.topic, state: 'quarantined', since: record.appendedAt }, since: at, setting: event.setting })
    case 'restored':
      if (state !== 'quarantined') break
      return become({ ...kept, hidden: undefined })
    case 'retired':
      if (state === 'retired') break
      // Who touched it in quarantine is remembered.
      return become({
        ...kept,
        since: state === undefined ? at : kept.since,
        hidden: { ...event.topic, state: 'retired', since: record.appendedAt },
      })
    case 'revived':
      if (state !== 'retired') break
      return become({ ...kept, hidden: undefined })
  }
  return new Map(standings)
}

interface OneTouch extends Pick<Touch, 'who' | 'what'> {
  readonly since: string
  readonly at: Date
}

async function readTouches(wire: Wire, touched: Topic, name: string): Promise<readonly OneTouch[]> {
  const bounds = (await boundsOf(wire, touched.name, [0]))?.[0]
  const all: OneTouch[] = []
  for (let offset = bounds?.start ?? 0n; ;) {
    const records = await look(wire, touched, [{ partition: 0, offset }], readLimit)
    if (records === 'gone') throw new Error(`topic "${touchTopic}", in which touches are noted, was deleted`)
    if (records.length === 0) return all
    for (const record of records) {
      const touch = record.key === name ? read<Omit<OneTouch, 'at'>>(record, ['since', 'who', 'what']) : undefined
      if (touch !== undefined) all.push({ ...touch, at: record.appendedAt })
    }
    offset = (records.at(-1)?.offset ?? offset) + 1n
  }
}

/** One per client and kind, the latest first. */
function countTouches(all: readonly OneTouch[], since: string): readonly Touch[] {
  const groups = Map.groupBy(
    all.filter(one => one.since === since),
    ({ who, what }) => JSON.stringify([who, what]),
  )
  return [...groups.values()]
    .flatMap(([first, ...more]): Touch[] => {
      if (first === undefined) return []
      return [{ who: first.who, what: first.what, firstAt: first.at, lastAt: more.at(-1)?.at ?? first.at, count: 1 + more.length }]
    })
    .toSorted((a, b) => b.lastAt.getTime() - a.lastAt.getTime() || `${a.who} ${a.what}`.localeCompare(`${b.who} ${b.what}`))
}
