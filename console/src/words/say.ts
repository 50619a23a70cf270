import { words } from '@cutover/engine/api/words'
import type { Said } from '@cutover/engine/api/plan'
import { engineWords } from './engine-ru.ts'

export type Language = 'en' | 'ru'

const rules = new Intl.PluralRules('ru')
const numbers: Readonly<Record<Language, Intl.NumberFormat>> = {
  en: new Intl.NumberFormat('en-GB', { maximumFractionDigits: 1 }),
  ru: new Intl.NumberFormat('ru', { maximumFractionDigits: 1, useGrouping: 'min2' }),
}
/** Numbers that name something instead of counting it: never grouped. */
const names = new Set(['version', 'epoch', 'told', 'seen'])
/** Routes, as people say them. */
const routes: Readonly<Record<Language, Readonly<Record<string, string>>>> = {
  en: { http: 'HTTP', event: 'event' },
  ru: { http: 'HTTP', event: 'событие' },
}

/** What the engine says, in the reader's language. A code that the words lack is shown as it is. */
export function sentence({ code, params }: Said, language: Language): string {
  const text = (language === 'ru' ? engineWords : words)[code] ?? words[code]
  if (text === undefined) return code
  return text.replaceAll(
    /\{(\w+)(?:\|([^{}|]*)\|([^{}|]*)\|([^{}|]*))?\}/g,
    (_, name: string, one?: string, few?: string, many?: string, at?: number) => {
      const value = params[name]
      if (value === undefined) return `{${name}}`
      if (one === undefined || few === undefined || many === undefined) {
        // Within a command the word is the command's.
        return text.slice(0, at).endsWith('--to ') ? String(value) : shown(name, value, language)
      }
      const category = rules.select(Number(value))
      return category === 'one' ? one : category === 'many' ? many : few
    },
  )
}

/** The same as the beginning of a line: its first letter is large, unless it begins with a name. */
export function opening(said: Said, language: Language): string {
  const text = sentence(said, language)
  const template = (language === 'ru' ? engineWords : words)[said.code] ?? '{'
  return template.startsWith('{') ? text : text.charAt(0).toUpperCase() + text.slice(1)
}

function shown(name: string, value: string | number, language: Language): string {
  if (typeof value === 'number') return names.has(name) ? String(value) : numbers[language].format(value)
  return name === 'route' || name === 'from' ? (routes[language][value] ?? value) : value
}
