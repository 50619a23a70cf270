import type { Socket } from 'node:net'
import { STATUS_CODES } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { JsonError } from '../contract/strict-json.ts'
import { Problem } from '../failure/problem.ts'
import type { Log } from '../process/log.ts'

/** The largest body that is read, in bytes. */
export const bodyBytesMax = 256 * 1024
// A pointer holds the caller's own keys, which may be as long as the body.
const pointerLengthMax = 200

type Thrown = Error & { readonly code?: unknown; readonly statusCode?: unknown }

/** Whatever was thrown, as a problem: ours as it is, the framework's by its code, anything else as `internal` without its text. */
export function toProblem(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown
  if (thrown instanceof JsonError) {
    const pointer =
      thrown.pointer.length > pointerLengthMax ? `${thrown.pointer.slice(0, pointerLengthMax).toWellFormed()}…` : thrown.pointer
    return new Problem(thrown.code, { detail: thrown.message, errors: [{ pointer, code: thrown.code, detail: thrown.message }] })
  }
  const error = (thrown instanceof Error ? thrown : new Error(String(thrown))) as Thrown
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new Problem('body_too_large', {
        detail: `a body may have 256 KiB (${bodyBytesMax} bytes) at the most; send less, or in parts`,
      })
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new Problem('media_type_unsupported', { detail: 'send JSON, with content-type application/json' })
    case 'FST_ERR_BAD_URL':
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return new Problem('not_found', { detail: 'the path cannot be one of ours; see /openapi.json' })
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new Problem('request_invalid', { detail: 'the body has another length than content-length says', cause: error })
    default:
  }
  const requestsFault = typeof error.code === 'string' && (error.code.startsWith('FST_ERR_') || error.code === 'ECONNRESET')
  if (requestsFault && typeof error.statusCode === 'number' && error.statusCode < 500) {
    return new Problem('request_invalid', { detail: 'the request breaks HTTP, or ended early; correct the client', cause: error })
  }
  return new Problem('internal', { detail: 'the request could not be served; the log has the reason under this trace id', cause: error })
}

/** Answers with the problem document, and logs what is our own fault. */
export function sendProblem(problem: Problem, request: FastifyRequest, reply: FastifyReply, log: Log): FastifyReply {
  const failed = { err: problem.cause ?? problem, trace_id: request.id, route: request.routeOptions.url }
  if (problem.status >= 500 && !problem.retryable) log.error(failed, `http: ${problem.code}`)
  else if (problem.status >= 500 && problem.cause !== undefined) log.warn(failed, `http: ${problem.code}`)
  const allow = problem.extensions['allow']
  if (typeof allow === 'string') reply.header('allow', allow)
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer')
  if (problem.retryable) reply.header('retry-after', '1')
  return reply
    .code(problem.status)
    .type('application/problem+json; charset=utf-8')
    .send(JSON.stringify(problem.toJSON({ trace_id: request.id })))
}

/** Answers what is not even a request, and closes: nothing that follows on the connection can be trusted. */
export function refuseConnection(error: { readonly code?: string }, socket: Socket, methods: readonly string[], traceId: string): void {
  // Half an answer may be out already; another one inside it would be read as its body.
  const answering = (socket as Socket & { readonly ['_httpMessage']?: { readonly headersSent: boolean } })['_httpMessage']
  if (error.code === 'ECONNRESET' || !socket.writable || answering?.headersSent === true) {
    socket.destroy()
    return
  }
  const problem = connectionProblem(error.code, methods)
  const body = JSON.stringify(problem.toJSON({ trace_id: traceId }))
  const headers = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    'content-type: application/problem+json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    ...(problem.status === 405 ? [`allow: ${methods.join(', ')}`] : []),
  ]
  socket.end(`${headers.join('\r\n')}\r\n\r\n${body}`)
}

function connectionProblem(code: string | undefined, methods: readonly string[]): Problem {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new Problem('headers_too_large', { detail: 'the headers may have 16 KiB together; send fewer or shorter ones' })
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Problem('request_timeout', { detail: 'the request took too long to arrive; send it again, faster' })
    case 'HPE_INVALID_METHOD':
      return new Problem('method_not_allowed', {
        detail: `this service knows ${methods.join(', ')}`,
        extensions: { allow: methods.join(', ') },
      })
    default:
      return new Problem('request_invalid', { detail: 'this is not a valid HTTP/1.1 request; correct the client' })
  }
}
