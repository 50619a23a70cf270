import { added, plan, type LinkPlan, step } from '@cutover/engine/plan'
import { consume } from '@cutover/engine/verbs/consume'
import { makeCopy } from '@cutover/engine/verbs/copy'
import { producer } from '@cutover/engine/verbs/producer'
import { compareReads, readFrom } from '@cutover/engine/verbs/read'
import { register } from '@cutover/engine/verbs/register'
import { removed } from '@cutover/engine/verbs/removed'
import { retireCalls, retireEndpoint } from '@cutover/engine/verbs/retire'
import { produceState, snapshot } from '@cutover/engine/verbs/told'
import { openTopic } from '@cutover/engine/verbs/topic'
import { ManagerCreated as event } from '../contracts/events/manager-created/event.ts'
import { linkOf } from '../contracts/links.ts'

const link = linkOf('COMM-070')

/** Compared reads without a difference before the copy may answer. */
const readsWanted = 30

/** Procedure 1, as it is written down, for COMM-070: bonuses reads managers. It moves from HTTP to its event. */
export const managersToEvent: LinkPlan = plan(
  {
    id: link.id,
    link,
    to: 'event',
    procedure: 'Procedure 1. Data link, HTTP to event',
    title: {
      en: 'COMM-070, bonuses reads managers: from HTTP to ManagerCreated',
      ru: 'COMM-070: с HTTP на событие ManagerCreated',
    },
  },
  [
    step(
      '1',
      { en: 'Register ManagerCreated', ru: 'Зарегистрировать событие ManagerCreated' },
      register(event, 0, [link.from, link.to]),
      openTopic(link),
    ),
    step(
      '2',
      { en: 'Give bonuses a consumer that keeps a copy', ru: 'Добавить в bonuses консьюмер, который хранит копию' },
      makeCopy(link),
      consume(link, { name: event.name, version: 0 }, 'act'),
    ),
    step(
      '3',
      { en: 'Let management produce ManagerCreated at every change', ru: 'Публиковать ManagerCreated из management при каждом изменении' },
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
