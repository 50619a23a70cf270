/** A field that is wrong: where, by which rule, and what it should be. Never the value, which may be personal. */
export interface FieldError {
  /** A JSON pointer into the body, or the name of a header or parameter. */
  readonly pointer: string
  readonly code: string
  readonly detail: string
}

interface CatalogueEntry {
  readonly status: number
  readonly title: string
}

/** Every problem that the library answers with. Documented in docs/errors.md; a test compares the two. */
const catalogue: Record<string, CatalogueEntry> = {
  already_resolved: { status: 409, title: 'The dead letter is resolved' },
  already_written_off: { status: 409, title: 'The dead letter is written off' },
  approval_own: { status: 403, title: 'Nobody approves what they have ordered' },
  body_empty: { status: 400, title: 'The body is empty' },
  body_invalid: { status: 400, title: 'The body breaks rules of its schema' },
  body_too_large: { status: 413, title: 'The body is too large' },
  capability_missing: { status: 409, title: 'An instance cannot handle what the switch would send it' },
  capacity: { status: 503, title: 'No capacity left for now' },
  change_unknown: { status: 404, title: 'The change of columns is not known here' },
  charset_unsupported: { status: 415, title: 'Only UTF-8 is read' },
  copy_absent: { status: 409, title: 'There is no copy to read from' },
  copy_in_use: { status: 409, title: 'The copy is in use' },
  dead_letter_claimed: { status: 409, title: 'A job has the dead letter' },
  dead_letter_unknown: { status: 404, title: 'There is no such dead letter' },
  dead_letters_none: { status: 409, title: 'There is no dead letter to deal with' },
  edit_invalid: { status: 422, title: 'The change makes no valid message' },
  delivery_not_allowed: { status: 409, title: 'The link may not lose facts' },
  direct_full: { status: 503, title: 'Too much waits for the log' },
  encoding_unsupported: { status: 415, title: 'Compressed requests are not read' },
  epoch_behind: { status: 503, title: 'The database is older than what it has said' },
  event_invalid: { status: 500, title: 'A fact does not match its contract' },
  event_too_large: { status: 422, title: 'The event is too large' },
  event_unknown: { status: 404, title: 'The event is not stated here' },
  forbidden: { status: 403, title: 'Not permitted' },
  headers_too_large: { status: 431, title: 'The headers are too large' },
  header_invalid: { status: 400, title: 'A header is not valid' },
  idempotency_key_format: { status: 400, title: 'The Idempotency-Key is not valid' },
  idempotency_key_missing: { status: 400, title: 'The Idempotency-Key is missing' },
  idempotency_key_reused: { status: 422, title: 'The key belongs to other content' },
  in_progress: { status: 409, title: 'The first request with this key still runs' },
  internal: { status: 500, title: 'Something failed here' },
  job_state: { status: 409, title: 'The job does not take this order now' },
  job_unknown: { status: 404, title: 'There is no such job' },
  json_bom: { status: 400, title: 'The body begins with a byte order mark' },
  json_duplicate_key: { status: 400, title: 'A key occurs twice' },
  json_syntax: { status: 400, title: 'The body is not JSON' },
  json_too_deep: { status: 400, title: 'The body is nested too deeply' },
  key_forbidden: { status: 400, title: 'A key is not allowed' },
  link_not_shared: { status: 409, title: 'The link cannot be shared between its routes' },
  link_refused: { status: 502, title: 'The other service refused the call' },
  link_retired: { status: 410, title: 'The link is not served by HTTP here' },
  link_unknown: { status: 404, title: 'The link is not known here' },
  media_type_unsupported: { status: 415, title: 'Only application/json is read' },
  message_invalid: { status: 422, title: 'The message cannot be handled' },
  method_not_allowed: { status: 405, title: 'The method is not allowed here' },
  not_found: { status: 404, title: 'There is no such thing' },
  number_range: { status: 400, title: 'A number is out of range' },
  number_unsafe: { status: 400, title: 'A number would lose digits' },
  parameter_invalid: { status: 400, title: 'A parameter breaks a rule' },
  rejected: { status: 409, title: 'Refused by a rule' },
  request_invalid: { status: 400, title: 'The request is not valid' },
  request_timeout: { status: 408, title: 'The request took too long to arrive' },
  switch_busy: { status: 503, title: 'The switch is busy' },
  term_stale: { status: 409, title: 'Another engine has taken over' },
  token_invalid: { status: 401, title: 'The token is not valid' },
  token_missing: { status: 401, title: 'A token is needed' },
  unavailable: { status: 503, title: 'Not available for now' },
  unicode_nul: { status: 400, title: 'U+0000 is not allowed' },
  unicode_surrogate: { status: 400, title: 'A lone surrogate is not allowed' },
  utf8_invalid: { status: 400, title: 'The body is not UTF-8' },
  version_unknown: { status: 409, title: 'The version is not known to this build' },
  version_unregistered: { status: 500, title: 'The event version is not registered' },
}

/** The codes of the library itself, for the test that compares them with the documentation. */
export const libraryProblems: Readonly<Record<string, CatalogueEntry>> = { ...catalogue }

/** Adds a service's own problems, once, when its modules load. A code that exists with other content is refused. */
export function extendProblems(more: Readonly<Record<string, CatalogueEntry>>): void {
  for (const [code, entry] of Object.entries(more)) {
    const known = Object.hasOwn(catalogue, code) ? catalogue[code] : undefined
    if (known !== undefined && (known.status !== entry.status || known.title !== entry.title))
      throw new Error(`problem code "${code}" is taken`)
    catalogue[code] = entry
  }
}

export interface ProblemOptions {
  /** What happened, to what, what was expected, what to do next. */
  readonly detail: string
  readonly status?: number
  readonly errors?: readonly FieldError[]
  /** Whether the same request may succeed later; by default so for 408, 429 and 503. */
  readonly retryable?: boolean
  readonly extensions?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
}

/** An error that a caller is told about, as a problem document (RFC 9457). An unknown code is a programmer's mistake and throws at once. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: string
  readonly status: number
  readonly title: string
  readonly errors: readonly FieldError[]
  readonly retryable: boolean
  readonly extensions: Readonly<Record<string, unknown>>

  constructor(code: string, options: ProblemOptions) {
    super(options.detail, { cause: options.cause })
    const entry = Object.hasOwn(catalogue, code) ? catalogue[code] : undefined
    if (entry === undefined) throw new Error(`problem code "${code}" is not in the catalogue`)
    this.code = code
    this.status = options.status ?? entry.status
    this.title = entry.title
    this.errors = options.errors ?? []
    this.retryable = options.retryable ?? [408, 429, 503].includes(this.status)
    this.extensions = options.extensions ?? {}
  }

  toJSON(more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    return {
      ...this.extensions,
      type: `/problems/${this.code.replaceAll('_', '-')}`,
      title: this.title,
      status: this.status,
      code: this.code,
      detail: this.message,
      ...(this.errors.length > 0 ? { errors: this.errors } : {}),
      retryable: this.retryable,
      ...more,
    }
  }
}
