import { added, plan, type LinkPlan, step } from '../plan/plan.ts'
import { call } from '../verbs/call.ts'
import { dropCopy, quarantineCopy } from '../verbs/copy.ts'
import { drained } from '../verbs/drained.ts'
import { quiet } from '../verbs/quiet.ts'
import { compareReads, readFrom } from '../verbs/read.ts'
import { removed } from '../verbs/removed.ts'
import { serve } from '../verbs/serve.ts'
import { stopState } from '../verbs/told.ts'
import { dropTopic, quarantineTopic } from '../verbs/topic.ts'
import { undeployConsumer, undeployProducer } from '../verbs/undeploy.ts'
import type { EventContract, LinkContract } from 'cutover/contract'

/** Procedure 2, for any data link that moves from its event to HTTP. */
export const dataLinkToHttp = (link: LinkContract, event: EventContract): LinkPlan =>
  plan(
    {
      id: link.id,
      link,
      to: 'http',
      procedure: 'Procedure 2. Data link, event to HTTP',
      title: {
        en: `${link.id}, ${link.title}: from ${event.name} to HTTP`,
        ru: `${link.id}: с события ${event.name} на HTTP`,
      },
    },
    [
      step('1', { en: `Add the endpoint to ${link.from}`, ru: `Добавить эндпоинт в ${link.from}` }, serve(link)),
      added(
        '1a',
        { en: `Let every instance of ${link.to} call it`, ru: `Научить каждый экземпляр ${link.to} вызывать его` },
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
        {
          en: `Ask ${link.from} instead of reading the copy, in one switch`,
          ru: `Спрашивать ${link.from}, а не читать копию: один переключатель`,
        },
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
        { en: `Switch the producer of ${event.name} off`, ru: `Выключить продюсер ${event.name}` },
        readFrom(link, 'http', false),
        stopState(link),
      ),
      step(
        '4',
        { en: 'Wait until every fact stated for the event has arrived', ru: 'Дождаться, пока дойдут все факты, отправленные событием' },
        drained(link, 'event'),
      ),
      step('5', { en: `Take the consumer out of ${link.to}`, ru: `Убрать консьюмер из ${link.to}` }, undeployConsumer(link)),
      added(
        '5a',
        { en: `Take the producer out of ${link.from}`, ru: `Убрать продюсер из ${link.from}` },
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
      step('6', { en: `Drop the copy in ${link.to}`, ru: `Удалить копию в ${link.to}` }, dropCopy(link)),
      step('7', { en: `Drop the topic of ${event.name}`, ru: `Удалить топик ${event.name}` }, dropTopic(link)),
      step('8', { en: 'Look for what is left', ru: 'Проверить, что ничего не осталось' }, removed(link, 'event')),
    ],
  )

/** Compared reads without a difference before anything may depend on the other way. */
const readsWanted = 30
/** How long what is hidden has to be left alone before it may be dropped. */
const quietSeconds = 5
