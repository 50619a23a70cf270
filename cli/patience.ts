import { type Context, type EngineCall } from './command.ts'
import { CommandFailed } from './exit.ts'

/**
 * How long the engine may be away before a command gives up: an engine that was killed is back, or another has taken
 * its place, in less.
 */
const patienceMs = 10_000
const betweenMs = 250
/** One answer. Only reading a plan asks the services, and they have less time than this. */
const answerMs = 10_000

/**
 * Calls the engine, again and again while it is away. What only reads is asked again whatever happened; an order only
 * when it cannot have arrived, so that it is never given twice.
 */
export async function patiently<Answer>(context: Context, call: EngineCall): Promise<Answer> {
  const { clock } = context
  let waiting: number | null = null
  for (;;) {
    try {
      return await context.call<Answer>('engine', { ...call, timeoutMs: Math.min(answerMs, context.timeoutMs) })
    } catch (error) {
      if (!(error instanceof CommandFailed) || !mayAskAgain(call, error)) throw error
      if (waiting === null) context.note(`${error.message}; trying again for ${patienceMs / 1_000} s`)
      waiting ??= clock.now()
      if (clock.now() - waiting >= patienceMs) throw error
      await clock.sleep(betweenMs)
    }
  }
}

const mayAskAgain = ({ method }: EngineCall, { unanswered }: CommandFailed): boolean =>
  unanswered === 'unsent' || (unanswered === 'lost' && method === 'GET')
