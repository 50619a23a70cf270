import { createHash } from 'node:crypto'
import type { ValidateFunction } from 'ajv/dist/2020.js'
import { canonicalJson } from '../contract/json.ts'
import type { Document, Envelope, EventContract } from '../contract/contract.ts'
import type { Lens } from '../contract/lens.ts'
import { fieldError } from '../failure/field-error.ts'
import type { FieldError } from '../failure/problem.ts'
import { openSchemaCheck } from '../failure/schema-check.ts'
import type { RegistryStore } from './store.ts'

/** Knows every event version of the system and says whether an envelope is one of them. */
export interface Registry {
  event(name: string): EventContract | undefined
  /** Whether the bytes are what the released document allows; what a reader of the log accepts. Empty when valid. */
  invalid(envelope: unknown, event: string, version: number): readonly FieldError[]
  /** The same with the stricter bounds that our own producers and HTTP doors keep: closed, bounded, no empty ids. Of the newest version's payload. */
  outOfBounds(envelope: unknown, event: string): readonly FieldError[]
  /** Whether every member of payload and meta is one that a version or the bounds know. */
  knowsAll(envelope: Envelope, event: string): boolean
  /** A valid envelope with its payload brought to the newest version; its meta says which one it was. */
  toNewest(envelope: Envelope, event: string): Envelope
  /** A payload of the newest version, as one of an older version. */
  toVersion(payload: object, event: string, version: number): object
}

/** Throws for an event whose lenses do not lead from each version to the next. */
export function openRegistry(events: readonly EventContract[]): Registry {
  for (const { name, versions, lenses = [] } of events) {
    if (lenses.length !== versions.length - 1)
      throw new Error(
        `${name} has ${versions.length} versions and ${lenses.length} lenses: there must be one from each version to the next`,
      )
  }
  const ajv = openSchemaCheck()
  const byName = new Map(events.map(event => [event.name, event]))
  const compiled = new Map<Document, ValidateFunction>()
  const validate = (document: Document): ValidateFunction => {
    const known = compiled.get(document)
    if (known !== undefined) return known
    const made = ajv.compile(document)
    compiled.set(document, made)
    return made
  }
  const known = new Map<string, ReadonlySet<string>>(
    events.map(event => [event.name, new Set([event.bounds, ...event.versions].flatMap(namesIn))]),
  )
  const check = (document: Document | undefined, value: unknown, missing: FieldError): readonly FieldError[] => {
    if (document === undefined) return [missing]
    const valid = validate(document)
    return valid(value) ? [] : (valid.errors ?? []).map(fieldError)
  }
  const lensesOf = (event: string): readonly Lens<object, object>[] => byName.get(event)?.lenses ?? []
  return {
    event: name => byName.get(name),
    toNewest: (envelope, event) => ({
      ...envelope,
      payload: lensesOf(event)
        .slice(envelope.meta.event_version)
        .reduce((payload, lens) => lens.up(payload), envelope.payload),
    }),
    toVersion: (payload, event, version) =>
      lensesOf(event)
        .slice(version)
        .reduceRight((newer, lens) => lens.down(newer), payload),
    invalid: (envelope, event, version) =>
      check(byName.get(event)?.versions[version], envelope, {
        pointer: '/meta/event_version',
        code: 'version_unknown',
        detail: `${event} v${version} is not a released version`,
      }),
    outOfBounds: (envelope, event) =>
      check(byName.get(event)?.bounds, envelope, {
        pointer: '/meta/event_name',
        code: 'event_unknown',
        detail: `${event} is not an event of this system`,
      }),
    knowsAll(envelope, event) {
      const names = known.get(event)
      return placesOf(envelope).every(place => names?.has(place) === true)
    },
  }
}

/** `/payload/task_id` and the like: the members of an envelope, two levels deep. */
const placesOf = (envelope: object): string[] =>
  Object.entries(envelope).flatMap(([part, value]) =>
    typeof value === 'object' && value !== null ? Object.keys(value as object).map(name => `/${part}/${name}`) : [`/${part}`],
  )

type WithProperties = { readonly properties?: Readonly<Record<string, object>> }
const namesIn = (document: Document): string[] =>
  Object.entries((document as WithProperties).properties ?? {}).flatMap(([part, { properties = {} }]: [string, WithProperties]) =>
    Object.keys(properties).map(name => `/${part}/${name}`),
  )

/** What identifies a released document: SHA-256 over its canonical JSON. */
export const documentDigest = (document: object): string => createHash('sha256').update(canonicalJson(document)).digest('hex')

/** Registers every released version in the service's own database. A version that is there with another digest was edited: refused. */
export async function registerVersions(store: RegistryStore, events: readonly EventContract[]): Promise<void> {
  const all = events.flatMap(event =>
    event.versions.map((document, version) => ({ event: event.name, version, digest: documentDigest(document) })),
  )
  const stored = new Map((await store.register(all)).map(one => [`${one.event} v${one.version}`, one.digest]))
  const edited = all.filter(one => stored.get(`${one.event} v${one.version}`) !== one.digest)
  if (edited.length > 0) {
    throw new Error(
      `${edited.map(one => `${one.event} v${one.version}`).join(', ')} differ from what was released; a released version is never edited: undo the change and add the next version`,
    )
  }
}

export const isEnvelope = (value: unknown): value is Envelope => {
  const candidate = value as Partial<Envelope> | null
  return (
    typeof candidate === 'object' &&
    candidate !== null &&
    typeof candidate.payload === 'object' &&
    typeof candidate.meta === 'object' &&
    candidate.payload !== null &&
    candidate.meta !== null
  )
}
