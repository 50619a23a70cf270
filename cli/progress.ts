import type { RunView } from '@cutover/engine/api/plan'

/** What the keys do, or the question that one of them has raised. */
export interface Footer {
  readonly text: string
  readonly asks: boolean
}

/** Where the progress of a run is shown while somebody follows it. */
export interface Progress {
  /** Shows the run as it is now; `footer` says what the keys do, where there are keys. */
  show(run: RunView, footer: Footer): void
  /** Says something beside it, until the run is shown again. */
  note(text: string): void
  end(): void
}
