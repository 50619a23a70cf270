import { after, before } from 'node:test'
import { run } from '../cli/program.ts'
import { began } from './paper-plan.ts'
import { type Paper, PaperClock, PaperScreen, aHome } from './paper-terminal.ts'
import { ScriptedEngine } from './scripted-engine.ts'

export interface Sitting {
  readonly screen?: PaperScreen
  readonly clock?: PaperClock
  readonly environment?: Readonly<Record<string, string>>
  /** Gets the function that stands for Ctrl-C outside of a drawn screen. */
  readonly onInterrupt?: (interrupt: () => void) => void
}

/** Command lines against a scripted engine, for the tests of one file. */
export function commandLine(): { engine: ScriptedEngine; say: (line: string, sitting?: Sitting) => Promise<Paper> } {
  const engine = new ScriptedEngine()
  let home = ''
  before(async () => {
    home = await aHome(await engine.start())
  })
  after(() => engine.stop())

  async function say(line: string, { screen, clock, environment, onInterrupt }: Sitting = {}): Promise<Paper> {
    const said = { out: '', error: '' }
    const code = await run(line.split(' '), {
      environment: { CUTOVER_HOME: home, LANG: 'en_GB.UTF-8', ...environment },
      out: text => (said.out += `${text}\n`),
      error: text => (said.error += `${text}\n`),
      screen: screen ?? null,
      clock: clock ?? new PaperClock(began + 60_000),
      onInterrupt(listener) {
        onInterrupt?.(listener)
        return () => undefined
      },
    })
    return { code, ...said }
  }
  return { engine, say }
}
