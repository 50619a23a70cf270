import type { ReactElement } from 'react'

/** The sign of the product: one track that leaves another, as at a set of points. */
export const Mark = ({ size = 24 }: { readonly size?: number }): ReactElement => (
  <svg width={size} height={size} viewBox="0 0 24 24" fill="none" aria-hidden="true" strokeLinecap="round" strokeWidth={2.6}>
    <path d="M4.5 17h17" stroke="var(--http)" />
    <path d="M4.5 17h1.5c5 0 6-10 11-10h4.5" stroke="var(--event)" />
    <circle cx="4.5" cy="17" r="2.6" fill="var(--event)" stroke="var(--surface)" strokeWidth={1.4} />
  </svg>
)
