import { faultKinds, pauseSeconds, trafficActions, trafficRate, type FaultRequest, type TrafficRequest } from '../api/contract.ts'

/** One thing that is wrong with a body. */
export interface BodyError {
  readonly pointer: string
  readonly code: string
  readonly detail: string
}

type Read<Body> = { readonly value: Body } | { readonly errors: readonly BodyError[] }

/** Reads the body of `POST /sandbox/faults`; names every field that breaks a rule. */
export function faultBody(text: string): Read<FaultRequest> {
  const fields = { kind: isOneOf(faultKinds), service: isText, instance: isInteger(1, 100), seconds: isNumber(1, pauseSeconds.maximum) }
  return read<FaultRequest>(text, fields, ['kind', 'service'])
}

/** Reads the body of `POST /sandbox/traffic`. */
export function trafficBody(text: string): Read<TrafficRequest> {
  const body = read<TrafficRequest>(text, { action: isOneOf(trafficActions), rate: isNumber(trafficRate.minimum, trafficRate.maximum) }, [
    'action',
  ])
  if ('errors' in body || body.value.action !== 'rate' || body.value.rate !== undefined) return body
  return { errors: [{ pointer: '/rate', code: 'required', detail: 'The action "rate" needs the field "rate".' }] }
}

/** What a field must be, in words, or null if it is that. */
type Rule = (value: unknown) => string | null

const isText: Rule = value => (typeof value === 'string' && value !== '' && value.length <= 100 ? null : 'a text of 1 to 100 characters')
const isOneOf =
  (choices: readonly string[]): Rule =>
  value =>
    choices.includes(value as string) ? null : `one of ${choices.join(', ')}`
const isNumber =
  (minimum: number, maximum: number): Rule =>
  value =>
    typeof value === 'number' && value >= minimum && value <= maximum ? null : `a number from ${minimum} to ${maximum}`
const isInteger =
  (minimum: number, maximum: number): Rule =>
  value =>
    Number.isInteger(value) && isNumber(minimum, maximum)(value) === null ? null : `a whole number from ${minimum} to ${maximum}`

function read<Body>(text: string, fields: Readonly<Record<string, Rule>>, required: readonly string[]): Read<Body> {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch (error) {
    return { errors: [{ pointer: '', code: 'json_syntax', detail: `The body is no JSON: ${(error as Error).message}.` }] }
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return { errors: [{ pointer: '', code: 'type', detail: 'The body must be a JSON object.' }] }
  }
  const errors: BodyError[] = required
    .filter(name => !Object.hasOwn(body, name))
    .map(name => ({ pointer: `/${name}`, code: 'required', detail: `The field "${name}" is missing: ${fields[name]?.(undefined) ?? ''}.` }))
  for (const [name, value] of Object.entries(body)) {
    const rule = Object.hasOwn(fields, name) ? fields[name] : undefined
    const broken = rule?.(value) ?? null
    if (rule === undefined) {
      errors.push({
        pointer: `/${name}`,
        code: 'unknown_field',
        detail: `There is no field "${name}". There are: ${Object.keys(fields).join(', ')}.`,
      })
    } else if (broken !== null) errors.push({ pointer: `/${name}`, code: 'value', detail: `"${name}" must be ${broken}.` })
  }
  return errors.length > 0 ? { errors } : { value: body as Body }
}
