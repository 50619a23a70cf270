import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import { en } from './en.ts'
import { ru } from './ru.ts'
import type { Language } from './say.ts'

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: typeof en }
  }
}

const kept = 'cutover.language'

/** What was chosen before, else the first language of the browser that we speak, else English. */
export function firstLanguage(stored: string | null, preferred: readonly string[]): Language {
  if (stored === 'en' || stored === 'ru') return stored
  return preferred.map(tag => tag.slice(0, 2).toLowerCase()).find((tag): tag is Language => tag === 'en' || tag === 'ru') ?? 'en'
}

export function speak(language: Language): void {
  localStorage.setItem(kept, language)
  document.documentElement.lang = language
  void i18next.changeLanguage(language)
}

export async function startWords(): Promise<void> {
  const language = firstLanguage(localStorage.getItem(kept), navigator.languages)
  document.documentElement.lang = language
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    resources: { en: { translation: en }, ru: { translation: ru } },
    // React escapes.
    interpolation: { escapeValue: false },
  })
}
