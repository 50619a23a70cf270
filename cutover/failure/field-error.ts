import type { ErrorObject } from 'ajv'
import type { FieldError } from './problem.ts'

// A pointer holds the caller's own keys, which may be as long as the body.
const pointerLengthMax = 200

/** The violation of a JSON Schema, in our codes. Never repeats the value, which may be personal. */
export function fieldError(error: ErrorObject): FieldError {
  const params = error.params as Readonly<Record<string, unknown>>
  const at = (name?: unknown): string => shortened(typeof name === 'string' ? `${error.instancePath}/${escaped(name)}` : error.instancePath)
  const here = (code: string, detail: string): FieldError => ({ pointer: at(), code, detail })
  const limit = String(params['limit'])
  switch (error.keyword) {
    case 'required':
      return { pointer: at(params['missingProperty']), code: 'required', detail: 'is missing' }
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return {
        pointer: at(params['additionalProperty'] ?? params['unevaluatedProperty']),
        code: 'unknown_field',
        detail: 'is not a field here; remove it',
      }
    case 'type':
      return here('type', `must be of type ${[params['type']].flat().join(' or ')}`)
    case 'maxLength':
      return here('too_long', `must have at most ${limit} characters`)
    case 'minLength':
      return here('too_short', `must have at least ${limit} characters`)
    case 'maxItems':
      return here('too_many', `must have at most ${limit} items`)
    case 'minItems':
      return here('too_few', `must have at least ${limit} items`)
    case 'minimum':
    case 'maximum':
    case 'exclusiveMinimum':
    case 'exclusiveMaximum':
      return here('range', `must be ${String(params['comparison'])} ${limit}`)
    case 'multipleOf':
      return here('range', `must be a multiple of ${String(params['multipleOf'])}`)
    case 'name':
      return params['rule'] === 'name_blank'
        ? here('name_blank', 'must hold a visible character')
        : here('too_long', `has ${String(params['count'])} characters; ${limit} at the most`)
    case 'const':
      return here('choice', `must be ${JSON.stringify(params['allowedValue'])}`)
    case 'enum':
      return here('choice', `must be one of ${JSON.stringify(params['allowedValues'])}`)
    case 'format':
      return params['format'] === 'date-time' ? here(...timestamp) : here('format', `must be a valid ${String(params['format'])}`)
    case 'pattern':
      return here(...patternRule(String(params['pattern'])))
    default:
      return here(error.keyword, error.message ?? 'breaks a rule of the schema')
  }
}

const timestamp = ['timestamp_format', 'must be a date and time with a time zone, such as 2026-01-31T09:30:00Z'] as const

/** Patterns that people meet often have a name of their own; a regular expression tells most of them little. */
function patternRule(pattern: string): readonly [code: string, detail: string] {
  if (pattern === '^[A-Za-z0-9_-]+$') return ['id_format', 'may hold letters, digits, "_" and "-" only, and not be empty']
  if (pattern === '[^\\s\\p{C}]') return ['blank', 'must hold a visible character']
  if (pattern.startsWith('^\\d{4}-\\d\\d-\\d\\dT')) return timestamp
  return ['format', `must match ${pattern}`]
}

const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1')
const shortened = (pointer: string): string =>
  pointer.length > pointerLengthMax ? `${pointer.slice(0, pointerLengthMax).toWellFormed()}…` : pointer
