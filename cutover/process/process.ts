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
 * that holds our standard input is gone. Then the process exits with 0, so that this never resolves. A second signal
 * ends the process at once; a part that takes longer than `stopTimeoutMs` to stop is left behind. When a part fails to
 * start, those before it are stopped and the process ends with its message, as `fail` does.
 */
export async function runProcess(
  parts: readonly Running[],
  options: { readonly log: Log; readonly stopTimeoutMs?: number },
): Promise<void> {
  const { log } = options
  const told = listen()
  const started: Running[] = []
  const stopAll = async (): Promise<void> => {
    for (const part of started.toReversed()) await stopPart(part, options.stopTimeoutMs ?? stopTimeoutMs, log)
  }

  let reason: string | undefined
  try {
    for (const part of parts) {
      started.push(part)
      reason = await Promise.race([part.start().then(() => undefined), told])
      if (reason !== undefined) break
    }
  } catch (error) {
    await stopAll()
    fail(error)
  }
  if (reason === undefined) {
    ready(parts)
    reason = await told
  }
  log.info({ reason }, 'process: stopping')
  await stopAll()
  log.info('process: stopped')
  process.exit(0)
}

/** Resolves with why to stop, once there is a reason. */
function listen(): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  let signals = 0
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      signals++
      if (signals > 1) process.exit(1)
      resolve(signal)
    })
  }
  if (process.env['CUTOVER_PARENT_PIPE'] === '1') {
    for (const event of ['end', 'close', 'error']) process.stdin.on(event, () => resolve('the parent is gone'))
    process.stdin.resume()
  }
  return promise
}

async function stopPart(part: Running, timeoutMs: number, log: Log): Promise<void> {
  const late = Promise.withResolvers<void>()
  const timer = setTimeout(() => {
    log.warn({ part: part.name, timeoutMs }, 'process: a part takes too long to stop; going on without it')
    late.resolve()
  }, timeoutMs)
  const stopped = part.stop().catch(error => log.error({ err: error, part: part.name }, 'process: a part failed to stop'))
  await Promise.race([stopped, late.promise])
  clearTimeout(timer)
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
