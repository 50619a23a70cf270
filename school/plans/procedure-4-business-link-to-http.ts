import type { Portions } from '@cutover/engine/api/portions'
import { added, plan, type Plan, step } from '@cutover/engine/plan'
import { call } from '@cutover/engine/verbs/call'
import { drained } from '@cutover/engine/verbs/drained'
import { retireConsumer, retireProducer } from '@cutover/engine/verbs/retire'
import { route } from '@cutover/engine/verbs/route'
import { serve } from '@cutover/engine/verbs/serve'
import type { EventContract, LinkContract } from 'cutover/contract'
import { portionSteps } from './portions.ts'

/** Procedure 4, shown on COMM-080: a business link moves from its event to HTTP. */
export const businessLinkToHttp = (link: LinkContract, event: EventContract, portions: Portions): Plan =>
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
        retireProducer(link),
        retireConsumer(link),
      ),
    ],
  )
