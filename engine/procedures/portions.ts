import type { LinkContract, Route } from 'cutover/contract'
import type { Portions } from '../api/portions.ts'
import { added, type Step } from '../plan/plan.ts'
import { portion } from '../verbs/portion.ts'

/** The steps that let the new route carry a part of the keys first: `4b`, `4c` and so on, after the step `4a`. */
export const portionSteps = (after: '1' | '4', link: LinkContract, to: Route, portions: Portions): readonly Step[] =>
  portions.map((share, at) =>
    added(
      `${after}${String.fromCodePoint('b'.charCodeAt(0) + at)}`,
      to === 'event'
        ? { en: `Give the event ${share} % of the keys`, ru: `Передать событию ${share} % ключей` }
        : { en: `Call it for ${share} % of the keys`, ru: `Вызывать его для ${share} % ключей` },
      {
        en: 'What nothing before has shown then meets few, and the way back is one switch.',
        ru: 'Чего не показали прежние шаги, то затронет немногих, а дорога назад — одно переключение.',
      },
      portion(link, to, 0, share),
    ),
  )
