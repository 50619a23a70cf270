import { added, plan, type LinkPlan, step } from '../plan/plan.ts'
import { consume } from '../verbs/consume.ts'
import { drained } from '../verbs/drained.ts'
import { parity } from '../verbs/parity.ts'
import { producer } from '../verbs/producer.ts'
import { produce } from '../verbs/produce.ts'
import { register } from '../verbs/register.ts'
import { retireCalls, retireEndpoint } from '../verbs/retire.ts'
import { openTopic } from '../verbs/topic.ts'
import { removed } from '../verbs/removed.ts'
import { route } from '../verbs/route.ts'
import type { Portions } from '../api/portions.ts'
import { portionSteps } from './portions.ts'
import type { EventContract, LinkContract } from 'cutover/contract'

/** Procedure 3, for any business link that moves from HTTP to its event, whole or by portions of its keys first. */
export const businessLinkToEvent = (link: LinkContract, event: EventContract, portions: Portions): LinkPlan =>
  plan(
    {
      id: link.id,
      link,
      to: 'event',
      procedure: 'Procedure 3. Business link, HTTP to event',
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
        { en: `Give ${link.to} an empty consumer`, ru: `Добавить в ${link.to} пустой консьюмер` },
        consume(link, { name: event.name, version: 0 }, 'record'),
      ),
      step(
        '3',
        { en: `Let ${link.from} produce ${event.name}, in shadow`, ru: `Публиковать ${event.name} из ${link.from} в тени` },
        producer(link, 0),
        produce(link, 0),
      ),
      step(
        '4',
        { en: 'Check that it works: parity of effects', ru: 'Проверить, что всё работает: сверка последствий' },
        parity(link, { pairs: 50, coverage: 99 }),
      ),
      added(
        '4a',
        { en: `Let every instance of ${link.to} act on events`, ru: `Научить каждый экземпляр ${link.to} действовать по событиям` },
        {
          en: 'Step 5 relies on all of them at once: one that cannot act yet would keep its facts waiting.',
          ru: 'Шаг 5 полагается сразу на все экземпляры: у того, кто ещё не умеет действовать, факты застрянут.',
        },
        consume(link, { name: event.name, version: 0 }, 'act'),
      ),
      ...portionSteps('4', link, 'event', portions),
      step(
        '5',
        { en: 'Give the event the authority, in one switch', ru: 'Передать право событию: один переключатель' },
        route(link, 'event', 0),
      ),
      added(
        '5a',
        { en: 'Wait until every fact stated for HTTP has arrived', ru: 'Дождаться, пока дойдут все факты, отправленные по HTTP' },
        {
          en: 'Calls that are still to be repeated belong to the old route: they have to arrive before it goes.',
          ru: 'Вызовы, которые ещё повторяются, идут старым путём: пока они не дошли, его нельзя убирать.',
        },
        drained(link, 'http'),
      ),
      step(
        '6',
        { en: 'Take the HTTP calls and their endpoint out', ru: 'Убрать вызовы по HTTP и их эндпоинт' },
        retireCalls(link),
        retireEndpoint(link),
        removed(link, 'http'),
      ),
    ],
  )
