import type { TracePlaceName } from 'cutover/contract/trace'
import type { TraceCode, TraceParams, TraceStand } from '../api/trace.ts'
import { deploy, doctor, readsOf, showLetter, status, verify, wakingCapability } from '../doctor/commands.ts'
import type { Seen, StoryPorts } from './story.ts'

/** A dead letter that nobody has settled. */
const isOpen = (seen: Seen): boolean => seen.numbers['state'] === 'open' || seen.numbers['state'] === 'replaying'

/** Where a fact is on one link now, from all that is stored of it: pure. */
export function standOf(link: string, own: readonly Seen[], { links, away }: StoryPorts): TraceStand {
  const of = (place: TracePlaceName): Seen | undefined => own.find(one => one.place === place)
  const text = (seen: Seen, name: string): string => String(seen.numbers[name] ?? 'unknown')
  const { from = '', to = '', kind } = links.find(one => one.id === link) ?? {}
  const at = (code: TraceCode, params: TraceParams = {}, ...commands: readonly string[]): TraceStand => ({
    link,
    terminal: false,
    code,
    params,
    commands,
  })
  const over = (code: TraceCode, params: TraceParams = {}): TraceStand => ({ ...at(code, params), terminal: true })
  const receipt = of('receipt')
  if (receipt !== undefined) return over('now_done', { outcome: text(receipt, 'outcome') })
  const dead = own.find(one => (one.place === 'dead' || one.place === 'refused') && isOpen(one))
  if (dead !== undefined) return at('now_dead', { service: dead.service, id: text(dead, 'id') }, showLetter(dead.service, text(dead, 'id')))
  const parked = of('parked')
  if (parked !== undefined) {
    const waitsFor = text(parked, 'waits_for')
    return at('now_parked', { service: parked.service, waits_for: waitsFor }, ...wakesOf(waitsFor, parked.service, links))
  }
  const effect = own.some(one => one.place === 'effect')
  if (away.has(to)) return at('now_unknown', { service: to }, status)
  const told = of('outbox') ?? of('carried')
  if (told?.numbers['compared'] === true && of('carried') === undefined) return over(effect ? 'now_effect' : 'now_forgotten')
  const retry = of('retry')
  if (retry !== undefined) return at('now_retrying', { service: retry.service, next_at: text(retry, 'next_at') }, status)
  if (told !== undefined) {
    if (told.numbers['route'] === 'http') return at('now_called', { service: from }, doctor)
    return told.numbers['published'] === true
      ? at('now_published', { service: to }, doctor)
      : at('now_unpublished', { service: from }, doctor)
  }
  if (effect) return over('now_effect')
  if (away.has(from)) return at('now_unknown', { service: from }, status)
  // Of state the last word counts: the rows of both sides are told beside this.
  return kind === 'data' ? over('now_told') : at('now_lost', {}, verify)
}

/** What brings about that which is waited for, where a person can do something about it. */
function wakesOf(waitsFor: string, service: string, links: StoryPorts['links']): readonly string[] {
  const capability = wakingCapability(waitsFor)
  if (capability !== null) return [deploy(service, capability)]
  const over = links.find(one => waitsFor.startsWith(`${one.id}:`))
  return over === undefined ? [doctor] : [readsOf(over.id)]
}
