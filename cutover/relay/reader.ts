import { type Gap, gapIsDead, nextRun } from './run.ts'
import type { LaneRow, OutboxSource } from './store.ts'

export type OwnRow = LaneRow & { readonly bytes: string }

export interface ReadRun {
  readonly rows: readonly OwnRow[]
  /** The lane's position once these rows are dealt with. */
  readonly position: bigint
  /** Rows exist beyond, but a gap holds them: read again in a few milliseconds. */
  readonly blocked: boolean
  /** Milliseconds since the newest of the rows was stated. */
  readonly ageMs: number
}

/** Reads an outbox in gap-free runs. Measured against cursors by id, by transaction id and by snapshot horizon, which lose or invert rows. */
export class OutboxReader {
  readonly #source: OutboxSource
  #position: bigint
  #gap: Gap | null = null

  constructor(source: OutboxSource, position: bigint) {
    this.#source = source
    this.#position = position
  }

  async next(): Promise<ReadRun> {
    // The holders are asked before the read: a row that commits in between is then in the read.
    const gap = this.#gap
    const skippable = gap !== null && gapIsDead(gap, await this.#source.holders()) ? gap.below : 0n
    const rows = await this.#source.read(this.#position)
    const run = nextRun(
      this.#position,
      rows.map(row => BigInt(row.position)),
      skippable,
    )
    if (run.blockedBelow === null || run.count > 0) this.#gap = null
    // … and after it when a gap is first seen: whoever drew a position below has held the lock since.
    if (run.blockedBelow !== null && (this.#gap === null || skippable > 0n)) {
      this.#gap = { below: run.blockedBelow, holders: await this.#source.holders() }
    }
    this.#position = run.position
    const taken = rows.slice(0, run.count)
    return {
      rows: taken.filter((row): row is OwnRow => row.bytes !== null),
      position: run.position,
      blocked: run.blockedBelow !== null,
      ageMs: taken.at(-1)?.age_ms ?? 0,
    }
  }
}
