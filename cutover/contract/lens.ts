/**
 * Two forms of one thing, an older and a newer, and the way from each to the other. Written once, it reads old messages,
 * writes for old readers, fills new columns from old ones, and compares the two. Both ways are total: they have an answer
 * for whatever was ever accepted, and `down(up(old))` is `old`, to the byte.
 */
export interface Lens<Old, New> {
  up(old: Old): New
  down(next: New): Old
}

/** A lens and the next one as one lens. */
export const compose = <A, B, C>(first: Lens<A, B>, second: Lens<B, C>): Lens<A, C> => ({
  up: old => second.up(first.up(old)),
  down: next => first.down(second.down(next)),
})
