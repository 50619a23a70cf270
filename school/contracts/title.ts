import type { PayloadLens } from 'cutover/contract'
import type { Lens } from 'cutover/contract/lens'
import { text } from './bounds.ts'

/** The title of a task in its two parts. What the parts would not be put together to again is kept beside them. */
export interface SplitTitle {
  /** Left out where there is none. */
  readonly knowledge_area?: string
  readonly title: string
  /** The title as it was written, where it is not `[area] title`. */
  readonly title_raw?: string
}

/** Why a title is shown to its author: it was not, or not surely, what its brackets seem to say. */
export type TitleFlag =
  | 'area_blank'
  | 'bidi_control'
  | 'leading_space'
  | 'lookalike'
  | 'nested'
  | 'second_bracket'
  | 'title_blank'
  | 'too_long'
  | 'unbalanced'

export const areaGraphemesMax = 64
export const titleGraphemesMax = 200

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })
/** Counts what a reader would call characters, up to one more than `max`: a title may be very long. */
function isLonger(text: string, max: number): boolean {
  if (text.length <= max) return false
  let count = 0
  for (const _ of graphemes.segment(text)) if (++count > max) return true
  return false
}

const isBlank = (text: string): boolean => text.trim() === ''
// Embeddings, overrides and isolates: with them a title may look as if its brackets stood elsewhere.
const bidiControl = /[\u202A-\u202E\u2066-\u2069]/u

interface Parts {
  readonly area: string | null
  readonly title: string
  readonly flag: TitleFlag | null
}

/**
 * Takes a title apart: an area is one leading pair of brackets with something in it, at most 64 characters and no other
 * bracket, before a title that is not blank. Anything else is a title as a whole, and says why.
 */
export function parseTitle(text: string): Parts {
  const whole = (flag: TitleFlag | null): Parts => ({ area: null, title: text, flag })
  if (text.startsWith('［')) return whole('lookalike')
  if (!text.startsWith('[')) {
    if (text.trimStart().startsWith('[')) return whole('leading_space')
    const [open, close] = [text.indexOf('['), text.indexOf(']')]
    if (close !== -1 && (open === -1 || close < open)) return whole('unbalanced')
    return whole(doubtOf(text))
  }
  const close = text.indexOf(']')
  if (close === -1) return whole('unbalanced')
  const [area, rest] = [text.slice(1, close), text.slice(close + 1)]
  if (area.includes('[')) return whole('nested')
  if (isBlank(area)) return whole('area_blank')
  if (isBlank(rest)) return whole('title_blank')
  if (isLonger(area, areaGraphemesMax)) return whole('too_long')
  const title = rest.startsWith(' ') ? rest.slice(1) : rest
  return { area, title, flag: title.startsWith('[') ? 'second_bracket' : doubtOf(text) }
}

const doubtOf = (text: string): TitleFlag | null =>
  bidiControl.test(text) ? 'bidi_control' : isLonger(text, titleGraphemesMax) ? 'too_long' : null

/** The one accessor of a title as it was written before it was split. */
export const oldTitle = ({ knowledge_area: area, title, title_raw: raw }: SplitTitle): string =>
  raw ?? (area === undefined ? title : `[${area}] ${title}`)

/** US-160: `[area] title` and its two parts. */
export const titleLens: Lens<{ readonly title: string }, SplitTitle> = {
  up({ title: text }) {
    const { area, title } = parseTitle(text)
    const split: SplitTitle = area === null ? { title } : { knowledge_area: area, title }
    return oldTitle(split) === text ? split : { ...split, title_raw: text }
  },
  down: split => ({ title: oldTitle(split) }),
}

/** What a task's title may be, whole and in its parts. */
export const titleText = text(300)
export const splitTitleBounds = { knowledge_area: titleText, title: titleText, title_raw: titleText } as const
export const optionalOfTitle = ['knowledge_area', 'title_raw'] as const

type Titled<T> = T & Readonly<Record<string, unknown>>

/** The same for whatever else a payload holds. */
export const withTitle = {
  up: ({ title, ...rest }: Titled<{ readonly title: string }>) => ({ ...rest, ...titleLens.up({ title }) }),
  down: ({ knowledge_area, title, title_raw, ...rest }: Titled<SplitTitle>) => ({
    ...rest,
    ...titleLens.down({
      title,
      ...(knowledge_area === undefined ? {} : { knowledge_area }),
      ...(title_raw === undefined ? {} : { title_raw }),
    }),
  }),
} satisfies PayloadLens
