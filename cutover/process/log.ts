import { type DestinationStream, type Logger, pino } from 'pino'

export type Log = Logger

// Where secrets and names of people could end up by accident. PostgreSQL's errors carry the row in `detail`, and what
// was bound in `where` and `parameters`.
const struckOut = ['authorization', 'password', 'token', 'first_name', 'last_name'].flatMap(field => [field, `*.${field}`, `*.*.${field}`])
const fromPostgres = ['err.detail', 'err.where', 'err.parameters']

export interface LogOptions {
  readonly service: string
  readonly instance: string
  readonly level: string
}

/**
 * Lines of JSON on standard output, or into `to`. One record is one line whatever its text holds; tokens, passwords and
 * names of people are struck out where they are logged as fields.
 */
export const openLog = (options: LogOptions, to?: DestinationStream): Log =>
  pino(
    {
      level: options.level,
      base: { service: options.service, instance: options.instance },
      redact: { paths: [...struckOut, ...fromPostgres, '*.name'], censor: '[redacted]' },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    to ?? pino.destination(1),
  )
