/** Exit codes, the same for every command. docs/cli.md says them; a test compares. */
export const exitCodes = {
  fine: 0,
  /** The command was understood and did not succeed. */
  failed: 1,
  /** `plan --detailed-exitcode`: there is something to do. */
  changes: 2,
  /** The command succeeded in finding that something is wrong: a difference, a gate that says no, a plan that is refused. */
  checkFailed: 3,
  /** The order does not fit what is: another run holds the link, the plan has changed, there is nothing to do. */
  held: 4,
  /** It needs a person or more time: paused, waiting beyond the limit, or past the point of no return. */
  waits: 5,
  /** A run that was to go forward has gone back. */
  reverted: 6,
  /** Unknown command, option, link or service; a value outside its rule. */
  usage: 64,
  /** The system, or the service that the command needs, does not answer. */
  unreachable: 69,
  notPermitted: 77,
  interrupted: 130,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** A failure that is told to the user: what went wrong and where, then what to do about it. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed'
  readonly exitCode: ExitCode
  readonly remedy: string
  /** The problem document of the server, for --json. */
  readonly problem: { readonly code?: unknown } | null
  /**
   * Whether the server can have acted on a call that failed because nobody answered: `unsent` when it cannot have,
   * `lost` when nobody knows. Null when it has answered.
   */
  readonly unanswered: Unanswered | null

  constructor(exitCode: ExitCode, message: string, remedy: string, options: FailureOptions = {}) {
    super(message, { cause: options.cause })
    this.exitCode = exitCode
    this.remedy = remedy
    this.problem = options.problem ?? null
    this.unanswered = options.unanswered ?? null
  }
}

export type Unanswered = 'unsent' | 'lost'
interface FailureOptions {
  readonly problem?: { readonly code?: unknown }
  readonly unanswered?: Unanswered
  readonly cause?: unknown
}

/** The end of a command that has said all there is to say; only its exit code is left. */
export class Ended extends Error {
  override readonly name = 'Ended'
  readonly exitCode: ExitCode

  constructor(exitCode: ExitCode) {
    super(`ended with ${exitCode}`)
    this.exitCode = exitCode
  }
}
