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
  'run waiting': 'запуск ждёт',
  'run failed': 'сбой запуска',
  'run finished': 'запуск выполнен',
  'run reverted': 'запуск отменён',
  'run completed': 'запуск завершён',
  'pause ordered': 'приказ приостановить',
  'resume ordered': 'приказ продолжить',
  'revert ordered': 'приказ вернуть',
  'complete ordered': 'приказ завершить',
  'step applying': 'шаг выполняется',
  'step applied': 'шаг выполнен',
  'step done': 'шаг завершён',
  'step failed': 'сбой шага',
  'step reverting': 'шаг отменяется',
  'step reverted': 'шаг отменён',
  'gate passed': 'проверка пройдена',
  'gate failed': 'проверка не пройдена',
  'gate waits': 'проверке мало данных',
}

export function actionWord(action: string, language: Language): string {
  const word = language === 'ru' ? (russian[action] ?? action) : action
  return word.charAt(0).toUpperCase() + word.slice(1)
}
