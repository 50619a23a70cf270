import type { RunView } from '@cutover/engine/api/plan'

/** Where the progress of a run is shown while somebody follows it. */
export interface Progress {
  /** Shows the run as it is now; `footer` says what the keys do, where there are keys. */
  show(run: RunView, footer: string): void
  /** Says something beside it, until the run is shown again. */
  note(text: string): void
  end(): void
}
