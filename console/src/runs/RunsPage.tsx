import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { RunState, RunView } from '@cutover/engine/api/plan'
import { Icon } from '../icons/icons.tsx'
import { isActive, needsSomebody } from '../map/answer.ts'
import { RouteMark } from '../map/RouteMark.tsx'
import { useNow } from '../live/LiveChip.tsx'
import { runsQuery } from '../operator/engine.ts'
import { Answer } from '../shell/Answer.tsx'
import { Failed } from '../shell/Failed.tsx'
import { Page } from '../shell/Page.tsx'
import { useRows } from '../shell/keys.ts'
import tables from '../shell/Table.module.css'
import { useFormat } from '../words/format.ts'
import { currentStep } from './open-step.ts'
import styles from './RunsPage.module.css'
import { StateBadge } from './StateBadge.tsx'
import { timesOf } from './times.ts'

/** All runs, newest first; one state of them, if the address says so. */
export function RunsPage(): ReactElement {
  const { t } = useTranslation()
  const runs = useQuery(runsQuery)
  return (
    <Page title={t('shell.runs')} command="cutover runs">
      {runs.data !== undefined && <List runs={runs.data} />}
      {runs.data === undefined && runs.error !== null && (
        <Failed error={runs.error} works={t('away.works')} retry={() => void runs.refetch()} />
      )}
    </Page>
  )
}

function List({ runs }: { readonly runs: readonly RunView[] }): ReactElement {
  const { t } = useTranslation()
  const { state } = useSearch({ from: '/runs' })
  const active = runs.filter(isActive).length
  const needy = runs.filter(needsSomebody).length
  const states = [...new Set(runs.map(({ state }) => state))]
  const shown = state === undefined ? runs : runs.filter(run => run.state === state)
  return (
    <div className={styles['page']}>
      <Answer tone={needy > 0 ? 'warn' : active > 0 ? 'accent' : 'good'} below={t('runs.total', { count: runs.length })}>
        {t('runs.active', { count: active })}; {needy === 0 ? t('map.needs_nothing') : t('runs.needy', { count: needy })}
      </Answer>
      {runs.length === 0 ? (
        <div className={styles['empty']}>
          <p>{t('runs.empty')}</p>
          <Link to="/">{t('runs.empty_next')}</Link>
        </div>
      ) : (
        <>
          {(states.length > 1 || state !== undefined) && <Filters states={states} chosen={state} />}
          <Table runs={shown} />
        </>
      )}
    </div>
  )
}

function Filters({ states, chosen }: { readonly states: readonly RunState[]; readonly chosen: RunState | undefined }): ReactElement {
  const { t } = useTranslation()
  const all = [undefined, ...states]
  return (
    <nav className={styles['filters']} aria-label={t('runs.filter')}>
      {all.map(state => (
        <Link
          key={state ?? 'all'}
          to="/runs"
          search={state === undefined ? {} : { state }}
          activeOptions={{ exact: true }}
          aria-current={state === chosen ? 'true' : undefined}
        >
          {state === undefined ? t('runs.all') : t(`state.${state}`)}
        </Link>
      ))}
    </nav>
  )
}

function Table({ runs }: { readonly runs: readonly RunView[] }): ReactElement {
  const { t } = useTranslation()
  const { title, moment, duration } = useFormat()
  const navigate = useNavigate()
  const now = useNow(1_000)
  useRows('runs')
  return (
    <table id="runs" className={tables['table']}>
      <caption className="only-heard">{t('runs.caption')}</caption>
      <thead>
        <tr>
          {(['run', 'link', 'way', 'state', 'step', 'started', 'took', 'who'] as const).map(name => (
            <th key={name} scope="col">
              {t(`runs.${name}`)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {runs.map(run => {
          const step = run.steps[currentStep(run)]
          return (
            <tr key={run.run} onClick={() => void navigate({ to: '/runs/$run', params: { run: run.run } })}>
              <th scope="row">
                <Link to="/runs/$run" params={{ run: run.run }} data-row className={tables['opener']} translate="no">
                  {run.run}
                </Link>
              </th>
              <td translate="no">{run.link}</td>
              <td>
                <span className={styles['ways']}>
                  <RouteMark way={run.from} />
                  <Icon name="arrow" size={13} />
                  <RouteMark way={run.to} />
                </span>
              </td>
              <td>
                <StateBadge state={run.state} />
              </td>
              <td>
                {step === undefined || run.state === 'reverted' || run.state === 'completed' ? '–' : `${step.step} · ${title(step.title)}`}
              </td>
              <td>{moment(run.started_at)}</td>
              <td className={styles['took']}>{duration(timesOf(run, now).totalMs)}</td>
              <td translate="no">{run.who}</td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}
