import { Problem } from 'cutover/failure'
import type { RouteDefinition } from 'cutover/http/server'
import { paths } from '../api/contract.ts'
import type { Sessions } from './session.ts'
import { everybody, whoOf } from './who.ts'

/** Signing in and out with a browser: with the operator's or the approver's token, once. */
export function sessionRoutes(sessions: Sessions): RouteDefinition[] {
  const tags = ['session']
  return [
    {
      method: 'POST',
      path: paths.session,
      operationId: 'signIn',
      repeats: { noKey: 'who signs in again gets another cookie of the same session' },
      summary: 'Signs a browser in with the operator’s or the approver’s token',
      policy: 'public',
      tags,
      body: { type: 'object', additionalProperties: false, required: ['token'], properties: { token: { type: 'string', maxLength: 200 } } },
      async handle(request) {
        const { token } = request.body as { token: string }
        const cookie = sessions.open(token.trim())
        if (cookie === null) throw new Problem('token_invalid', { detail: 'this is not a token that "npm start" printed' })
        return { status: 204, headers: { 'set-cookie': cookie } }
      },
    },
    {
      method: 'GET',
      path: paths.session,
      operationId: 'whoAmI',
      summary: 'Who is signed in',
      policy: everybody,
      tags,
      handle: async request => ({ body: { who: whoOf(request) } }),
    },
    {
      method: 'DELETE',
      path: paths.session,
      operationId: 'signOut',
      repeats: { noKey: 'who is signed out stays so' },
      summary: 'Signs the browser out',
      policy: 'public',
      tags,
      handle: async () => ({ status: 204, headers: { 'set-cookie': sessions.close() } }),
    },
  ]
}
