import type { LinkReport } from '../links/merge.ts'
import type { ParityPair, ParityView, PairVerdict } from '../api/plan.ts'
import type { Route } from '../api/contract.ts'
import type { Instance, SwitchStand } from '../plan/world.ts'
import type { Content, Row } from '../verify/expectation.ts'
import type { Page } from '../verify/verify.ts'
import { amount, type Fields, list, number, object, orNull, route, text, texts, wrong } from './fields.ts'

/** A service of an older build says nothing of shares: its routes carry all. */
const shareIn = (row: Fields, place: string): number => orNull(row.share, value => number(value, `${place}/share`)) ?? 100

/** `GET /operator/links` */
export const readLinks = (answer: unknown): readonly LinkReport[] =>
  list(answer, 'links').map((item, at) => {
    const row = object(item, `links/${at}`)
    return {
      link: text(row.link, `links/${at}/link`),
      route: orNull(row.route, value => route(value, `links/${at}/route`)),
      share: shareIn(row, `links/${at}`),
      epoch: orNull(row.epoch, value => number(value, `links/${at}/epoch`)),
      facts: orNull(row.facts, value => number(value, `links/${at}/facts`)),
      rate: orNull(row.rate, value => number(value, `links/${at}/rate`)),
      open: orNull(row.open, value => number(value, `links/${at}/open`)),
      shadow: row.shadow === true,
      ...(row.delivery === 'direct' || row.delivery === 'outbox' ? { delivery: row.delivery } : {}),
      ...(typeof row.data_gaps === 'number' ? { gaps: row.data_gaps } : {}),
    }
  })

/** `POST /operator/switch` */
export function readSwitched(answer: unknown): { readonly route: Route; readonly epoch: number; readonly changed: boolean } {
  const row = object(answer, 'switch')
  return { route: route(row.route, 'switch/route'), epoch: number(row.epoch, 'switch/epoch'), changed: row.changed === true }
}

/** `GET /operator/audits/{link}/{side}` */
export function readPage(answer: unknown): Page {
  const page = object(answer, 'page')
  return { rows: readRows(page), next: orNull(page.next, value => text(value, 'page/next')) }
}

/** The rows of a page, or of `POST /operator/audits/{link}/{side}/find`. */
export const readRows = (answer: unknown): readonly Row[] =>
  list(object(answer, 'page').rows, 'rows').map((item, at) => {
    const row = object(item, `rows/${at}`)
    return {
      key: text(row.key, `rows/${at}/key`),
      factId: orNull(row.factId, value => text(value, `rows/${at}/factId`)),
      content: object(row.content, `rows/${at}/content`) as Content,
    }
  })

/** `POST /operator/receipts` */
export function readReceipts(answer: unknown): {
  receipts: Readonly<Record<string, string>>
  parked: ReadonlySet<string>
  dead: ReadonlySet<string>
} {
  const row = object(answer, 'receipts')
  const outcomes = Object.entries(object(row.receipts, 'receipts/receipts')).map(
    ([fact, outcome]) => [fact, text(outcome, `receipts/receipts/${fact}`)] as const,
  )
  return { receipts: Object.fromEntries(outcomes), parked: texts(row.parked, 'receipts/parked'), dead: texts(row.dead, 'receipts/dead') }
}

/** `POST /operator/open` */
export const readCarried = (answer: unknown): ReadonlySet<string> => texts(object(answer, 'open').carried, 'open/carried')

/** `GET /operator/ledger` */
export function readLedger(answer: unknown): { readonly balanced: boolean; readonly sum: number } {
  const row = object(answer, 'ledger')
  return { balanced: row.balanced === true, sum: number(row.sum, 'ledger/sum') }
}

/** `GET /operator/instances` */
export const readInstances = (answer: unknown): readonly Instance[] =>
  list(answer, 'instances').map((item, at) => {
    const row = object(item, `instances/${at}`)
    return {
      id: text(row.id, `instances/${at}/id`),
      capabilities: [...texts(row.capabilities, `instances/${at}/capabilities`)],
      build: orNull(row.build, value => text(value, `instances/${at}/build`)),
      readings: (row.readings ?? {}) as Instance['readings'],
    }
  })

/** `GET /operator/versions` */
export const readVersions = (answer: unknown): readonly { event: string; version: number; digest: string }[] =>
  list(answer, 'versions').map((item, at) => {
    const row = object(item, `versions/${at}`)
    return {
      event: text(row.event, `versions/${at}/event`),
      version: number(row.version, `versions/${at}/version`),
      digest: text(row.digest, `versions/${at}/digest`),
    }
  })

/** `GET /operator/positions/{link}` */
export function readPositions(answer: unknown): { readonly stored: number; readonly partitions: number } {
  const row = object(answer, 'positions')
  return { stored: number(row.stored, 'positions/stored'), partitions: number(row.partitions, 'positions/partitions') }
}

/** `GET /operator/switches/{link}` */
export function readSwitch(answer: unknown): SwitchStand {
  const row = object(answer, 'switch')
  return {
    route: route(row.route, 'switch/route'),
    share: shareIn(row, 'switch'),
    shadow: row.shadow === true,
    ...(row.delivery === 'direct' ? { direct: true } : {}),
    epoch: number(row.epoch, 'switch/epoch'),
  }
}

/** `GET /operator/parity/{link}`, whose link and epoch the caller knows. */
export function readParity(answer: unknown): Omit<ParityView, 'link' | 'since_epoch'> {
  const row = object(answer, 'parity')
  const count = (name: string): number => number(row[name], `parity/${name}`)
  return {
    facts: count('facts'),
    equal: count('equal'),
    different: count('different'),
    missing: count('missing'),
    extra: count('extra'),
    late: count('late'),
    undecided: count('undecided'),
    rate: count('rate'),
  }
}

/** `GET /operator/parity/{link}/pairs` */
export const readPairs = (answer: unknown): readonly ParityPair[] =>
  list(answer, 'pairs').map((item, at) => {
    const row = object(item, `pairs/${at}`)
    const content = (value: unknown): Content | null => orNull(value, one => object(one, `pairs/${at}`) as Content)
    return {
      key: text(row.key, `pairs/${at}/key`),
      fact_id: text(row.fact_id, `pairs/${at}/fact_id`),
      verdict: text(row.verdict, `pairs/${at}/verdict`) as PairVerdict,
      by_http: content(row.by_http),
      by_event: content(row.by_event),
      acted_at: orNull(row.acted_at, value => text(value, `pairs/${at}/acted_at`)),
      recorded_at: orNull(row.recorded_at, value => text(value, `pairs/${at}/recorded_at`)),
    }
  })

/** `GET /operator/draining/{link}?route=&compared=&since=`: what of the facts that were stated for the route is not known to be terminal. */
export function readDraining(answer: unknown): {
  readonly route: Route
  readonly share: number
  /** The epoch at which the switch came to stand like this, that of the database, and the highest that peers have seen. */
  readonly since: number
  readonly epoch: number
  readonly epochSeen: number
  readonly issued: number
  readonly newest: number
  /** All that are not known to be terminal; `candidates` may be fewer. */
  readonly open: number
  readonly candidates: readonly string[]
  readonly retrying: ReadonlySet<string>
  readonly dead: ReadonlySet<string>
  readonly gone: boolean
} {
  const row = object(answer, 'draining')
  return {
    route: route(row.route, 'draining/route'),
    share: shareIn(row, 'draining'),
    since: amount(row.since, 'draining/since'),
    epoch: amount(row.epoch, 'draining/epoch'),
    epochSeen: amount(row.epoch_seen, 'draining/epoch_seen'),
    issued: amount(row.issued, 'draining/issued'),
    newest: amount(row.newest, 'draining/newest'),
    open: amount(row.open, 'draining/open'),
    candidates: [...texts(row.candidates, 'draining/candidates')],
    retrying: texts(row.retrying, 'draining/retrying'),
    dead: texts(row.dead, 'draining/dead'),
    gone: typeof row.gone === 'boolean' ? row.gone : wrong('draining/gone', 'true or false', row.gone),
  }
}

/** `GET /operator/late/{link}?route=` */
export function readLate(answer: unknown): {
  readonly count: number
  readonly fact: string | null
  readonly epoch: number | null
  readonly epochSeen: number
  /** The position in the sender's outbox up to which the receiver knows its facts to be terminal. */
  readonly compared: string
} {
  const row = object(answer, 'late')
  const compared = text(row.compared, 'late/compared')
  return {
    count: amount(row.count, 'late/count'),
    fact: orNull(row.fact, value => text(value, 'late/fact')),
    epoch: orNull(row.epoch, value => amount(value, 'late/epoch')),
    epochSeen: amount(row.epoch_seen, 'late/epoch_seen'),
    compared: /^[0-9]{1,18}$/.test(compared) ? compared : wrong('late/compared', 'a position', compared),
  }
}
