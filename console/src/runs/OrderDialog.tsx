import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { RunVerb, RunView } from '@cutover/engine/api/plan'
import { order } from '../operator/engine.ts'
import { Changes } from '../shell/Changes.tsx'
import { Dialog } from '../shell/Dialog.tsx'
import { changesOf } from './orders.ts'

interface OrderDialogProps {
  readonly run: RunView
  readonly verb: RunVerb | null
  readonly onClose: () => void
}

/** Asks before an order is given to a run: what it will change there, and what the way back is. */
export function OrderDialog({ run, verb, onClose }: OrderDialogProps): ReactElement | null {
  const { t } = useTranslation()
  // Closed it has nothing to say, and so nothing to keep.
  if (verb === null) return null
  const about = { run: run.run, link: run.link, route: t(`way.${run.to}`), before: t(`way.${run.from}`) }
  const final = verb === 'complete'
  // A link moves; a change of several services is made.
  const said = run.to === 'new' && verb === 'revert' ? 'undo' : run.to === 'new' && final ? 'settle' : verb
  return (
    <Dialog
      opened
      title={t(`order.${said}.title`, about)}
      command={`cutover ${verb} ${run.run}`}
      confirm={t(`verb.${verb}`)}
      danger={final}
      {...(final ? { type: run.link } : {})}
      act={async () => void (await order(run.run, verb))}
      onClose={onClose}
    >
      <p>{t(`order.${said}.says`, about)}</p>
      <Changes title={verb === 'pause' ? t('order.pause.at') : t('dialog.changes')} changes={changesOf(run, verb)} />
      <h3>{t('dialog.way_back')}</h3>
      <p>{t(`order.${said}.way_back`, about)}</p>
    </Dialog>
  )
}
