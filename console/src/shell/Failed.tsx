import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { Refused } from '../operator/call.ts'
import { Trouble } from './Trouble.tsx'

interface FailedProps {
  readonly error: Error
  readonly works?: string
  readonly retry?: () => void
}

/** What the engine refused, or that it did not answer, as a trouble with its next step. */
export function Failed({ error, works, retry }: FailedProps): ReactElement {
  const { t } = useTranslation()
  if (!(error instanceof Refused)) return <Trouble title={t('trouble.page')} detail={error.message} retry={retry} />
  const { status, title, detail, trace } = error.problem
  if (status === 0) return <Trouble title={t('away.title')} works={works} next={t('away.next')} retry={retry} />
  const known =
    status === 404 ? t('trouble.not_found') : status === 409 ? t('trouble.conflict') : status === 503 ? t('trouble.later') : title
  return <Trouble title={known} detail={detail} works={works} trace={trace} retry={retry} />
}
