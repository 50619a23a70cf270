import { useQuery } from '@tanstack/react-query'
import { useParams, useSearch } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { RunView } from '@cutover/engine/api/plan'
import { runQuery, runsQuery } from '../operator/engine.ts'
import { PairsDrawer } from '../parity/PairsDrawer.tsx'
import { Failed } from '../shell/Failed.tsx'
import { Page } from '../shell/Page.tsx'
import { HistoryLines } from './HistoryLines.tsx'
import { OpenStep } from './OpenStep.tsx'
import { openStep } from './open-step.ts'
import { RunHead } from './RunHead.tsx'
import styles from './RunPage.module.css'
import { StepList } from './StepList.tsx'

/** One run: how it stands, its steps, the open step with its gate, and what happened. */
export function RunPage(): ReactElement {
  const { t } = useTranslation()
  const { run: id } = useParams({ from: '/runs/$run' })
  const listed = useQuery(runsQuery)
  const inList = listed.data?.find(({ run }) => run === id)
  // The stream tells of recent runs; an older one is asked for.
  const old = useQuery({ ...runQuery(id), enabled: listed.isFetched && inList === undefined })
  const run = inList ?? old.data
  const error = old.error ?? (listed.data === undefined ? listed.error : null)
  return (
    <Page title={t('run.title', { run: id })} command={`cutover run show ${id}`}>
      {run !== undefined && <Found run={run} />}
      {run === undefined && error !== null && (
        <>
          <h1 className="only-heard">{t('run.title', { run: id })}</h1>
          <Failed error={error} works={t('away.works')} retry={() => void old.refetch()} />
        </>
      )}
    </Page>
  )
}

function Found({ run }: { readonly run: RunView }): ReactElement {
  const search = useSearch({ from: '/runs/$run' })
  const open = openStep(run, search.step)
  return (
    <div className={styles['page']}>
      <RunHead run={run} />
      <div className={styles['columns']}>
        <StepList run={run} open={open?.key} />
        {open !== null && <OpenStep run={run} step={open.step} />}
        <HistoryLines run={run} />
      </div>
      <PairsDrawer run={run} />
    </div>
  )
}
