import { added, plan, type LinkPlan, step } from '@cutover/engine/plan'
import { consume } from '@cutover/engine/verbs/consume'
import { drained } from '@cutover/engine/verbs/drained'
import { parity } from '@cutover/engine/verbs/parity'
import { producer } from '@cutover/engine/verbs/producer'
import { produce } from '@cutover/engine/verbs/produce'
import { register } from '@cutover/engine/verbs/register'
import { retireCalls, retireEndpoint } from '@cutover/engine/verbs/retire'
import { openTopic } from '@cutover/engine/verbs/topic'
import { removed } from '@cutover/engine/verbs/removed'
import { route } from '@cutover/engine/verbs/route'
import { TaskCompleted as event } from '../contracts/events/task-completed/event.ts'
import { linkOf } from '../contracts/links.ts'

const link = linkOf('COMM-040')

/** Procedure 3, as it is written down, for COMM-040: credit for a right solution. It moves from HTTP to its event. */
export const creditToEvent: LinkPlan = plan(
  {
    id: link.id,
    link,
    to: 'event',
    procedure: 'Procedure 3. Business link, HTTP to event',
    title: {
      en: 'COMM-040, credit for a right solution: from HTTP to TaskCompleted',
      ru: 'COMM-040: с HTTP на событие TaskCompleted',
    },
  },
  [
    step(
      '1',
      { en: 'Register TaskCompleted', ru: 'Зарегистрировать событие TaskCompleted' },
      register(event, 0, [link.from, link.to]),
      openTopic(link),
    ),
    step(
      '2',
      { en: 'Give bonuses an empty consumer', ru: 'Добавить в bonuses пустой консьюмер' },
      consume(link, { name: event.name, version: 0 }, 'record'),
    ),
    step(
      '3',
      { en: 'Let hiring produce TaskCompleted, in shadow', ru: 'Публиковать TaskCompleted из hiring в тени' },
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
      { en: 'Let every instance of bonuses act on events', ru: 'Научить каждый экземпляр bonuses действовать по событиям' },
      {
        en: 'Step 5 relies on all of them at once: one that cannot act yet would keep its facts waiting.',
        ru: 'Шаг 5 полагается сразу на все экземпляры: у того, кто ещё не умеет действовать, факты застрянут.',
      },
      consume(link, { name: event.name, version: 0 }, 'act'),
    ),
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
