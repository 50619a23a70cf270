import { added, plan, type LinkPlan, step } from '../plan/plan.ts'
import { call } from '../verbs/call.ts'
import { drained } from '../verbs/drained.ts'
import { quiet } from '../verbs/quiet.ts'
import { removed } from '../verbs/removed.ts'
import { route } from '../verbs/route.ts'
import { serve } from '../verbs/serve.ts'
import { dropTopic, quarantineTopic } from '../verbs/topic.ts'
import { undeployConsumer, undeployProducer } from '../verbs/undeploy.ts'
import type { Portions } from '../api/portions.ts'
import { portionSteps } from './portions.ts'
import type { EventContract, LinkContract } from 'cutover/contract'

/** How long what is hidden has to be left alone before it may be dropped. */
const quietSeconds = 5

/** Procedure 4, for any business link that moves from its event to HTTP, whole or by portions of its keys first. */
export const businessLinkToHttp = (link: LinkContract, event: EventContract, portions: Portions): LinkPlan =>
  plan(
    {
      id: link.id,
      link,
      to: 'http',
      procedure: 'Procedure 4. Business link, event to HTTP',
      title: {
        en: `${link.id}, ${link.title}: from ${event.name} to HTTP`,
        ru: `${link.id}: с события ${event.name} на HTTP`,
      },
    },
    [
      step('1', { en: `Add the endpoint to ${link.to}`, ru: `Добавить эндпоинт в ${link.to}` }, serve(link)),
      added(
        '1a',
        { en: `Let every instance of ${link.from} call it`, ru: `Научить каждый экземпляр ${link.from} вызывать его` },
        {
          en: 'Step 2 relies on all of them at once, and a call that was promised must have somebody to make it.',
          ru: 'Шаг 2 полагается сразу на все экземпляры: обещанный вызов должен кто-то сделать.',
        },
        call(link),
      ),
      ...portionSteps('1', link, 'http', portions),
      step(
        '2',
        { en: 'Call it and stop sending events, in one switch', ru: 'Вызывать и больше не посылать события: один переключатель' },
        route(link, 'http', 0),
      ),
      step(
        '3',
        { en: 'Wait until every fact stated for the event has arrived', ru: 'Дождаться, пока дойдут все факты, отправленные событием' },
        drained(link, 'event'),
      ),
      step(
        '4',
        { en: `Take the producer and the consumer of ${event.name} out`, ru: `Убрать продюсер и консьюмер ${event.name}` },
        undeployProducer(link),
        undeployConsumer(link),
      ),
      added(
        '4a',
        { en: `Hide the topic of ${event.name}, and see who misses it`, ru: `Спрятать топик ${event.name} и посмотреть, кому он нужен` },
        {
          en: 'What is dropped is gone: hidden first, it can be taken out again, and whoever still needs it is named.',
          ru: 'Удалённое не вернуть: спрятанное можно достать, а кому оно ещё нужно, тот будет назван.',
        },
        quarantineTopic(link),
        quiet(link, quietSeconds),
      ),
      added(
        '4b',
        {
          en: `Drop the topic of ${event.name}, and look for what is left`,
          ru: `Удалить топик ${event.name} и проверить, что ничего не осталось`,
        },
        {
          en: 'The event has come to its end when nothing of it is left, and that is looked at.',
          ru: 'С событием покончено, когда от него ничего не осталось; это проверяется.',
        },
        dropTopic(link),
        removed(link, 'event'),
      ),
    ],
  )
