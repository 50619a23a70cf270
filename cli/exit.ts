/** Exit codes, the same for every command. docs/cli.md says them; a test compares. */
export const exitCodes = {
  fine: 0,
  /** The command was understood and did not succeed. */
  failed: 1,
  /** The command succeeded in finding that something is wrong: verify. */
  checkFailed: 3,
  /** Unknown command, option, link or service; a value outside its rule. */
  usage: 64,
  /** The system, or the service that the command needs, does not answer. */
  unreachable: 69,
  notPermitted: 77,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** A failure that is told to the user: what went wrong and where, then what to do about it. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed'
  readonly exitCode: ExitCode
  readonly remedy: string
  /** The problem document of the server, for --json. */
  readonly problem: object | null

  constructor(exitCode: ExitCode, message: string, remedy: string, options: { problem?: object; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.exitCode = exitCode
    this.remedy = remedy
    this.problem = options.problem ?? null
  }
}
