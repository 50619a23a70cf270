import type { LinkContract } from 'cutover/contract'
import type { TracePlace, TracePlaceName } from 'cutover/contract/trace'
import type { TraceCode, TraceFact, TraceLine, TraceParams } from '../api/trace.ts'
import { type CodeOf, doorFiles, stepFiles } from './files.ts'
import { standOf } from './stand.ts'

/** A row that tells of a fact, with the service that has it. */
export type Seen = TracePlace & { readonly service: string }

export interface StoryPorts {
  readonly links: readonly LinkContract[]
  readonly code: CodeOf
  /** The services that could not be asked. */
  readonly away: ReadonlySet<string>
}

/** The order of what happens in one moment, or at a time that is not known. */
const order: readonly TraceCode[] = [
  'minted',
  'stated',
  'row',
  'stamped',
  'stamped_shadow',
  'published',
  'retrying',
  'refused',
  'recorded',
  'received',
  'parked',
  'dead',
  'outcome',
  'outcome_rule',
  'effect',
  'paired',
  'carried',
  'compared',
]

/** Of where a fact was stated, both tables say the same: the outbox first, then what was carried over. */
const issued: readonly TracePlaceName[] = ['outbox', 'carried']

/** One fact's way in the order in which it happened, and where it is on each of its links: pure. */
export function storyOf(fact: string, seen: readonly Seen[], ports: StoryPorts): TraceFact {
  const own = seen.filter(one => one.fact === fact)
  const stated = issued.flatMap(place => own.filter(one => one.place === place))[0]
  const links = [...new Set(own.flatMap(({ link }) => link ?? []))].toSorted()
  const lines = [
    ...(stated === undefined
      ? mintedOf(fact, own, ports)
      : [line(stated, 'stated', pick(stated, 'event', 'version', 'key', 'position'), stated.at, null)]),
    ...links.flatMap(link =>
      linesOf(
        own.filter(one => one.link === link),
        stated,
        ports,
      ),
    ),
  ]
  return {
    fact,
    event: textOf(stated?.numbers['event']),
    key: textOf(stated?.numbers['key']),
    lines: inOrder(lines, stated?.at ?? bornAt(fact)),
    now: links.map(link =>
      standOf(
        link,
        own.filter(one => one.link === link),
        ports,
      ),
    ),
  }
}

/** What happened to a fact on one link. */
function linesOf(own: readonly Seen[], stated: Seen | undefined, { code }: StoryPorts): TraceLine[] {
  const of = (place: TracePlaceName): Seen | undefined => own.find(one => one.place === place)
  const receipt = of('receipt')
  const out: TraceLine[] = []
  const add = (seen: Seen | undefined, code: TraceCode, params: TraceParams = {}, at = seen?.at ?? null, file?: string): void => {
    if (seen !== undefined) out.push(line(seen, code, params, at, seen.link, file))
  }
  const told = of('outbox') ?? of('carried')
  const { link = '' } = own[0] ?? {}
  const files = code[link ?? '']
  // Written in the transactions that state the fact and that receive it.
  for (const row of own.filter(one => one.place === 'stated'))
    add(row, 'row', { content: contentOf(row) }, stated?.at ?? null, files?.states)
  if (told !== undefined && told.numbers['route'] !== null)
    add(told, told.numbers['shadow'] === true ? 'stamped_shadow' : 'stamped', pick(told, 'route', 'epoch'))
  if (told?.numbers['published'] === true) add(told, 'published', pick(told, 'topic', 'partition'), null)
  if (of('carried') !== undefined) add(of('carried'), 'carried', {}, null)
  const [retry, refused, parked, dead, paired] = [of('retry'), of('refused'), of('parked'), of('dead'), of('paired')]
  if (retry !== undefined) add(retry, 'retrying', pick(retry, 'attempts'))
  if (refused !== undefined) add(refused, 'refused', deadParams(refused))
  if (paired !== undefined && paired.numbers['recorded_at'] !== null) {
    add(paired, 'recorded', {}, textOf(paired.numbers['recorded_at']))
    if (paired.numbers['verdict'] !== null) add(paired, 'paired', pick(paired, 'verdict'), null)
  }
  if (parked !== undefined) add(parked, 'parked', pick(parked, 'waits_for', 'tries'))
  if (dead !== undefined) add(dead, 'dead', deadParams(dead))
  if (receipt !== undefined) {
    add(receipt, 'received', pick(receipt, 'via'), receipt.at, doorFiles[String(receipt.numbers['via'])])
    add(receipt, receipt.numbers['rule'] === null ? 'outcome' : 'outcome_rule', pick(receipt, 'outcome', 'rule'))
  }
  for (const row of own.filter(one => one.place === 'effect'))
    add(row, 'effect', { content: contentOf(row) }, receipt?.at ?? null, files?.acts)
  if (told?.numbers['compared'] === true && receipt !== undefined) add(told, 'compared', {}, null)
  return out
}

/** A fact whose outbox row was let go still tells when it was made: its id is made of the time. */
function mintedOf(fact: string, own: readonly Seen[], { links }: StoryPorts): TraceLine[] {
  const at = bornAt(fact)
  const link = links.find(one => own.some(seen => seen.link === one.id))
  if (at === null || link === undefined) return []
  return [{ at, service: link.from, link: null, code: 'minted', params: {}, file: fileOf('minted') }]
}

/** The milliseconds in a UUID of version 7; null for another. */
export function bornAt(fact: string): string | null {
  if (fact[14] !== '7') return null
  const ms = Number.parseInt(fact.replace('-', '').slice(0, 12), 16)
  return Number.isFinite(ms) ? new Date(ms).toISOString() : null
}

/** By time; what has none stands where it belongs among the others of its link. */
function inOrder(lines: readonly TraceLine[], begin: string | null): TraceLine[] {
  const times = new Map<string, string | null>()
  const keyed = lines.map(one => {
    const last = times.get(one.link ?? '') ?? begin
    const time = one.at ?? last
    times.set(one.link ?? '', time)
    return { one, time: time ?? '', place: order.indexOf(one.code) }
  })
  return keyed.toSorted((a, b) => a.time.localeCompare(b.time) || a.place - b.place).map(({ one }) => one)
}

const fileOf = (code: TraceCode): string => stepFiles[code] ?? 'cutover/receive/receiver.ts'

const line = (
  seen: Seen,
  code: TraceCode,
  params: TraceParams,
  at: string | null,
  link: string | null,
  file = fileOf(code),
): TraceLine => ({
  at,
  service: seen.service,
  link,
  code,
  params,
  file,
})

export const textOf = (value: Seen['numbers'][string] | undefined): string | null => (value == null ? null : String(value))
const pick = (seen: Seen, ...names: readonly string[]): TraceParams =>
  Object.fromEntries(names.map(name => [name, textOf(seen.numbers[name]) ?? 'none']))
const deadParams = (seen: Seen): TraceParams => ({
  ...pick(seen, 'attempts', 'id', 'state'),
  code_of_it: textOf(seen.numbers['code']) ?? 'none',
})

/** A business row by its plain columns: ids and numbers. */
export const contentOf = ({ numbers }: Seen): string =>
  Object.entries(numbers)
    .flatMap(([name, value]) => (value === null ? [] : [`${name} ${String(value)}`]))
    .join(', ')
