import { pino, type Logger } from 'pino'

export type Log = Logger

/** Structured lines on standard output. Tokens and keys are struck out wherever they are logged by accident. */
export const openLog = (options: { readonly service: string; readonly instance: string; readonly level: string }): Log =>
  pino({
    level: options.level,
    base: { service: options.service, instance: options.instance },
    redact: { paths: ['req.headers.authorization', 'headers.authorization', '*.password', '*.token', '*.first_name', '*.last_name', '*.name'], censor: '[redacted]' },
    timestamp: pino.stdTimeFunctions.isoTime,
  })
