import { added, type ChangePlan, plan, step } from '@cutover/engine/plan'
import { compareColumns } from '@cutover/engine/verbs/compare-columns'
import { dropColumn, quarantineColumn } from '@cutover/engine/verbs/drop-column'
import { columnsThere, expandColumns } from '@cutover/engine/verbs/expand-columns'
import { fillColumns } from '@cutover/engine/verbs/fill-columns'
import { checkColumns, guardColumns } from '@cutover/engine/verbs/guard-columns'
import { knowColumns } from '@cutover/engine/verbs/know-columns'
import { register } from '@cutover/engine/verbs/register'
import { relaxColumn } from '@cutover/engine/verbs/relax-column'
import { tellVersion } from '@cutover/engine/verbs/tell-version'
import { quietColumn, unusedColumn } from '@cutover/engine/verbs/unused-column'
import { deployed, versionHandled, versionStated } from '@cutover/engine/verbs/version-able'
import { versionDrained } from '@cutover/engine/verbs/version-drained'
import { dualWrite, readNew, writeNew } from '@cutover/engine/verbs/write-columns'
import { TaskChanged } from '../contracts/events/task-changed/event.ts'
import { TaskCreated } from '../contracts/events/task-created/event.ts'
import { splitTitle as change } from '../contracts/title-columns.ts'

const services = ['management', 'hiring', 'bonuses'] as const
/** How long nobody may have reached for the old column, where that is looked at early, and before it is given up. */
const earlySeconds = 3
const quietSeconds = 5

/** US-160, as it is written down: the title of a task in two parts, in columns, events and copies. It moves no link, and works on any route. */
export const splitTitle: ChangePlan = plan(
  {
    id: change,
    to: 'new',
    change: {
      services,
      events: [
        { event: TaskCreated, version: 1 },
        { event: TaskChanged, version: 1 },
      ],
    },
    procedure: 'US-160. Split the titles of tasks',
    title: {
      en: 'US-160: split the titles of tasks into knowledge area and title',
      ru: 'US-160: разделить названия заданий на область знаний и название',
    },
  },
  [
    step(
      '1',
      {
        en: 'Add knowledge_area to the databases of management and bonuses',
        ru: 'Добавить knowledge_area в базы management и bonuses',
      },
      expandColumns(change, 'management'),
      expandColumns(change, 'bonuses'),
    ),
    added(
      '1a',
      { en: 'Add it to the database of hiring', ru: 'Добавить его в базу hiring' },
      {
        en: 'Candidates see the titles in hiring, in its own tables and in its copy; the procedure forgets them.',
        ru: 'Кандидаты видят названия в hiring, в его таблицах и в его копии; о них процедура забывает.',
      },
      expandColumns(change, 'hiring'),
    ),
    step(
      '2',
      { en: 'Deploy bonuses with its changed database', ru: 'Развернуть bonuses с изменённой базой' },
      knowColumns(change, 'bonuses'),
    ),
    step(
      '3',
      { en: 'Give management one accessor for the title', ru: 'Дать management одно место, где берут название' },
      knowColumns(change, 'management'),
    ),
    step(
      '4',
      {
        en: 'Read the title in management through the accessor everywhere',
        ru: 'Читать название в management везде через это место',
      },
      unusedColumn(change, 'management', earlySeconds),
    ),
    step(
      '5',
      { en: 'Register TaskCreated v0', ru: 'Зарегистрировать TaskCreated v0' },
      register(TaskCreated, 0, ['management', 'bonuses']),
    ),
    added(
      '5a',
      { en: 'Register TaskChanged v0', ru: 'Зарегистрировать TaskChanged v0' },
      {
        en: 'The copy of the tasks in hiring is told by an event of its own, which has the title as well.',
        ru: 'О копии заданий в hiring рассказывает своё событие, и в нём тоже есть название.',
      },
      register(TaskChanged, 0, ['management', 'hiring']),
    ),
    step(
      '6',
      {
        en: 'Add the column in bonuses: it is there since step 1, once',
        ru: 'Добавить столбец в bonuses: он там с шага 1, один раз',
      },
      columnsThere(change, 'bonuses'),
    ),
    step('7', { en: 'Deploy bonuses, writing both forms', ru: 'Развернуть bonuses с записью обоих видов' }, dualWrite(change, 'bonuses')),
    added(
      '7a',
      { en: 'Deploy management and hiring, writing both forms', ru: 'Развернуть management и hiring с записью обоих видов' },
      {
        en: 'A row that is written while the old ones are filled has to have both forms, or it stays empty.',
        ru: 'Строка, записанная во время заполнения прежних, должна быть в обоих видах, иначе останется пустой.',
      },
      knowColumns(change, 'hiring'),
      dualWrite(change, 'management'),
      dualWrite(change, 'hiring'),
    ),
    added(
      '7b',
      { en: 'Refuse rows without the new columns', ru: 'Отвергать строки без новых столбцов' },
      {
        en: 'That every instance writes both is deployed; that nobody else writes one is held by the database.',
        ru: 'Что каждый экземпляр пишет оба вида, развёрнуто; что никто другой не пишет один, держит база.',
      },
      ...services.map(service => guardColumns(change, service)),
    ),
    step(
      '8',
      { en: 'Fill knowledge_area in bonuses from the titles', ru: 'Заполнить knowledge_area в bonuses из названий' },
      fillColumns(change, 'bonuses'),
    ),
    added(
      '8a',
      { en: 'Fill it in management and hiring', ru: 'Заполнить его в management и hiring' },
      {
        en: 'The procedure fills bonuses only; the titles of the others would never be split.',
        ru: 'Процедура заполняет только bonuses; названия остальных так и не разделились бы.',
      },
      fillColumns(change, 'management'),
      fillColumns(change, 'hiring'),
    ),
    added(
      '8b',
      { en: 'Compare both forms of every row', ru: 'Сверить оба вида каждой строки' },
      {
        en: 'Nobody may read the new form before it says to the byte what the old one says.',
        ru: 'Новый вид нельзя читать, пока он до байта не говорит то же, что прежний.',
      },
      ...services.map(service => compareColumns(change, service)),
    ),
    added(
      '8c',
      { en: 'Have all rows checked against the guard', ru: 'Проверить все строки на охрану' },
      {
        en: 'From here on the database itself knows that no row is without its new columns.',
        ru: 'Отныне база сама знает, что у каждой строки есть новые столбцы.',
      },
      ...services.map(service => checkColumns(change, service)),
    ),
    step(
      '9',
      { en: 'Teach bonuses to take area and title out of the title', ru: 'Научить bonuses брать область и название из названия' },
      unusedColumn(change, 'bonuses', earlySeconds),
    ),
    step('10', { en: 'Deploy bonuses, reading the new form', ru: 'Развернуть bonuses с чтением нового вида' }, readNew(change, 'bonuses')),
    added(
      '10a',
      { en: 'Deploy management and hiring, reading the new form', ru: 'Развернуть management и hiring с чтением нового вида' },
      {
        en: 'As long as one of them reads the old column, that column cannot go.',
        ru: 'Пока кто-то из них читает прежний столбец, убрать его нельзя.',
      },
      readNew(change, 'management'),
      readNew(change, 'hiring'),
    ),
    step(
      '11',
      { en: 'Register TaskCreated v1', ru: 'Зарегистрировать TaskCreated v1' },
      register(TaskCreated, 1, ['management', 'bonuses']),
    ),
    added(
      '11a',
      { en: 'Register TaskChanged v1', ru: 'Зарегистрировать TaskChanged v1' },
      { en: 'The event of the copy is split as well.', ru: 'Событие копии тоже разделяется.' },
      register(TaskChanged, 1, ['management', 'hiring']),
    ),
    step(
      '12',
      { en: 'Handle the new version in bonuses', ru: 'Обрабатывать новую версию в bonuses' },
      versionHandled(TaskCreated.name, 1, 'bonuses'),
    ),
    added(
      '12a',
      { en: 'Handle it in hiring', ru: 'Обрабатывать её в hiring' },
      {
        en: 'Every receiver must be able to before anybody tells it: what nobody handles is parked.',
        ru: 'Каждый получатель должен уметь это раньше, чем новую версию начнут рассказывать: необработанное откладывают.',
      },
      versionHandled(TaskChanged.name, 1, 'hiring'),
    ),
    step(
      '13',
      { en: 'Let management send the new version', ru: 'Научить management посылать новую версию' },
      versionStated(TaskCreated.name, 1, 'management'),
    ),
    added(
      '13a',
      { en: 'The same for TaskChanged', ru: 'То же для TaskChanged' },
      { en: 'The event of the copy is split as well.', ru: 'Событие копии тоже разделяется.' },
      versionStated(TaskChanged.name, 1, 'management'),
    ),
    step(
      '14',
      {
        en: 'Tell TaskCreated v1 and v0 no more, in one switch',
        ru: 'Рассказывать TaskCreated v1 и больше не v0: один переключатель',
      },
      tellVersion(TaskCreated, 1, ['bonuses']),
    ),
    added(
      '14a',
      { en: 'Tell TaskChanged v1 and v0 no more', ru: 'Рассказывать TaskChanged v1 и больше не v0' },
      { en: 'The event of the copy is split as well.', ru: 'Событие копии тоже разделяется.' },
      tellVersion(TaskChanged, 1, ['hiring']),
    ),
    step(
      '15',
      { en: 'Deploy management', ru: 'Развернуть management' },
      deployed('management', `state:${TaskCreated.name}-v1`),
      deployed('management', `state:${TaskChanged.name}-v1`),
    ),
    step(
      '16',
      { en: 'Wait until every TaskCreated v0 is handled', ru: 'Дождаться обработки всех TaskCreated v0' },
      versionDrained(TaskCreated.name, 0, 1),
    ),
    added(
      '16a',
      { en: 'Wait until every TaskChanged v0 is handled', ru: 'Дождаться обработки всех TaskChanged v0' },
      { en: 'The event of the copy is split as well.', ru: 'Событие копии тоже разделяется.' },
      versionDrained(TaskChanged.name, 0, 1),
    ),
    added(
      '16b',
      { en: 'Let the old column be empty', ru: 'Разрешить прежнему столбцу быть пустым' },
      {
        en: 'Instances that write it and instances that do not run side by side while the next step is deployed.',
        ru: 'Пока разворачивается следующий шаг, рядом работают экземпляры, которые его пишут, и те, которые нет.',
      },
      ...services.map(service => relaxColumn(change, service)),
    ),
    step(
      '17',
      { en: 'Take the old form out of bonuses', ru: 'Убрать прежний вид из bonuses' },
      unusedColumn(change, 'bonuses', quietSeconds),
      writeNew(change, 'bonuses', { event: TaskCreated.name, version: 0 }),
    ),
    added(
      '17a',
      { en: 'Take it out of management and hiring', ru: 'Убрать его из management и hiring' },
      {
        en: 'A reader in a path that is rarely used is named here, before it would miss anything.',
        ru: 'Читатель на редком пути будет назван здесь, раньше, чем ему чего-то не хватит.',
      },
      unusedColumn(change, 'management', quietSeconds),
      writeNew(change, 'management', null),
      unusedColumn(change, 'hiring', quietSeconds),
      writeNew(change, 'hiring', { event: TaskChanged.name, version: 0 }),
    ),
    added(
      '17b',
      { en: 'Hide the old column, and see who misses it', ru: 'Спрятать прежний столбец и посмотреть, кому он нужен' },
      {
        en: 'What is dropped is gone: hidden first, it can be taken out again, and whoever still needs it is named.',
        ru: 'Удалённое не вернуть: спрятанное можно достать, а кому оно ещё нужно, тот будет назван.',
      },
      ...services.map(service => quarantineColumn(change, service)),
      ...services.map(service => quietColumn(change, service, quietSeconds)),
    ),
    step(
      '18',
      { en: 'Clean up: drop the old column everywhere', ru: 'Убрать за собой: удалить прежний столбец везде' },
      ...services.map(service => dropColumn(change, service)),
    ),
  ],
)
