import type { LinkContract } from '../contract/contract.ts'
import { Problem } from '../failure/problem.ts'
import type { RouteDefinition } from '../http/server.ts'

/**
 * The endpoints by which others read what this service owns, as far as this instance serves their links. One that persons
 * call as well stays for them; one that served only links that are not served here does not exist.
 */
export function servedRoutes(
  routes: readonly RouteDefinition[],
  links: readonly LinkContract[],
  service: string,
  serves: (link: string) => boolean,
): RouteDefinition[] {
  const owned = new Set(links.filter(link => link.kind === 'data' && link.from === service).map(link => link.id))
  return routes.flatMap(route => {
    const own = (route.link?.split(',') ?? []).filter(id => owned.has(id))
    if (own.length === 0 || typeof route.policy === 'string' || 'services' in route.policy) return [route]
    const served = own.filter(serves)
    if (served.length === 0 && !('persons' in route.policy)) return []
    const { link: _, ...rest } = route
    return [
      {
        ...rest,
        ...(served.length === 0 ? {} : { link: served.join(',') }),
        async handle(request) {
          const caller = request.caller?.kind === 'service' ? request.caller.link : null
          if (caller === null || served.includes(caller)) return route.handle(request)
          throw new Problem('link_retired', {
            detail: `this instance does not serve ${caller} by HTTP; ${served.length === 0 ? 'no link is read here' : `it serves ${served.join(', ')} here`}`,
            retryable: true,
          })
        },
      },
    ]
  })
}
