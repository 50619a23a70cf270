import type { Document } from 'cutover/contract'

// The released documents are open and nearly unbounded, as the requirements gave them. These are the stricter bounds
// that our own producers and HTTP doors keep: closed, with lengths, and without empty ids.

export const id = { type: 'string', minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9_-]+$' } as const

/** Text with something to see in it, up to `maxLength` characters. */
export const text = (
  maxLength: number,
): { readonly type: 'string'; readonly minLength: 1; readonly maxLength: number; readonly pattern: string } => ({
  type: 'string',
  minLength: 1,
  maxLength,
  pattern: '[^\\s\\p{C}]',
})

/** The same, about a person: it is masked wherever operators look. */
export const personal = (maxLength: number): ReturnType<typeof text> & { readonly 'x-sensitivity': 'personal' } => ({
  ...text(maxLength),
  'x-sensitivity': 'personal',
})

/** The name of a person: up to 200 characters as people count them, each of which may take several of a computer's. */
export const personName = { type: 'string', minLength: 1, maxLength: 2_000, name: 200, 'x-sensitivity': 'personal' } as const

/** As long as a task may be: the whole of it must fit an event, even where every character takes six bytes of JSON. */
export const taskText = text(10_000)

export const questions = {
  type: 'array',
  minItems: 1,
  maxItems: 20,
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['question', 'answer'],
    properties: { question: text(500), answer: text(200) },
  },
} as const

/** How many rows of a list to answer with, as a query parameter: 1 to 200. */
export const pageLimit = { type: 'string', pattern: '^([1-9][0-9]?|1[0-9]{2}|200)$' } as const

/** A closed object of which every property is required. */
export const closed = <P extends object>(
  properties: P,
): { type: 'object'; additionalProperties: false; required: string[]; properties: P } => ({
  type: 'object',
  additionalProperties: false,
  required: Object.keys(properties),
  properties,
})

/** `optional` names what of the payload may be left out. */
export const envelopeBounds = (event: string, payload: object, optional: readonly string[] = []): Document => ({
  title: `${event} within bounds`,
  ...closed({
    payload: { ...closed(payload), required: Object.keys(payload).filter(name => !optional.includes(name)) },
    meta: closed({
      event_id: id,
      event_version: { type: 'integer', minimum: 0 },
      event_name: { const: event },
      produced_at: { type: 'string', maxLength: 40, pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?(Z|[+-]\\d\\d:\\d\\d)$' },
    }),
  }),
})
