/** What became of one message in one receive. Only the first three are terminal and leave a receipt. */
export type Outcome =
  | { readonly is: 'done' }
  | { readonly is: 'duplicate' }
  | { readonly is: 'rejected'; readonly rule: string }
  | { readonly is: 'recorded' }
  /** It was told over other links only: nothing of this one's. */
  | { readonly is: 'passed' }
  | { readonly is: 'parked'; readonly waitsFor: string }
  | { readonly is: 'conflict'; readonly first: string; readonly second: string }
  | { readonly is: 'dead'; readonly code: string; readonly detail: string }

export const isTerminal = (outcome: Outcome): boolean => outcome.is === 'done' || outcome.is === 'duplicate' || outcome.is === 'rejected'
