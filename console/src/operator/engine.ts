import { QueryClient, queryOptions } from '@tanstack/react-query'
import { type HistoryAnswer, type LinkRow, type Route, type SessionAnswer, type SessionRequest, pathOf, paths } from '@cutover/engine/api'
import type {
  ApplyRequest,
  ApproveRequest,
  PairVerdict,
  ParityPair,
  ParityView,
  PlanView,
  RunVerb,
  RunView,
} from '@cutover/engine/api/plan'
import { getSession, setSession } from '../session/session.ts'
import { Refused, openCall } from './call.ts'

const call = openCall(() => setSession({ state: 'out' }))

/** What the page knows of the engine. Links and runs are kept fresh by the stream, so they never grow stale by age. */
export const queries = new QueryClient({
  defaultOptions: { queries: { staleTime: Infinity, retry: false, refetchOnWindowFocus: false, refetchOnReconnect: false } },
})

export const linksQuery = queryOptions({ queryKey: ['links'], queryFn: () => call<readonly LinkRow[]>('GET', paths.links) })
export const runsQuery = queryOptions({ queryKey: ['runs'], queryFn: () => call<readonly RunView[]>('GET', paths.runs) })

/** A run that is too old to be in the list. */
export const runQuery = (run: string) =>
  queryOptions({ queryKey: ['run', run], queryFn: () => call<RunView>('GET', pathOf(paths.run, run)) })

/** `state` is whatever the plan depends on: when it changes, the plan is asked for anew. */
export const planQuery = (link: string, to: Route, state: string) =>
  queryOptions({
    queryKey: ['plan', link, to, state],
    queryFn: () => call<PlanView>('GET', `${pathOf(paths.plan, link)}?to=${to}`),
    placeholderData: (before: PlanView | undefined) => (before?.link === link && before.to === to ? before : undefined),
  })

export const historyQuery = (run: string, state: string) =>
  queryOptions({
    queryKey: ['history', run, state],
    queryFn: () => call<HistoryAnswer>('GET', `${paths.history}?run=${encodeURIComponent(run)}&limit=200`),
    placeholderData: (before: HistoryAnswer | undefined) => (before?.rows[0]?.run === run ? before : undefined),
  })

/** Pairs arrive all the time; what is looked at is read again every few seconds. */
const parityMs = 2_000

export const parityQuery = (link: string) =>
  queryOptions({
    queryKey: ['parity', link],
    queryFn: () => call<ParityView>('GET', pathOf(paths.parity, link)),
    refetchInterval: parityMs,
  })

export const pairsQuery = (link: string, verdict: PairVerdict) =>
  queryOptions({
    queryKey: ['pairs', link, verdict],
    queryFn: () => call<readonly ParityPair[]>('GET', `${pathOf(paths.pairs, link)}?verdict=${verdict}`),
  })

export const applyPlan = (link: string, request: ApplyRequest): Promise<RunView> => call('POST', pathOf(paths.apply, link), request)

export const order = (run: string, verb: RunVerb): Promise<RunView> => call('POST', pathOf(paths[verb], run))

export const approve = ({ run, hash }: Pick<RunView, 'run' | 'hash'>): Promise<RunView> =>
  call('POST', pathOf(paths.approve, run), { hash } satisfies ApproveRequest)

export async function signIn(token: string): Promise<void> {
  const request: SessionRequest = { token }
  await call('POST', paths.session, request)
  queries.clear()
  await findSession()
}

export async function signOut(): Promise<void> {
  await call('DELETE', paths.session)
  setSession({ state: 'out' })
}

/** Asks who is signed in. An engine that does not answer says nothing about that. */
export async function findSession(): Promise<void> {
  try {
    const { who } = await call<SessionAnswer>('GET', paths.session)
    setSession({ state: 'in', who })
  } catch (error) {
    // A refusal of 401 has been told already; and who is signed in goes on seeing the last state while the engine is away.
    const out = error instanceof Refused && error.problem.status === 401
    if (!out && getSession().state !== 'in') setSession({ state: 'away' })
  }
}
