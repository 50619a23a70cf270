import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

const name = 'cutover_session'
const hours = 12

/**
 * A browser's session: who has shown the operator's token once is known by a cookie that says until when, sealed with
 * a key made from that token. Nothing is stored, so it holds over restarts and for every engine; with a new token all
 * sessions end.
 */
export interface Sessions {
  /** The cookie for somebody who has shown the token. */
  open(): string
  /** The cookie that ends it. */
  close(): string
  /** Whether the request brings one that is good, and a call that changes something comes from our own page. */
  admits(request: { readonly method: string; readonly headers: IncomingMessage['headers'] }): boolean
}

export function openSessions(operatorToken: string, nowMs: () => number): Sessions {
  const seal = (until: string): string => createHmac('sha256', `session ${operatorToken}`).update(until).digest('base64url')
  const cookie = (value: string, seconds: number): string => `${name}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}`

  return {
    open() {
      const until = String(nowMs() + hours * 3_600_000)
      return cookie(`${until}.${seal(until)}`, hours * 3_600)
    },
    close: () => cookie('', 0),
    admits({ method, headers }) {
      const [until = '', given = ''] = valueOf(headers.cookie).split('.')
      const wanted = Buffer.from(seal(until))
      const shown = Buffer.from(given)
      if (shown.length !== wanted.length || !timingSafeEqual(shown, wanted) || Number(until) < nowMs()) return false
      // The cookie is sent with whatever a page makes the browser send; only our own page may change anything.
      return method === 'GET' || headers.origin === `http://${headers.host}` || headers.origin === `https://${headers.host}`
    },
  }
}

const valueOf = (cookies: string | undefined): string =>
  (cookies ?? '')
    .split(';')
    .map(one => one.trim())
    .find(one => one.startsWith(`${name}=`))
    ?.slice(name.length + 1) ?? ''
