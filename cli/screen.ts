import { emitKeypressEvents } from 'node:readline'
import { createInterface } from 'node:readline/promises'
import type { ReadStream, WriteStream } from 'node:tty'
import { Ended, exitCodes } from './exit.ts'

/** The screen and keyboard of a person. */
export interface Screen {
  readonly columns: number
  readonly rows: number
  write(text: string): void
  /** Asks for one line; an empty one when the input ends. */
  ask(question: string): Promise<string>
  /** Hears single keys until the function that it answers with is called. Ctrl-C comes as `ctrl-c`. */
  keys(listener: (key: string) => void): () => void
}

interface Key {
  readonly name?: string
  readonly ctrl?: boolean
  readonly sequence?: string
}

/** The screen of this process, or null when a person sits at neither end or at one only. */
export function screenOf(input: ReadStream, output: WriteStream): Screen | null {
  if (!input.isTTY || !output.isTTY) return null
  return {
    get columns() {
      return output.columns
    },
    get rows() {
      return output.rows
    },
    write: text => void output.write(text),
    ask: question => ask(input, output, question),
    keys: listener => hear(input, listener),
  }
}

async function ask(input: ReadStream, output: WriteStream, question: string): Promise<string> {
  const line = createInterface({ input, output })
  try {
    return await new Promise((resolve, reject) => {
      line.on('SIGINT', () => {
        output.write('\n')
        reject(new Ended(exitCodes.interrupted))
      })
      line.on('close', () => resolve(''))
      line.question(question).then(resolve, reject)
    })
  } finally {
    line.close()
  }
}

function hear(input: ReadStream, listener: (key: string) => void): () => void {
  const heard = (_text: string | undefined, { name, ctrl, sequence }: Key): void =>
    listener(ctrl === true && name === 'c' ? 'ctrl-c' : (name ?? sequence ?? ''))
  const still = (): void => void input.setRawMode(false)
  emitKeypressEvents(input)
  input.setRawMode(true).on('keypress', heard).resume()
  // However the process ends, its terminal must take lines again.
  process.once('exit', still)
  return () => {
    process.off('exit', still)
    still()
    input.off('keypress', heard).pause()
  }
}
