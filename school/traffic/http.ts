import type { RouteDefinition } from 'cutover/http/server'
import type { Traffic } from './pace.ts'

/** Outcomes per second at the most. */
export const rateMax = 10_000

export const trafficRoutes = (traffic: Traffic): RouteDefinition[] => [
  {
    method: 'GET',
    path: '/traffic',
    operationId: 'getTraffic',
    summary: 'How traffic stands.',
    policy: 'operator',
    handle: async () => ({ body: traffic.state() }),
  },
  {
    method: 'POST',
    path: '/traffic',
    operationId: 'setTraffic',
    repeats: { noKey: 'repeating the order changes nothing' },
    summary: 'Starts it, stops it, or sets its rate in outcomes per second.',
    policy: 'operator',
    body: {
      type: 'object',
      additionalProperties: false,
      required: ['action'],
      properties: { action: { enum: ['start', 'stop', 'rate'] }, rate: { type: 'number', minimum: 0, maximum: rateMax } },
    },
    async handle(request) {
      const { action, rate } = request.body as { action: 'start' | 'stop' | 'rate'; rate?: number }
      return {
        body: traffic.set({ ...(rate === undefined ? {} : { rate }), ...(action === 'rate' ? {} : { running: action === 'start' }) }),
      }
    },
  },
]
