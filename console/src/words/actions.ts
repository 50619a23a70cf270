import type { Language } from './say.ts'

/** What the history calls an action, in Russian. An action that is not here is shown as it is. */
const russian: Readonly<Record<string, string>> = {
  'switch asked': 'переключение запрошено',
  'switch moved': 'переключено',
  'switch unchanged': 'уже было переключено',
  'switch failed': 'переключить не удалось',
  'run started': 'запуск начат',
  'run paused': 'запуск приостановлен',
  'run resumed': 'запуск продолжен',
  'run turned back': 'запуск повёрнут назад',
  'run turned forward': 'запуск снова повёрнут вперёд',
  'run approved': 'запуск одобрен',
  'run completing': 'запуск завершают',
  'run finished': 'запуск выполнен',
  'run reverted': 'запуск возвращён',
  'run completed': 'запуск завершён',
  'step begun': 'шаг начат',
  'step applied': 'шаг выполнен',
  'step waits': 'шаг ждёт',
  'step failed': 'сбой шага',
  'step reverting': 'шаг отменяют',
  'inverse applied': 'отмена выполнена',
  'step reverted': 'шаг отменён',
  'gate passed': 'проверка пройдена',
  'gate failed': 'проверка не пройдена',
  'gate holds': 'проверка держит',
}

export function actionWord(action: string, language: Language): string {
  const word = language === 'ru' ? (russian[action] ?? action) : action
  return word.charAt(0).toUpperCase() + word.slice(1)
}
