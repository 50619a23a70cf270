import { keptHours, keyLengthMax } from './idempotency-key.ts'
import { schemasOf } from './request-checks.ts'
import type { RouteDefinition } from './route.ts'

const problem = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'detail'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string' },
    detail: { type: 'string' },
    errors: {
      type: 'array',
      items: { type: 'object', properties: { pointer: { type: 'string' }, code: { type: 'string' }, detail: { type: 'string' } } },
    },
    retryable: { type: 'boolean' },
    trace_id: { type: 'string' },
  },
} as const

const problemAnswer = (description: string): object => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
})

/** The OpenAPI 3.1 document of a service: what its route definitions say, with the schemas that are really checked. */
export function openApi(service: string, routes: readonly RouteDefinition[]): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const route of routes) {
    paths[route.path] ??= {}
    ;(paths[route.path] as Record<string, object>)[route.method.toLowerCase()] = operation(route)
  }
  return {
    openapi: '3.1.0',
    info: { title: service, version: '0.1.0', license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    paths,
    components: {
      schemas: { Problem: problem },
      securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  }
}

function operation(route: RouteDefinition): object {
  const { params, query, body } = schemasOf(route)
  const parameters = [...parametersOf('path', params), ...parametersOf('query', query), ...keyOf(route)]
  const answers = Object.entries(route.responses ?? { 200: {} }).map(([status, schema]) => [
    status,
    { description: 'What the summary says.', ...(status === '204' ? {} : { content: { 'application/json': { schema } } }) },
  ])
  return {
    operationId: route.operationId,
    summary: route.summary,
    tags: route.tags ?? [],
    security: route.policy === 'public' ? [] : [{ token: [] }],
    ...(route.link === undefined ? {} : { 'x-cutover-link': route.link }),
    'x-cutover-policy': route.policy,
    ...(route.repeats !== undefined && 'noKey' in route.repeats ? { 'x-cutover-repeats': route.repeats.noKey } : {}),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body === undefined ? {} : { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
    responses: {
      ...Object.fromEntries(answers),
      '4XX': problemAnswer('The request cannot be served as it is.'),
      '5XX': problemAnswer('It cannot be served now.'),
    },
  }
}

/** The header of an operation that takes a key. */
function keyOf({ repeats }: RouteDefinition): object[] {
  if (repeats === undefined || 'noKey' in repeats) return []
  const description =
    repeats.key === 'required'
      ? 'The id of the fact, in double quotes or bare. Its effect is there once, for ever.'
      : `Any text of the caller's own, in double quotes or bare. A repeat within ${keptHours} hours gets the first answer again, with Idempotency-Replayed: true.`
  const schema = { type: 'string', minLength: 1, maxLength: keyLengthMax + 2 }
  return [{ name: 'Idempotency-Key', in: 'header', required: repeats.key === 'required', description, schema }]
}

function parametersOf(place: 'path' | 'query', schema: object | undefined): object[] {
  const { properties = {}, required = [] } = (schema ?? {}) as { properties?: Record<string, object>; required?: readonly string[] }
  return Object.entries(properties).map(([name, one]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: one,
  }))
}
