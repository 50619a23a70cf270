import type { Notice } from './notice.ts'

/** What became of one message in one receive. Only the first three are terminal and leave a receipt. */
export type Outcome = Verdict & { readonly noticed?: readonly Notice[] }

type Verdict =
  | { readonly is: 'done' }
  /** `of` is the fact that came first, where that is known: this one itself, or another with the same key. `first` is what it did, in words. */
  | { readonly is: 'duplicate'; readonly of?: string | undefined; readonly first?: string | undefined }
  | { readonly is: 'rejected'; readonly rule: string }
  | { readonly is: 'recorded' }
  /** It was told over other links only: nothing of this one's. */
  | { readonly is: 'passed' }
  | { readonly is: 'parked'; readonly waitsFor: string }
  | { readonly is: 'conflict'; readonly first: string; readonly second: string }
  | { readonly is: 'dead'; readonly code: string; readonly detail: string }

export const isTerminal = (outcome: Outcome): boolean => outcome.is === 'done' || outcome.is === 'duplicate' || outcome.is === 'rejected'
