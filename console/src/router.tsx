import { createRootRoute, createRoute, createRouter } from '@tanstack/react-router'
import type { PairVerdict, RunState } from '@cutover/engine/api/plan'
import { MapPage } from './map/MapPage.tsx'
import { RunPage } from './runs/RunPage.tsx'
import { RunsPage } from './runs/RunsPage.tsx'
import { Lost } from './shell/Lost.tsx'
import { Shell } from './shell/Shell.tsx'

type Search = Readonly<Record<string, unknown>>

const root = createRootRoute({ component: Shell, notFoundComponent: Lost })

const map = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: MapPage,
  // What an address cannot mean is left out of it.
  validateSearch: (search: Search): { link?: string; to?: 'http' | 'event' } => ({
    ...(typeof search['link'] === 'string' ? { link: search['link'] } : {}),
    ...(search['to'] === 'http' || search['to'] === 'event' ? { to: search['to'] } : {}),
  }),
})

const states: readonly RunState[] = ['running', 'waiting', 'paused', 'failed', 'finished', 'reverted', 'completed']

const runs = createRoute({
  getParentRoute: () => root,
  path: '/runs',
  component: RunsPage,
  validateSearch: (search: Search): { state?: RunState } => {
    const state = states.find(state => state === search['state'])
    return state === undefined ? {} : { state }
  },
})

const verdicts: readonly PairVerdict[] = ['equal', 'different', 'missing', 'extra', 'late', 'undecided']

const run = createRoute({
  getParentRoute: () => root,
  path: '/runs/$run',
  component: RunPage,
  validateSearch: (search: Search): { step?: string; pairs?: PairVerdict; pair?: string } => {
    const pairs = verdicts.find(verdict => verdict === search['pairs'])
    return {
      ...(typeof search['step'] === 'string' ? { step: search['step'] } : {}),
      ...(pairs === undefined ? {} : { pairs }),
      ...(typeof search['pair'] === 'string' ? { pair: search['pair'] } : {}),
    }
  },
})

export const router = createRouter({ routeTree: root.addChildren([map, runs, run]), defaultPreload: false, scrollRestoration: true })

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
