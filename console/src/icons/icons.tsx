import type { ReactElement, SVGProps } from 'react'

/** Drawn on 16 by 16, with strokes of the text's colour. Decoration always: the word stands beside it. */
const drawings = {
  map: 'M2 4.5 6 2.5l4 2 4-2v9l-4 2-4-2-4 2zM6 2.5v9M10 4.5v9',
  runs: 'M2.5 4h7M2.5 8h11M2.5 12h5M11.5 2.5v3M9.5 10.5v3',
  search: 'M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.4 10.4l3.1 3.1',
  sun: 'M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1.2v1.3M8 13.5v1.3M1.2 8h1.3M13.5 8h1.3M3.2 3.2l.9.9M11.9 11.9l.9.9M12.8 3.2l-.9.9M4.1 11.9l-.9.9',
  moon: 'M13.5 9.6A5.8 5.8 0 0 1 6.4 2.5a5.8 5.8 0 1 0 7.1 7.1z',
  help: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM6.2 6.3a1.9 1.9 0 1 1 2.6 1.9c-.5.2-.8.6-.8 1.2M8 11.6v.1',
  leave: 'M6.5 2.5h-4v11h4M10 5l3 3-3 3M13 8H6',
  copy: 'M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z',
  check: 'M3 8.5 6.5 12 13 4.5',
  checks: 'M1.5 8.5 4.5 12 10 5M7.5 10.5 9 12l5.5-7',
  cross: 'M4 4l8 8M12 4l-8 8',
  pause: 'M5 3v10M11 3v10',
  play: 'M4.5 2.8v10.4L13 8z',
  back: 'M6 3 2.5 6.5 6 10M2.5 6.5h7a4 4 0 0 1 0 8H8',
  wait: 'M4 2h8M4 14h8M5 2c0 4 6 4.5 6 8v4M11 2c0 4-6 4.5-6 8v4',
  alert: 'M8 2 14.5 13.5h-13zM8 6.5v3.2M8 11.6v.1',
  flag: 'M3.5 14.5v-12M3.5 3h8.2l-1.6 2.9 1.6 2.9H3.5',
  dot: 'M8 10.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z',
  evidence: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 2v12',
  arrow: 'M2.5 8h11M9.5 4l4 4-4 4',
  plus: 'M8 3v10M3 8h10',
  lock: 'M3.5 7h9v6.5h-9zM5.5 7V4.8a2.5 2.5 0 0 1 5 0V7',
  chevron: 'M6 3.5 10.5 8 6 12.5',
  shield: 'M8 1.8 13 4v4c0 3-2.2 5.2-5 6.2C5.2 13.2 3 11 3 8V4zM5.6 8l1.8 1.8L10.6 6',
} as const

export type IconName = keyof typeof drawings

export const Icon = ({
  name,
  size = 16,
  ...rest
}: { readonly name: IconName; readonly size?: number } & SVGProps<SVGSVGElement>): ReactElement => (
  <svg
    width={size}
    height={size}
    viewBox="0 0 16 16"
    fill="none"
    stroke="currentColor"
    strokeWidth={1.5}
    strokeLinecap="round"
    strokeLinejoin="round"
    aria-hidden="true"
    {...rest}
    style={{ flex: 'none', ...rest.style }}
  >
    <path d={drawings[name]} />
  </svg>
)
