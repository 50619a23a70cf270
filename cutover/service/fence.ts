import { Problem } from '../failure/problem.ts'
import type { RouteDefinition } from '../http/route.ts'

/** The header in which an engine says under which term it acts. A person's call has none and is not fenced. */
export const termHeader = 'cutover-term'

/**
 * Operators' routes that refuse an engine which is no longer the one that acts: one that calls under a lower term than
 * was ever seen here. It is woken late, and what it would read or order is another's by now. Whatever changes something
 * checks the term once more in its own transaction.
 */
export const fenced = (routes: readonly RouteDefinition[], highestTerm: () => Promise<number>): RouteDefinition[] =>
  routes.map(route =>
    route.policy === 'operator'
      ? {
          ...route,
          async handle(request) {
            const term = termOf(request.headers[termHeader])
            if (term !== null) refuseStale(term, await highestTerm())
            return route.handle(request)
          },
        }
      : route,
  )

function termOf(text: string | undefined): number | null {
  if (text === undefined) return null
  const term = Number(text)
  if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(term)) return term
  throw new Problem('header_invalid', {
    detail: `header ${termHeader} must be a whole number from 0`,
    errors: [{ pointer: termHeader, code: 'format', detail: 'must be a whole number from 0' }],
  })
}

function refuseStale(term: number, highest: number): void {
  if (term < highest) {
    throw new Problem('term_stale', { detail: `term ${term} is older than ${highest}, which was seen here: another engine took over` })
  }
}
