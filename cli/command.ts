import { join, resolve } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { CommandFailed, exitCodes } from './exit.ts'
import { type Call, type Server, type ServerName, findServer } from './server.ts'

/** What a command gets from outside, so that a test can stand in for terminal and environment. */
export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>
  out(text: string): void
  error(text: string): void
}

/** What every command has: its output as text or JSON, and the servers. */
export interface Context {
  readonly home: string
  call<Answer>(server: ServerName, call: Omit<Call, 'timeoutMs'>): Promise<Answer>
  /** Prints the answer: as JSON with --json, else as the text that `human` makes of it. */
  print<Answer>(answer: Answer, human: (answer: Answer) => string): void
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
}

/** The data directory: CUTOVER_HOME, or `.cutover` in the project. */
export const homeOf = (environment: Terminal['environment']): string =>
  resolve(environment['CUTOVER_HOME'] || join(import.meta.dirname, '..', '.cutover'))

/** A command with the options that all have, and two examples in its help. */
export function verb(terminal: Terminal, { name, summary, examples, timeoutSeconds }: Verb): Command {
  return new Command(name)
    .description(summary)
    .option('--json', 'print the answer as JSON')
    .addOption(new Option('--server <url>', 'address of the server, instead of the one in run.json').argParser(url))
    .addOption(
      new Option('--timeout <seconds>', 'how long to wait for the answer').argParser(between(1, 3_600, 'seconds')).default(timeoutSeconds),
    )
    .addHelpText('after', `\nExamples:\n${examples.map(example => `  $ npx cutover ${example}\n`).join('')}`)
    .showHelpAfterError(`  see: npx cutover ${examples[0].split(' ')[0]} --help`)
    .configureOutput({ writeOut: text => terminal.out(text.trimEnd()), writeErr: text => terminal.error(text.trimEnd()) })
    .exitOverride()
}

/** Makes the context from the options that were given. */
export function contextOf(terminal: Terminal, command: Command): Context {
  // A group that takes the common options, like `traffic`, has taken them wherever they stood on the line.
  const { json, server, timeout } = command.optsWithGlobals<CommonOptions>()
  const home = homeOf(terminal.environment)
  const token = terminal.environment['CUTOVER_TOKEN'] || undefined
  const servers = new Map<ServerName, Promise<Server>>()
  return {
    home,
    async call(name, call) {
      const found = servers.get(name) ?? findServer(name, { home, address: server, token })
      servers.set(name, found)
      return (await found).call({ ...call, timeoutMs: timeout * 1_000 })
    },
    print: (answer, human) => terminal.out(json ? JSON.stringify(answer, null, 2) : human(answer)),
  }
}

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
