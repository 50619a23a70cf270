import { closeSync, writeSync } from 'node:fs'
import { ConfigurationError } from './environment.ts'
import type { Log } from './log.ts'

/** Anything long-lived. Both calls may come twice and in any order; `stop` resolves when it is over. */
export interface Running {
  readonly name: string
  /** The address, where there is one; told when the process is ready. */
  readonly url?: string
  start(): Promise<void>
  stop(): Promise<void>
}

const stopTimeoutMs = 10_000

/**
 * Starts the parts in order, says so, and stops them in reverse when told to: by SIGTERM or SIGINT, or when the parent
 * that holds our standard input is gone. A second signal ends the process at once. Resolves after the stop.
 */
export async function runProcess(parts: readonly Running[], options: { readonly log: Log; readonly stopTimeoutMs?: number }): Promise<void> {
  const { log } = options
  const started: Running[] = []
  const { promise: told, resolve: tell } = Promise.withResolvers<string>()
  let signals = 0
  const onSignal = (signal: string): void => {
    signals++
    if (signals > 1) process.exit(1)
    tell(signal)
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  if (process.env['CUTOVER_PARENT_PIPE'] === '1') {
    process.stdin.on('end', () => tell('the parent is gone'))
    process.stdin.on('error', () => tell('the parent is gone'))
    process.stdin.resume()
  }

  const stopAll = async (): Promise<void> => {
    for (const part of started.toReversed()) {
      const late = setTimeout(() => log.warn({ part: part.name }, 'process: a part takes too long to stop; going on without it'), options.stopTimeoutMs ?? stopTimeoutMs)
      const timeout = new Promise<void>(resolve => setTimeout(resolve, options.stopTimeoutMs ?? stopTimeoutMs).unref())
      await Promise.race([part.stop().catch(error => log.error({ err: error, part: part.name }, 'process: a part failed to stop')), timeout])
      clearTimeout(late)
    }
  }

  try {
    for (const part of parts) {
      started.push(part)
      await part.start()
    }
  } catch (error) {
    await stopAll()
    fail(error)
  }
  ready(parts)
  const reason = await told
  log.info({ reason }, 'process: stopping')
  await stopAll()
  log.info('process: stopped')
  process.exit(0)
}

/** Ends the process with one line per fault: what a person needs to mend it. Exit code 78 for configuration, else 1. */
export function fail(error: unknown): never {
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(`${message}\n`)
  process.exit(error instanceof ConfigurationError ? 78 : 1)
}

/** Tells the parent, on the descriptor it named, that requests are served now. */
function ready(parts: readonly Running[]): void {
  const descriptor = Number(process.env['CUTOVER_READY_FD'] ?? Number.NaN)
  if (!Number.isInteger(descriptor)) return
  writeSync(descriptor, `${JSON.stringify({ ready: true, url: parts.find(part => part.url !== undefined)?.url ?? null })}\n`)
  closeSync(descriptor)
}
