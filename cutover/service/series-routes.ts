import type { Registry } from 'prom-client'
import type { RouteDefinition } from '../http/server.ts'

const id = { type: 'string', minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9_.:-]+$' } as const
const closed = (properties: object): object => ({
  type: 'object',
  additionalProperties: false,
  required: Object.keys(properties),
  properties,
})

/** Which series of metrics this instance has of a route of a link: a route that was taken away leaves none behind. */
export const seriesRoutes = (metrics: Registry): RouteDefinition[] => [
  {
    policy: 'operator',
    tags: ['operator'],
    method: 'GET',
    path: '/operator/series/{link}',
    operationId: 'operatorSeries',
    summary: 'The series of metrics that this instance has of one route of a link.',
    params: closed({ link: id }),
    query: closed({ route: { type: 'string', enum: ['http', 'event'] } }),
    async handle(request) {
      const wanted = { link: request.params['link'], route: request.query['route'] }
      const all = await metrics.getMetricsAsJSON()
      const own = all.flatMap(({ name, values }) =>
        values.some(({ labels }) => labels['link'] === wanted.link && labels['route'] === wanted.route) ? [name] : [],
      )
      return { body: { series: own } }
    },
  },
]
