import type { Database } from '../database/database.ts'
import { watched } from '../database/watched.ts'
import type { Clock } from '../process/clock.ts'
import type { Log } from '../process/log.ts'
import { markOf } from './columns.ts'
import type { ColumnChange } from '../contract/columns.ts'
import type { ColumnStore } from './store.ts'

/** Statements that reach for a column that goes, by those that do not know it; and how long statements take. */
export interface ColumnWatch {
  /** The same database, with every statement looked at. Texts are constants of the program, so each is judged once. */
  watched(database: Database): Database
  /** Writes down what was seen since the last time. */
  tell(store: ColumnStore, who: string): Promise<void>
  /** How long a statement takes, in milliseconds: an average in which the last hundred weigh most. 0 before the first. */
  latency(): number
}

interface Seen {
  readonly change: ColumnChange
  readonly what: string
  count: number
}

const word = (text: string): RegExp => new RegExp(`\\b${text}\\b`)

export function openColumnWatch(changes: readonly ColumnChange[], clock: Clock): ColumnWatch {
  const judged = new Map<string, readonly Seen[]>()
  let averageMs = 0
  const patterns = changes.map(change => ({ change, mark: markOf(change.change), table: word(change.table), column: word(change.old) }))

  function look(text: string): void {
    let seen = judged.get(text)
    if (seen === undefined) {
      seen = patterns
        .filter(({ mark, table, column }) => !text.includes(mark) && table.test(text) && column.test(text))
        .map(({ change }) => ({ change, what: callerIn(new Error().stack ?? ''), count: 0 }))
      judged.set(text, seen)
    }
    for (const one of seen) one.count++
  }

  const took = (ms: number): void => {
    averageMs = averageMs === 0 ? ms : averageMs + (ms - averageMs) / 100
  }

  return {
    latency: () => averageMs,
    watched: database => (changes.length === 0 ? database : watched(database, clock, look, took)),
    async tell(store, who) {
      const due = [...judged.values()].flat().filter(one => one.count > 0)
      const counted = due.map(one => ({ ...one }))
      for (const one of due) one.count = 0
      for (const change of changes) {
        const uses = counted.filter(one => one.change === change).map(({ what, count }) => ({ what, count }))
        if (uses.length > 0) await store.used(change, who, uses)
      }
    },
  }
}

const tellMs = 1_000

/** Writes down what was seen, every second. */
export async function runTelling(tell: () => Promise<void>, clock: Clock, log: Log, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(tellMs, signal)
    await tell().catch(error => log.debug({ err: error }, 'columns: uses are told a little later'))
  }
}

/** The first place outside the library from which a statement was sent: file and line, without the path to the program. */
function callerIn(stack: string): string {
  const lines = stack.split('\n').slice(1)
  const own =
    lines.find(line => line.includes('file://') && !/\/columns\/watch\.ts|\/database\/\w+\.ts|node_modules|node:/.test(line)) ??
    lines.at(-1) ??
    ''
  const place = /([\w.-]+\/[\w.-]+\/[\w.-]+\.\w+:\d+)(?::\d+)?\)?$/.exec(own.trim())
  return place?.[1] ?? 'somewhere'
}
