import { Problem } from 'cutover/failure'
import type { Route } from '../api/contract.ts'

/** Reads what the operator interface of a service answers. Anything else than agreed is a problem that names the place. */
export type Fields = Readonly<Record<string, unknown>>

export function wrong(place: string, expected: string, found: unknown): never {
  const shown = JSON.stringify(found) ?? 'nothing'
  throw new Problem('service_answer_wrong', {
    detail: `${place} must be ${expected}; found ${shown.slice(0, 80)}. The service and the engine are of different builds.`,
  })
}

export const object = (value: unknown, place: string): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : wrong(place, 'an object', value)
export const list = (value: unknown, place: string): readonly unknown[] => (Array.isArray(value) ? value : wrong(place, 'a list', value))
export const text = (value: unknown, place: string): string => (typeof value === 'string' ? value : wrong(place, 'a text', value))
export const number = (value: unknown, place: string): number =>
  typeof value === 'number' && Number.isFinite(value) ? value : wrong(place, 'a number', value)
/** A number of things; -1, or half a thing, is no answer. */
export const amount = (value: unknown, place: string): number =>
  Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : wrong(place, 'a whole number from 0', value)
export const orNull = <T>(value: unknown, read: (value: unknown) => T): T | null =>
  value === undefined || value === null ? null : read(value)

export const route = (value: unknown, place: string): Route =>
  value === 'http' || value === 'event' ? value : wrong(place, '"http" or "event"', value)

export const texts = (value: unknown, place: string): ReadonlySet<string> =>
  new Set(list(value, place).map((item, at) => text(item, `${place}/${at}`)))
