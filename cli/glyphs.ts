/** What is drawn beside the words. Every sign stands beside a word that says the same. */
export interface Glyphs {
  readonly done: string
  readonly active: string
  readonly pending: string
  readonly failed: string
  readonly reverted: string
  readonly full: string
  readonly empty: string
  readonly rule: string
  readonly dot: string
  readonly dots: string
}

export const drawn: Glyphs = {
  done: '✓',
  active: '●',
  pending: '○',
  failed: '✗',
  reverted: '↶',
  full: '━',
  empty: '─',
  rule: '─',
  dot: '·',
  dots: '…',
}

/** For files, logs, and terminals that draw nothing else. */
export const ascii: Glyphs = {
  done: '[x]',
  active: '[>]',
  pending: '[ ]',
  failed: '[!]',
  reverted: '[<]',
  full: '#',
  empty: '.',
  rule: '-',
  dot: '|',
  dots: '...',
}
