import { added, plan, type LinkPlan, step } from '@cutover/engine/plan'
import { call } from '@cutover/engine/verbs/call'
import { dropCopy, quarantineCopy } from '@cutover/engine/verbs/copy'
import { drained } from '@cutover/engine/verbs/drained'
import { quiet } from '@cutover/engine/verbs/quiet'
import { compareReads, readFrom } from '@cutover/engine/verbs/read'
import { removed } from '@cutover/engine/verbs/removed'
import { serve } from '@cutover/engine/verbs/serve'
import { stopState } from '@cutover/engine/verbs/told'
import { dropTopic, quarantineTopic } from '@cutover/engine/verbs/topic'
import { undeployConsumer, undeployProducer } from '@cutover/engine/verbs/undeploy'
import { linkOf } from '../contracts/links.ts'

const link = linkOf('COMM-060')

/** Compared reads without a difference before anything may depend on the other way. */
const readsWanted = 30

/** How long what is hidden has to be left alone before it may be dropped. */
const quietSeconds = 5

/** Procedure 2, as it is written down, for COMM-060: the rating of a task, as of an outcome. It moves from its event to HTTP. */
export const ratingToHttp: LinkPlan = plan(
  {
    id: link.id,
    link,
    to: 'http',
    procedure: 'Procedure 2. Data link, event to HTTP',
    title: {
      en: 'COMM-060, the rating of a task, as of an outcome: from TaskRating to HTTP',
      ru: 'COMM-060: с события TaskRating на HTTP',
    },
  },
  [
    step('1', { en: 'Add the endpoint to hiring', ru: 'Добавить эндпоинт в hiring' }, serve(link)),
    added(
      '1a',
      { en: 'Let every instance of bonuses call it', ru: 'Научить каждый экземпляр bonuses вызывать его' },
      {
        en: 'Step 2 relies on all of them at once: one that cannot ask would have no answer.',
        ru: 'Шаг 2 полагается сразу на все экземпляры: кто не умеет спросить, останется без ответа.',
      },
      call(link),
    ),
    added(
      '1b',
      { en: 'Compare the answers with the copy', ru: 'Сверить ответы с копией' },
      {
        en: 'The endpoint must say what the event said then, not what is so now: that shows before anything depends on it.',
        ru: 'Эндпоинт обязан отвечать то же, что тогда сказало событие, а не то, что верно сейчас: это видно до того, как на него положатся.',
      },
      compareReads(link, 'replica', { reads: readsWanted }),
    ),
    step(
      '2',
      { en: 'Ask hiring instead of reading the copy, in one switch', ru: 'Спрашивать hiring, а не читать копию: один переключатель' },
      readFrom(link, 'http', true),
    ),
    added(
      '2a',
      { en: 'Check that the new way works', ru: 'Проверить, что новый путь работает' },
      {
        en: '"When it works" is a number of reads that came out equal, with the copy still there to compare.',
        ru: '«Когда заработает» — это число совпавших чтений, пока копия ещё есть и есть с чем сверять.',
      },
      compareReads(link, 'http', { reads: readsWanted }),
    ),
    step(
      '3',
      { en: 'Switch the producer of TaskRating off', ru: 'Выключить продюсер TaskRating' },
      readFrom(link, 'http', false),
      stopState(link),
    ),
    step(
      '4',
      { en: 'Wait until every fact stated for the event has arrived', ru: 'Дождаться, пока дойдут все факты, отправленные событием' },
      drained(link, 'event'),
    ),
    step('5', { en: 'Take the consumer out of bonuses', ru: 'Убрать консьюмер из bonuses' }, undeployConsumer(link)),
    added(
      '5a',
      { en: 'Take the producer out of hiring', ru: 'Убрать продюсер из hiring' },
      {
        en: 'An instance that could still produce would bring the topic back after it was dropped.',
        ru: 'Экземпляр, который ещё умеет публиковать, вернул бы топик после удаления.',
      },
      undeployProducer(link),
    ),
    added(
      '5b',
      { en: 'Hide the copy and the topic, and see who misses them', ru: 'Спрятать копию и топик и посмотреть, кому они нужны' },
      {
        en: 'What is dropped is gone: hidden first, it can be taken out again, and whoever still needs it is named.',
        ru: 'Удалённое не вернуть: спрятанное можно достать, а кому оно ещё нужно, тот будет назван.',
      },
      quarantineCopy(link),
      quarantineTopic(link),
      quiet(link, quietSeconds),
    ),
    step('6', { en: 'Drop the copy in bonuses', ru: 'Удалить копию в bonuses' }, dropCopy(link)),
    step('7', { en: 'Drop the topic of TaskRating', ru: 'Удалить топик TaskRating' }, dropTopic(link)),
    step('8', { en: 'Look for what is left', ru: 'Проверить, что ничего не осталось' }, removed(link, 'event')),
  ],
)
