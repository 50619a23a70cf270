import type { ValidateFunction } from 'ajv/dist/2020.js'
import type { FastifyRequest } from 'fastify'
import { fieldError } from '../failure/field-error.ts'
import { type FieldError, Problem } from '../failure/problem.ts'
import type { RouteDefinition } from './route.ts'

const errorsMax = 50

/** Throws 415 for a body that is compressed or in another charset than UTF-8. */
export function refuseEncodings(request: FastifyRequest): void {
  const encoding = request.headers['content-encoding']
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new Problem('encoding_unsupported', { detail: 'send the body without compression' })
  }
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(request.headers['content-type'] ?? '')?.[1]
  if (charset !== undefined && charset.toLowerCase() !== 'utf-8') throw new Problem('charset_unsupported', { detail: 'send JSON as UTF-8' })
}

export interface RequestSchemas {
  readonly params: object
  readonly query: object
  /** None: the operation takes no body. */
  readonly body: object | undefined
}

/** What is checked of a request: what the route says, closed, and where it says nothing, that there is nothing else. */
export function schemasOf(route: Pick<RouteDefinition, 'path' | 'params' | 'query' | 'body'>): RequestSchemas {
  const names = [...route.path.matchAll(/\{(\w+)\}/g)].map(match => match[1] ?? '')
  const texts = Object.fromEntries(names.map(name => [name, { type: 'string', minLength: 1, maxLength: 200 }]))
  return {
    params: closed(route.params ?? { type: 'object', properties: texts, required: names }),
    query: closed(route.query ?? { type: 'object', properties: {} }),
    body: route.body === undefined ? undefined : closed(route.body),
  }
}

/** Throws 400 for a body where none is taken; an empty object says nothing and passes. */
export function refuseBody(body: unknown): void {
  if (body === undefined || (typeof body === 'object' && body !== null && !Array.isArray(body) && Object.keys(body).length === 0)) return
  throw new Problem('body_invalid', {
    detail: 'this operation takes no body; send none',
    errors: [{ pointer: '', code: 'unknown_field', detail: 'nothing is read here' }],
  })
}

/** Throws 400 unless there is a body and it is a JSON object. */
export function requireBody(body: unknown): void {
  if (body === undefined) throw new Problem('body_empty', { detail: 'a JSON object is expected, with content-type application/json' })
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return
  throw new Problem('body_invalid', {
    detail: 'the body must be a JSON object',
    errors: [{ pointer: '', code: 'type_object', detail: 'must be an object' }],
  })
}

/** Throws the problem `code` with one field error per violation, fifty at the most. */
export function demand(validate: ValidateFunction | undefined, value: unknown, code: string, what: string): void {
  if (validate === undefined || validate(value ?? {})) return
  refuse((validate.errors ?? []).slice(0, errorsMax).map(fieldError), code, what)
}

/** Throws 400 for text that no database column could hold, which a path or query can smuggle in by an escape. */
export function refuseNul(values: unknown, what: string): void {
  const errors = Object.entries((values ?? {}) as Readonly<Record<string, unknown>>)
    .filter(([name, value]) => [name, ...[value].flat()].some(one => typeof one === 'string' && one.includes('\u0000')))
    .map(([name]) => ({ pointer: `/${name.replaceAll('\u0000', '')}`, code: 'unicode_nul', detail: 'U+0000 is not allowed' }))
  if (errors.length > 0) refuse(errors, 'parameter_invalid', what)
}

function refuse(errors: readonly FieldError[], code: string, what: string): never {
  const first = errors[0]
  throw new Problem(code, { detail: `${what} breaks a rule: ${first?.pointer ?? ''} ${first?.detail ?? ''}`, errors })
}

/**
 * The schema with every object in it closed that lists properties and does not say for itself whether others may come.
 * Objects that are composed (`allOf`, `$ref` and the like) stay as they are: closing a part would refuse the whole.
 */
export function closed(schema: object): object {
  const { properties, items, ...rest } = schema as Readonly<Record<string, unknown>>
  const says = ['additionalProperties', 'unevaluatedProperties', 'allOf', 'anyOf', 'oneOf', '$ref'].some(keyword => keyword in rest)
  return {
    ...rest,
    ...(items === undefined ? {} : { items: isObject(items) ? closed(items) : items }),
    ...(isObject(properties)
      ? {
          properties: Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, isObject(one) ? closed(one) : one])),
          ...(says ? {} : { additionalProperties: false }),
        }
      : {}),
  }
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value)
