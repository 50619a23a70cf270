import { added, plan, type LinkPlan, step } from '@cutover/engine/plan'
import { call } from '@cutover/engine/verbs/call'
import { drained } from '@cutover/engine/verbs/drained'
import { quiet } from '@cutover/engine/verbs/quiet'
import { removed } from '@cutover/engine/verbs/removed'
import { route } from '@cutover/engine/verbs/route'
import { serve } from '@cutover/engine/verbs/serve'
import { dropTopic, quarantineTopic } from '@cutover/engine/verbs/topic'
import { undeployConsumer, undeployProducer } from '@cutover/engine/verbs/undeploy'
import { linkOf } from '../contracts/links.ts'

const link = linkOf('COMM-080')

/** How long what is hidden has to be left alone before it may be dropped. */
const quietSeconds = 5

/** Procedure 4, as it is written down, for COMM-080: credit for a new task. It moves from its event to HTTP. */
export const newTaskToHttp: LinkPlan = plan(
  {
    id: link.id,
    link,
    to: 'http',
    procedure: 'Procedure 4. Business link, event to HTTP',
    title: {
      en: 'COMM-080, credit for a new task: from TaskCreated to HTTP',
      ru: 'COMM-080: с события TaskCreated на HTTP',
    },
  },
  [
    step('1', { en: 'Add the endpoint to bonuses', ru: 'Добавить эндпоинт в bonuses' }, serve(link)),
    added(
      '1a',
      { en: 'Let every instance of management call it', ru: 'Научить каждый экземпляр management вызывать его' },
      {
        en: 'Step 2 relies on all of them at once, and a call that was promised must have somebody to make it.',
        ru: 'Шаг 2 полагается сразу на все экземпляры: обещанный вызов должен кто-то сделать.',
      },
      call(link),
    ),
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
      { en: 'Take the producer and the consumer of TaskCreated out', ru: 'Убрать продюсер и консьюмер TaskCreated' },
      undeployProducer(link),
      undeployConsumer(link),
    ),
    added(
      '4a',
      { en: 'Hide the topic of TaskCreated, and see who misses it', ru: 'Спрятать топик TaskCreated и посмотреть, кому он нужен' },
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
        en: 'Drop the topic of TaskCreated, and look for what is left',
        ru: 'Удалить топик TaskCreated и проверить, что ничего не осталось',
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
