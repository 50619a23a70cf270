import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { type Officer, tokenDigest } from 'cutover/http/server'

const name = 'cutover_session'
const hours = 12

/** The token of each officer; null for one that there is not. */
export type OfficerTokens = Readonly<Record<Officer, string | null>>

/**
 * A browser's session: who has shown a token once is known by a cookie that says until when, sealed with a key made from
 * that token. Nothing is stored, so it holds over restarts and for every engine; with a new token all its sessions end.
 */
export interface Sessions {
  /** The cookie for somebody who has shown this token, or null when it is nobody's. */
  open(token: string): string | null
  /** The cookie that ends it. */
  close(): string
  /** Whose cookie the request brings, if it is good, and if a call that changes something comes from our own page. */
  admits(request: { readonly method: string; readonly headers: IncomingMessage['headers'] }): Officer | null
}

export function openSessions(tokens: OfficerTokens, nowMs: () => number): Sessions {
  const officers = (['operator', 'approver'] as const).flatMap(officer => {
    const token = tokens[officer]
    return token === null ? [] : [{ officer, token }]
  })
  const seal = (token: string, until: string): string => createHmac('sha256', `session ${token}`).update(until).digest('base64url')
  const isSame = (shown: string, wanted: string): boolean =>
    Buffer.byteLength(shown) === Buffer.byteLength(wanted) && timingSafeEqual(Buffer.from(shown), Buffer.from(wanted))
  const cookie = (value: string, seconds: number): string => `${name}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}`

  return {
    open(shown) {
      if (!officers.some(({ token }) => tokenDigest(token) === tokenDigest(shown))) return null
      const until = String(nowMs() + hours * 3_600_000)
      return cookie(`${until}.${seal(shown, until)}`, hours * 3_600)
    },
    close: () => cookie('', 0),
    admits({ method, headers }) {
      const [until = '', given = ''] = valueOf(headers.cookie).split('.')
      const found = officers.find(({ token }) => isSame(given, seal(token, until)))
      if (found === undefined || Number(until) < nowMs()) return null
      // The cookie is sent with whatever a page makes the browser send; only our own page may change anything.
      const ours = method === 'GET' || headers.origin === `http://${headers.host}` || headers.origin === `https://${headers.host}`
      return ours ? found.officer : null
    },
  }
}

const valueOf = (cookies: string | undefined): string =>
  (cookies ?? '')
    .split(';')
    .map(one => one.trim())
    .find(one => one.startsWith(`${name}=`))
    ?.slice(name.length + 1) ?? ''
