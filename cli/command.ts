import { join, resolve } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { CommandFailed, exitCodes } from './exit.ts'
import { type Glyphs, ascii, drawn } from './glyphs.ts'
import type { Screen } from './screen.ts'
import { type Call, type Server, type ServerName, findServer } from './server.ts'

/** What a command gets from outside, so that a test can stand in for terminal, environment and time. */
export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>
  out(text: string): void
  error(text: string): void
  /** Null when no person sits at it. */
  readonly screen: Screen | null
  readonly clock: Clock
  /** Lets a command decide what Ctrl-C means, until the function that it answers with is called. */
  onInterrupt(listener: () => void): () => void
}

export interface Clock {
  now(): number
  /** Resolves after that time, or as soon as the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export type EngineCall = Omit<Call, 'timeoutMs'>

/** What every command has: its output as text or JSON, the servers, and what it knows of who reads it. */
export interface Context {
  readonly home: string
  readonly json: boolean
  /** Whom to ask. Null when nobody is there, and with --json, which is for programs. */
  readonly screen: Screen | null
  readonly clock: Clock
  readonly glyphs: Glyphs
  /** What the text has to fit into, or null when it goes into a file or a pipe. */
  readonly width: number | null
  /** Whether the screen takes a picture that is drawn over again. */
  readonly draws: boolean
  /** The time limit, and whether it was given by hand. */
  readonly timeoutMs: number
  readonly timeoutGiven: boolean
  call<Answer>(server: ServerName, call: EngineCall & { readonly timeoutMs?: number }): Promise<Answer>
  /** Prints the answer: as JSON with --json, else as the text that `human` makes of it. */
  print<Answer>(answer: Answer, human: (answer: Answer) => string): void
  /** Tells how it goes, on stderr. Nothing with --json, so that stderr holds an error and nothing else. */
  note(text: string): void
  onInterrupt: Terminal['onInterrupt']
}

interface CommonOptions {
  readonly json?: true
  readonly server?: string
  readonly timeout: number
}

export interface Verb {
  readonly name: string
  readonly summary: string
  readonly examples: readonly [string, string]
  readonly timeoutSeconds: number
  /** What --timeout limits, where it is not one answer. */
  readonly timeoutOf?: string
}

/** The data directory: CUTOVER_HOME, or `.cutover` in the project. */
export const homeOf = (environment: Terminal['environment']): string =>
  resolve(environment['CUTOVER_HOME'] || join(import.meta.dirname, '..', '.cutover'))

/** A command with the options that all have, and two examples in its help. */
export function verb(terminal: Terminal, { name, summary, examples, timeoutSeconds, timeoutOf }: Verb): Command {
  return new Command(name)
    .description(summary)
    .option('--json', 'print the answer as JSON')
    .addOption(new Option('--server <url>', 'address of the server, instead of the one in run.json').argParser(url))
    .addOption(
      new Option('--timeout <seconds>', `how long to wait for ${timeoutOf ?? 'the answer'}`)
        .argParser(between(1, 3_600, 'seconds'))
        .default(timeoutSeconds),
    )
    .addHelpText('after', `\nExamples:\n${examples.map(example => `  $ npx cutover ${example}\n`).join('')}`)
    .showHelpAfterError(`  see: npx cutover ${examples[0].split(' ')[0]} --help`)
    .configureOutput({ writeOut: text => terminal.out(text.trimEnd()), writeErr: text => terminal.error(text.trimEnd()) })
    .exitOverride()
}

/** Whose token a command shows, and the file that it is in, if one was named by hand. */
export interface Whose {
  readonly who: 'operator' | 'approver'
  readonly file?: string | undefined
}

/** Makes the context from the options that were given. */
export function contextOf(terminal: Terminal, command: Command, whose: Whose = { who: 'operator' }): Context {
  // A group that takes the common options, like `traffic`, has taken them wherever they stood on the line.
  const { json, server, timeout } = command.optsWithGlobals<CommonOptions>()
  const home = homeOf(terminal.environment)
  const token = terminal.environment['CUTOVER_TOKEN'] || undefined
  const servers = new Map<ServerName, Promise<Server>>()
  const screen = json === true ? null : terminal.screen
  const draws = screen !== null && !terminal.environment['NO_COLOR'] && terminal.environment['TERM'] !== 'dumb'
  return {
    home,
    json: json === true,
    screen,
    clock: terminal.clock,
    glyphs: draws && speaksUnicode(terminal.environment) ? drawn : ascii,
    get width() {
      return terminal.screen?.columns ?? null
    },
    draws,
    timeoutMs: timeout * 1_000,
    timeoutGiven: command.getOptionValueSourceWithGlobals('timeout') === 'cli',
    async call(name, call) {
      const found = servers.get(name) ?? findServer(name, { home, address: server, token, ...whose })
      servers.set(name, found)
      return (await found).call({ timeoutMs: timeout * 1_000, ...call })
    },
    print: (answer, human) => terminal.out(json ? JSON.stringify(answer, null, 2) : human(answer)),
    note: text => {
      if (json !== true) terminal.error(text)
    },
    onInterrupt: listener => terminal.onInterrupt(listener),
  }
}

/** Windows draws what it is given; elsewhere the locale says which bytes the terminal takes. */
const speaksUnicode = ({ LC_ALL, LC_CTYPE, LANG }: Terminal['environment']): boolean =>
  process.platform === 'win32' || /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '')

function url(text: string): string {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) throw new InvalidArgumentError('It must be an address like http://127.0.0.1:4400.')
  return text
}

/** Reads a number and holds it between its bounds. */
export const between =
  (minimum: number, maximum: number, unit: string) =>
  (text: string): number => {
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
    if (!(value >= minimum && value <= maximum))
      throw new InvalidArgumentError(`It must be a number of ${unit} from ${minimum} to ${maximum}.`)
    return value
  }

/** Reads a whole number and holds it between its bounds. */
export const integer =
  (minimum: number, maximum: number, unit: string) =>
  (text: string): number => {
    const value = between(minimum, maximum, unit)(text)
    if (!Number.isInteger(value)) throw new InvalidArgumentError(`It must be a whole number of ${unit} from ${minimum} to ${maximum}.`)
    return value
  }

/** For a command that found something wrong: the answer is printed, the exit code says it. */
export const checkFailed = (message: string, remedy: string): CommandFailed => new CommandFailed(exitCodes.checkFailed, message, remedy)
