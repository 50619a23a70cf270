import { styleText } from 'node:util'

const aliveEveryMs = 3_000

/** What a person reads while the system comes up: a line per step, with the time it took. */
export interface Checklist {
  /** Runs a step; prints it when it is done, and a sign of life while it takes long. */
  step<Result>(name: string, work: () => Promise<Result>, describe?: (result: Result) => string): Promise<Result>
  say(line: string): void
  /** Seconds since the beginning, `4.2`. */
  elapsed(): string
}

export function openChecklist(write: (line: string) => void = line => console.log(line)): Checklist {
  const startedMs = Date.now()
  const seconds = (sinceMs: number): string => ((Date.now() - sinceMs) / 1000).toFixed(1)
  return {
    say: write,
    elapsed: () => seconds(startedMs),
    async step(name, work, describe) {
      const sinceMs = Date.now()
      const alive = setInterval(() => write(`  … ${name}, ${seconds(sinceMs)} s so far`), aliveEveryMs)
      try {
        const result = await work()
        write(`  ${mark('✓', 'green')} ${name.padEnd(14)} ${`${seconds(sinceMs)} s`.padStart(7)}   ${describe?.(result) ?? ''}`.trimEnd())
        return result
      } catch (error) {
        write(`  ${mark('✗', 'red')} ${name.padEnd(14)} ${`${seconds(sinceMs)} s`.padStart(7)}`)
        throw error
      } finally {
        clearInterval(alive)
      }
    },
  }
}

/** `styleText` leaves the colour out where the output is no terminal, or NO_COLOR is set. */
const mark = (text: string, colour: 'green' | 'red'): string => styleText(colour, text)

/** Rows of two columns, indented. */
export function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n')
}
