import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome', 'msedge']

/** The system's browser: `CHROME_BIN`, or the first that is found on the path; undefined where there is none. */
export function findBrowser(): string | undefined {
  const { CHROME_BIN: named, PATH: path = '' } = process.env
  if (named !== undefined && named !== '') return named
  return path
    .split(delimiter)
    .flatMap(folder => names.map(name => join(folder, name)))
    .find(file => {
      try {
        accessSync(file, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}

export const openBrowser = (executablePath: string): Promise<Browser> =>
  // Root may not use the sandbox, and only root needs to do without.
  chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] })
