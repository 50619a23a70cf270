import type { RunView } from '@cutover/engine/api/plan'
import type { Context } from './command.ts'
import { picture, rowsOf } from './picture.ts'
import { cut, styled } from './print.ts'
import type { Footer, Progress } from './progress.ts'
import type { Screen } from './screen.ts'

const hideCursor = '\u001b[?25l'
const showCursor = '\u001b[?25h'
const clearRest = '\u001b[0J'
const clearLine = '\u001b[K'

/** Draws a run in place, over and over, so that it fits the terminal whatever its size is by then. */
export function live({ clock, glyphs }: Context, screen: Screen): Progress {
  let drawn: readonly string[] = []
  let last: { run: RunView; footer: Footer | null } | null = null
  let notice = ''
  const restore = (): void => screen.write(showCursor)
  process.once('exit', restore)

  function draw(run: RunView, footer: Footer | null): void {
    const foot = [
      ...(notice === '' ? [] : [styled('yellow', cut(notice, screen.columns - 1, glyphs.dots))]),
      ...(footer === null ? [] : [styled(footer.asks ? 'yellow' : 'dim', cut(footer.text, screen.columns - 1, glyphs.dots))]),
    ]
    const height = screen.rows - foot.length - 2
    const lines = picture({ run, now: clock.now(), width: screen.columns - 1, height, glyphs })
    const next = foot.length > 0 ? [...lines, '', ...foot] : lines
    const up = drawn.reduce((sum, line) => sum + rowsOf(line, screen.columns), 0)
    screen.write(`${hideCursor}${up > 0 ? `\u001b[${up}A` : ''}\r${next.map(line => `${line}${clearLine}\n`).join('')}${clearRest}`)
    drawn = next
  }

  return {
    show(run, footer) {
      notice = ''
      last = { run, footer }
      draw(run, footer)
    },
    note(text) {
      notice = text
      if (last !== null) draw(last.run, last.footer)
    },
    end() {
      notice = ''
      // What stays on the screen is the run without the keys, which do nothing any more.
      if (last !== null) draw(last.run, null)
      restore()
      process.off('exit', restore)
    },
  }
}
