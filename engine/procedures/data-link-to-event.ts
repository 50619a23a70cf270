import { added, plan, type LinkPlan, step } from '../plan/plan.ts'
import { consume } from '../verbs/consume.ts'
import { makeCopy } from '../verbs/copy.ts'
import { producer } from '../verbs/producer.ts'
import { compareReads, readFrom } from '../verbs/read.ts'
import { register } from '../verbs/register.ts'
import { removed } from '../verbs/removed.ts'
import { retireCalls, retireEndpoint } from '../verbs/retire.ts'
import { produceState, snapshot } from '../verbs/told.ts'
import { openTopic } from '../verbs/topic.ts'
import type { EventContract, LinkContract } from 'cutover/contract'

/** Procedure 1, for any data link that moves from HTTP to its event. */
export const dataLinkToEvent = (link: LinkContract, event: EventContract): LinkPlan =>
  plan(
    {
      id: link.id,
      link,
      to: 'event',
      procedure: 'Procedure 1. Data link, HTTP to event',
      title: {
        en: `${link.id}, ${link.title}: from HTTP to ${event.name}`,
        ru: `${link.id}: с HTTP на событие ${event.name}`,
      },
    },
    [
      step(
        '1',
        { en: `Register ${event.name}`, ru: `Зарегистрировать событие ${event.name}` },
        register(event, 0, [link.from, link.to]),
        openTopic(link),
      ),
      step(
        '2',
        { en: `Give ${link.to} a consumer that keeps a copy`, ru: `Добавить в ${link.to} консьюмер, который хранит копию` },
        makeCopy(link),
        consume(link, { name: event.name, version: 0 }, 'act'),
      ),
      step(
        '3',
        {
          en: `Let ${link.from} produce ${event.name} at every change`,
          ru: `Публиковать ${event.name} из ${link.from} при каждом изменении`,
        },
        producer(link, 0),
        produceState(link, 0),
      ),
      added(
        '3a',
        { en: 'Tell what was there before', ru: 'Рассказать о том, что было раньше' },
        {
          en: 'What was there before the producer was never told to anybody: the copy would lack it for ever.',
          ru: 'О том, что появилось до продюсера, никто не узнал: в копии этого не было бы никогда.',
        },
        snapshot(link),
      ),
      added(
        '3b',
        { en: 'Compare the copy with its owner: reads, and every row', ru: 'Сверить копию с владельцем: чтения и каждую строку' },
        {
          en: 'Nobody may be answered from a copy of which nobody knows whether it is right.',
          ru: 'Нельзя отвечать из копии, о которой никто не знает, верна ли она.',
        },
        compareReads(link, 'http', { reads: readsWanted }),
      ),
      step(
        '4',
        { en: 'Answer reads from the copy, in one switch', ru: 'Отвечать на чтения из копии: один переключатель' },
        readFrom(link, 'replica', true),
      ),
      step(
        '5',
        { en: 'Take the HTTP calls and their endpoint out', ru: 'Убрать вызовы по HTTP и их эндпоинт' },
        retireCalls(link),
        retireEndpoint(link),
        removed(link, 'http'),
      ),
    ],
  )

/** Compared reads without a difference before the copy may answer. */
const readsWanted = 30
