import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A screen that remembers what was drawn on it, and a person who answers and presses keys as the test says. */
export class PaperScreen {
  columns = 80
  rows = 40
  written = ''
  readonly questions: string[] = []
  readonly answers: string[] = []
  /** Whether somebody hears the keys now. */
  listener: ((key: string) => void) | null = null

  write(text: string): void {
    this.written += text
  }
  ask(question: string): Promise<string> {
    this.questions.push(question)
    return Promise.resolve(this.answers.shift() ?? '')
  }
  keys(listener: (key: string) => void): () => void {
    this.listener = listener
    return () => {
      this.listener = null
    }
  }
  press(key: string): void {
    this.listener?.(key)
  }
  /** How many rows the cursor went up before each picture but the first. */
  get climbs(): number[] {
    // oxlint-disable-next-line no-control-regex -- they are what is looked for
    return [...this.written.matchAll(/\u001b\[(\d+)A/g)].map(match => Number(match[1]))
  }
  /** The pictures that were drawn over each other, in order, without what moves the cursor. */
  get pictures(): string[] {
    // oxlint-disable-next-line no-control-regex -- they are what is taken out
    const still = this.written.replaceAll(/\u001b\[(?:\?25[lh]|\d*A|K)|\r/g, '')
    return still.split('\u001b[0J').slice(0, -1)
  }
}

/** Time that passes only while somebody sleeps. Every sleep does what the test has prepared for it. */
export class PaperClock {
  slept = 0
  private time: number
  private readonly at = new Map<number, () => void>()

  constructor(start: number) {
    this.time = start
  }
  now(): number {
    return this.time
  }
  /** Does something in the sleep of that number, counted from 1. */
  during(sleep: number, act: () => void): void {
    this.at.set(sleep, act)
  }
  /** Lets time pass without a sleep. */
  pass(ms: number): void {
    this.time += ms
  }
  sleep(ms: number, _signal?: AbortSignal): Promise<void> {
    this.time += ms
    this.at.get(++this.slept)?.()
    return new Promise(resolve => setImmediate(resolve))
  }
}

export interface Paper {
  readonly out: string
  readonly error: string
  readonly code: number
}

/** A data directory as a running system leaves it, for an engine at that address. */
export async function aHome(address: string): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'cutover-cli-'))
  await writeFile(join(home, 'run.json'), JSON.stringify({ first_port: Number(new URL(address).port) }))
  await writeFile(join(home, 'operator-token'), 'secret\n')
  await writeFile(join(home, 'approver-token'), 'second\n')
  return home
}
