import { NativeSelect } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { type ReactElement, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { PlanView } from '@cutover/engine/api/plan'
import { applyPlan, queries } from '../operator/engine.ts'
import { Changes } from '../shell/Changes.tsx'
import { Dialog } from '../shell/Dialog.tsx'
import { useFormat } from '../words/format.ts'
import { groupsOf, noReturnAt } from './steps.ts'

interface ApplyDialogProps {
  readonly plan: PlanView
  readonly opened: boolean
  readonly onClose: () => void
}

/** Asks before a plan is applied: what will change, in which order, and what the way back is. */
export function ApplyDialog({ plan, opened, onClose }: ApplyDialogProps): ReactElement {
  const { t } = useTranslation()
  const { title } = useFormat()
  const navigate = useNavigate()
  const [until, setUntil] = useState('')
  const border = noReturnAt(plan.steps)
  const reachable = border === -1 ? plan.steps : plan.steps.slice(0, border)
  const groups = groupsOf(reachable)

  async function apply(): Promise<void> {
    const { run } = await applyPlan(plan.link, {
      ...(plan.to === 'old' || plan.to === 'new' ? {} : { to: plan.to }),
      hash: plan.hash,
      ...(until === '' ? {} : { until }),
    })
    await navigate({ to: '/runs/$run', params: { run } })
  }

  return (
    <Dialog
      opened={opened}
      title={t('apply.title', { link: plan.link, route: t(`way.${plan.to}`) })}
      command={`cutover apply ${plan.link} --to ${plan.to}${until === '' ? '' : ` --until ${until}`}`}
      confirm={t('plan.apply')}
      act={apply}
      onRefused={() => void queries.invalidateQueries({ queryKey: ['plan', plan.link] })}
      onClose={onClose}
    >
      <Changes
        title={t('dialog.changes')}
        changes={reachable.map(({ step, does, no_return }) => ({ step, says: does, noReturn: no_return }))}
      />
      <h3>{t('dialog.way_back')}</h3>
      <p>{border === -1 ? t('apply.way_back') : t('apply.way_back_until', { step: plan.steps[border]?.step ?? '' })}</p>
      <NativeSelect
        label={t('apply.until')}
        value={until}
        onChange={event => setUntil(event.currentTarget.value)}
        data={[
          { value: '', label: t('apply.until_end') },
          ...groups.map(({ step, verbs }) => ({
            value: step,
            label: t('apply.until_step', { step, title: verbs[0] === undefined ? '' : title(verbs[0].view.title) }),
          })),
        ]}
      />
    </Dialog>
  )
}
