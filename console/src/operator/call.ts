/** A refusal of the engine as it travels (RFC 9457), or our own word for an engine that does not answer. */
export interface ProblemDocument {
  readonly status: number
  readonly code: string
  readonly title: string
  readonly detail: string
  readonly trace: string | null
}

export class Refused extends Error {
  override readonly name = 'Refused'
  readonly problem: ProblemDocument

  constructor(problem: ProblemDocument) {
    super(`${problem.title}: ${problem.detail}`)
    this.problem = problem
  }
}

/** Gives up on an answer after this long: an engine that hangs is an engine that is away. */
const answerMsMax = 20_000

export type Call = <Answer>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object) => Promise<Answer>

/** Calls the engine by the browser's cookie. `onSignedOut` is told of every 401. */
export const openCall =
  (onSignedOut: () => void): Call =>
  async <Answer>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<Answer> => {
    const response = await fetch(path, {
      method,
      headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(answerMsMax),
    }).catch((error: unknown) => {
      const detail = error instanceof Error ? error.message : String(error)
      throw new Refused({ status: 0, code: 'unreachable', title: 'No answer', detail, trace: null })
    })
    const answer: unknown = await response.json().catch(() => null)
    if (response.ok) return answer as Answer
    if (response.status === 401) onSignedOut()
    throw new Refused(problemOf(response.status, answer))
  }

function problemOf(status: number, answer: unknown): ProblemDocument {
  const { code, title, detail, trace_id: trace } = (answer ?? {}) as Readonly<Record<string, unknown>>
  const text = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise)
  return {
    status,
    code: text(code, 'unknown'),
    title: text(title, `HTTP ${status}`),
    detail: text(detail, ''),
    trace: typeof trace === 'string' ? trace : null,
  }
}
