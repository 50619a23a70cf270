import type { RunView } from '@cutover/engine/api/plan'
import { changeLines } from './change-lines.ts'
import type { Context } from './command.ts'
import { CommandFailed } from './exit.ts'
import { type Keyboard, keyboard } from './keyboard.ts'
import { live } from './live.ts'
import { order, readRun } from './order.ts'

/** Reading the run is one small query; three times a second looks like at once. */
const pollMs = 300

/** Where the run is expected to come to rest, and from when on its rest counts. */
export interface Aim {
  readonly heading: RunView['heading']
  /** An order is taken up a moment after it was given; until then the run shows the rest that it came from. */
  readonly isTaken: (run: RunView) => boolean
  readonly limitMs: number
}

/** The run as it was seen last, and why nobody looks any longer. */
export interface Followed {
  readonly run: RunView
  readonly end: 'rest' | 'limit' | 'detached' | 'interrupted'
}

type Leaving = 'detached' | 'interrupted'

/** Follows a run until it rests, the limit passes or the reader leaves; the run itself is the engine's and goes on. */
export async function follow(context: Context, first: RunView, aim: Aim): Promise<Followed> {
  const { clock, screen } = context
  const begun = clock.now()
  const { promise: left, resolve: leave } = Promise.withResolvers<Leaving>()
  let nap = new AbortController()
  const progress = screen !== null && context.draws ? live(context, screen) : changeLines(context)
  const keys = keyboard({ wake: () => nap.abort(), detach: () => leave('detached'), interrupt: () => leave('interrupted') })
  const endings = [
    context.onInterrupt(() => leave('interrupted')),
    ...(screen !== null && context.draws ? [screen.keys(key => keys.press(key))] : []),
  ]
  const inside: Context = { ...context, note: text => progress.note(text) }
  let run = first
  let isTaken = aim.isTaken
  let taken = false
  try {
    for (;;) {
      progress.show(run, keys.footer(run))
      taken ||= isTaken(run)
      if (taken && rests(run, keys)) return { run, end: 'rest' }
      if (clock.now() - begun >= aim.limitMs) return { run, end: 'limit' }
      nap = new AbortController()
      const way = await Promise.race([left, clock.sleep(pollMs, nap.signal)])
      if (way !== undefined) return { run, end: way }
      const verb = keys.take()
      if (verb === 'revert') {
        isTaken = goesBack
        taken = false
      }
      const next =
        verb === null ? readRun(inside, run.run) : order(inside, run, verb).catch((error: unknown) => refusedByKey(error, inside, run))
      const seen = await Promise.race([left, next])
      if (typeof seen === 'string') return { run, end: seen }
      run = seen
    }
  } finally {
    progress.end()
    for (const end of endings) end()
  }
}

const goesBack = ({ heading }: RunView): boolean => heading === 'back'

const rests = ({ state }: RunView, keys: Keyboard): boolean =>
  state === 'paused' ? !keys.paused : state === 'failed' || state === 'finished' || state === 'reverted' || state === 'completed'

/** A key that came too late is told and nothing else: the run goes on being followed. */
function refusedByKey(error: unknown, context: Context, run: RunView): Promise<RunView> {
  if (!(error instanceof CommandFailed) || error.unanswered !== null) throw error
  context.note(error.message)
  return readRun(context, run.run)
}

/** Whether a run has taken up an order that was given while it looked like `before`. */
export const hasChanged =
  (before: RunView) =>
  (run: RunView): boolean =>
    run.heading !== before.heading || run.state !== before.state || run.ended_at !== before.ended_at
