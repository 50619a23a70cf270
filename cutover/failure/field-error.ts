import type { ErrorObject } from 'ajv'
import type { FieldError } from './problem.ts'

/** One field error per violation, in our codes; values are never repeated, because they may be personal. */
export function fieldError(error: ErrorObject): FieldError {
  const params = error.params as Readonly<Record<string, string | number | undefined>>
  const at = error.instancePath
  switch (error.keyword) {
    case 'required':
      return { pointer: `${at}/${params['missingProperty']}`, code: 'required', detail: 'is missing' }
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return {
        pointer: `${at}/${params['additionalProperty'] ?? params['unevaluatedProperty']}`,
        code: 'unknown_field',
        detail: 'is not a field of this document; remove it',
      }
    case 'type':
      return { pointer: at, code: 'type', detail: `must be of type ${params['type']}` }
    case 'maxLength':
      return { pointer: at, code: 'too_long', detail: `must have at most ${params['limit']} characters` }
    case 'minLength':
      return { pointer: at, code: 'too_short', detail: `must have at least ${params['limit']} characters` }
    case 'pattern':
      return { pointer: at, code: 'format', detail: `must match ${params['pattern']}` }
    default:
      return { pointer: at, code: error.keyword, detail: error.message ?? 'is not valid' }
  }
}
