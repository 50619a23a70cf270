import { type DestinationStream, type Logger, pino } from 'pino'
import { currentTrace } from './trace.ts'

export type Log = Logger

// Where secrets and names of people could end up by accident, as fields.
const struckOut = ['authorization', 'password', 'token', 'first_name', 'last_name'].flatMap(field => [field, `*.${field}`, `*.*.${field}`])

export interface LogOptions {
  readonly service: string
  readonly instance: string
  readonly level: string
}

/**
 * Lines of JSON on standard output, or into `to`. One record is one line whatever its text holds, and names the trace
 * that it belongs to. Tokens, passwords and names of people are struck out where they are logged as fields, and errors
 * are told by what is listed in `errorOf`.
 */
export const openLog = (options: LogOptions, to?: DestinationStream): Log =>
  pino(
    {
      level: options.level,
      base: { service: options.service, instance: options.instance },
      redact: { paths: [...struckOut, '*.name'], censor: '[redacted]' },
      serializers: { err: (error: unknown) => errorOf(error) },
      mixin() {
        const trace = currentTrace()
        return trace === undefined ? {} : { trace_id: trace.traceId }
      },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    to ?? pino.destination(1),
  )

const causesMax = 5
// What says where and which rule, and never with what: PostgreSQL gives the row in `detail`, what was bound in `where`.
const listed = ['code', 'status', 'reason', 'severity', 'schema', 'table', 'column', 'constraint', 'routine'] as const

/**
 * An error as it may be logged: its class, code, text and stack, and its causes. Texts that are known to repeat what was
 * read (of JSON that is none, of a value that PostgreSQL could not take) are told without it.
 */
export function errorOf(error: unknown, depth = 0): object {
  if (!(error instanceof Error))
    return { type: typeof error, message: typeof error === 'string' ? error : 'no error was thrown, but a value' }
  const fields = error as Error & Readonly<Record<string, unknown>>
  const known = listed.flatMap(name => (['string', 'number'].includes(typeof fields[name]) ? [[name, fields[name]] as const] : []))
  const { cause } = error
  return {
    type: error.name === 'Error' ? error.constructor.name : error.name,
    message: hidden(fields, error.message),
    stack: hidden(fields, error.stack ?? ''),
    ...Object.fromEntries(known),
    ...(cause === undefined || depth >= causesMax ? {} : { cause: errorOf(cause, depth + 1) }),
  }
}

/** Whether its text quotes data: SQLSTATE class 22 is "data exception", and the engine quotes the JSON that it cannot read. */
const quotesData = (error: Error & Readonly<Record<string, unknown>>): boolean =>
  error instanceof SyntaxError || (typeof error['code'] === 'string' && /^22[0-9A-Z]{3}$/.test(error['code']))

function hidden(error: Error & Readonly<Record<string, unknown>>, text: string): string {
  if (!quotesData(error)) return text
  // From the first quote to the last of the message; the frames of the stack, which are ours, stay.
  const said = error.message.replace(/["'`].*["'`]/s, '[hidden]')
  return text.replace(error.message, () => said)
}
