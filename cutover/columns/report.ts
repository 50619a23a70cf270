import type { ColumnChange } from '../contract/columns.ts'
import type { ColumnStore } from './store.ts'

const keysMax = 20
const pageRows = 1_000

/** Rows of one kind: how many, and the keys of the first of them. Never what is in them. */
export interface Kind {
  readonly rows: number
  readonly keys: readonly string[]
}

/** How the values that are stored now would come out of the lens. */
export interface LensReport {
  readonly rows: number
  /** Those that come back to the byte. */
  readonly equal: number
  /** Those of them that do so only because their text is kept beside the parts. */
  readonly raw: number
  /** Those that would be changed: with one of them the lens is wrong. */
  readonly broken: Kind
  /** Those that a person should look at, by why. */
  readonly flags: Readonly<Record<string, Kind>>
}

/** Runs the lens of a change over every stored value, there and back. Reads page by page and holds no lock. */
export async function reportOn(store: Pick<ColumnStore, 'olds'>, change: ColumnChange): Promise<LensReport> {
  const { lens, raw: rawColumn } = change
  const broken = openKind()
  const flags = new Map<string, ReturnType<typeof openKind>>()
  let rows = 0
  let raw = 0
  for (let after: string | null = null; ;) {
    const page: Awaited<ReturnType<typeof store.olds>> = await store.olds(change, after, pageRows)
    for (const { key, old } of page) {
      const parts = lens.up(old)
      if (lens.down(parts) !== old) broken.add(key)
      if (rawColumn !== undefined && parts[rawColumn] !== undefined) raw++
      const flag = change.flag?.(old) ?? null
      if (flag === null) continue
      const kind = flags.get(flag) ?? openKind()
      flags.set(flag, kind)
      kind.add(key)
    }
    rows += page.length
    const last = page.at(-1)
    if (last === undefined || page.length < pageRows) break
    after = last.key
  }
  const named = [...flags].toSorted(([a], [b]) => a.localeCompare(b)).map(([flag, kind]) => [flag, kind.told()] as const)
  return { rows, equal: rows - broken.told().rows, raw, broken: broken.told(), flags: Object.fromEntries(named) }
}

function openKind(): { add(key: string): void; told(): Kind } {
  const keys: string[] = []
  let rows = 0
  return {
    add(key) {
      rows++
      if (keys.length < keysMax) keys.push(key)
    },
    told: () => ({ rows, keys: [...keys] }),
  }
}
