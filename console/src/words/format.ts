import { createContext, use } from 'react'
import { useTranslation } from 'react-i18next'
import type { Said, Title } from '@cutover/engine/api/plan'
import { type Language, opening, sentence } from './say.ts'

export type Zone = 'local' | 'utc'

/** In which zone times are shown, and how to choose the other. */
export const ZoneContext = createContext<{ readonly zone: Zone; readonly choose: (zone: Zone) => void }>({
  zone: 'local',
  choose: () => undefined,
})

export interface Format {
  readonly language: Language
  readonly number: (value: number) => string
  /** `5.2/s`. */
  readonly rate: (value: number | null) => string
  /** `14:03:22`, 24 hours. */
  readonly time: (at: string) => string
  /** With the day, for what may be older than today. */
  readonly moment: (at: string) => string
  /** `1 h 03 min`, `4 min 05 s`, `12 s`. */
  readonly duration: (ms: number) => string
  readonly say: (said: Said) => string
  /** The same as the beginning of a line. */
  readonly open: (said: Said) => string
  readonly title: (title: Title) => string
  readonly zoneName: string
}

/** Numbers, times and sentences in the reader's language and zone. */
export function useFormat(): Format {
  const { i18n } = useTranslation()
  const { zone } = use(ZoneContext)
  return formatOf(i18n.language === 'ru' ? 'ru' : 'en', zone)
}

const made = new Map<string, Format>()

function formatOf(language: Language, zone: Zone): Format {
  const key = `${language} ${zone}`
  const known = made.get(key)
  if (known !== undefined) return known
  const locale = language === 'ru' ? 'ru-RU' : 'en-GB'
  const timeZone = zone === 'utc' ? { timeZone: 'UTC' } : {}
  const time = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23', ...timeZone })
  const day = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', ...timeZone })
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 })
  const rate = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 })
  const units = language === 'ru' ? { h: 'ч', min: 'мин', s: 'с' } : { h: 'h', min: 'min', s: 's' }
  const format: Format = {
    language,
    number: number.format.bind(number),
    rate: value => (value === null ? '–' : `${value === 0 ? '0' : rate.format(value)}/${units.s}`),
    time: at => time.format(new Date(at)),
    moment: at => `${day.format(new Date(at))}, ${time.format(new Date(at))}`,
    duration(ms) {
      const seconds = Math.max(0, Math.round(ms / 1000))
      const two = (value: number): string => String(value).padStart(2, '0')
      if (seconds < 60) return `${seconds} ${units.s}`
      if (seconds < 3600) return `${Math.floor(seconds / 60)} ${units.min} ${two(seconds % 60)} ${units.s}`
      return `${Math.floor(seconds / 3600)} ${units.h} ${two(Math.floor((seconds % 3600) / 60))} ${units.min}`
    },
    say: said => sentence(said, language),
    open: said => opening(said, language),
    title: title => title[language],
    zoneName: zone === 'utc' ? 'UTC' : zoneNameOf(locale),
  }
  made.set(key, format)
  return format
}

/** `Europe/Berlin (GMT+1)`. */
function zoneNameOf(locale: string): string {
  const parts = new Intl.DateTimeFormat(locale, { timeZoneName: 'shortOffset' }).formatToParts(new Date())
  const offset = parts.find(({ type }) => type === 'timeZoneName')?.value ?? ''
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  return zone === 'UTC' ? zone : `${zone} (${offset})`
}
