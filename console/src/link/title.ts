import type { LinkRow } from '@cutover/engine/api'
import type { Language } from '../words/say.ts'

/** What the link is for, in the reader's language where its contract gives it. */
export const linkTitle = ({ title, titles }: LinkRow, language: Language): string => titles?.[language] ?? title
