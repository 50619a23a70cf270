import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { RunView } from '@cutover/engine/api/plan'
import { approve } from '../operator/engine.ts'
import { Changes } from '../shell/Changes.tsx'
import { Dialog } from '../shell/Dialog.tsx'
import { changesOf } from './orders.ts'

interface ApproveDialogProps {
  readonly run: RunView
  readonly opened: boolean
  readonly onClose: () => void
}

/** Asks the second person: what the run will do that cannot be undone. */
export function ApproveDialog({ run, opened, onClose }: ApproveDialogProps): ReactElement | null {
  const { t } = useTranslation()
  if (!opened) return null
  const about = { run: run.run, link: run.link }
  return (
    <Dialog
      opened
      title={t('approve.title', about)}
      command={`cutover approve ${run.run}`}
      confirm={t('approve.do')}
      act={async () => void (await approve(run))}
      onClose={onClose}
    >
      <p>{t('approve.says', about)}</p>
      <Changes title={t('dialog.changes')} changes={changesOf(run, 'complete').filter(({ noReturn }) => noReturn !== null)} />
      <h3>{t('dialog.way_back')}</h3>
      <p>{t('approve.way_back')}</p>
    </Dialog>
  )
}
