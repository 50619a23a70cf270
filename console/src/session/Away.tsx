import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { Trouble } from '../shell/Trouble.tsx'
import { findSession } from '../operator/engine.ts'

/** The engine does not answer, and nothing is known of it yet. */
export function Away(): ReactElement {
  const { t } = useTranslation()
  return (
    <main id="content" style={{ maxWidth: 720, margin: '12vh auto', padding: 24 }}>
      <Trouble title={t('away.title')} works={t('away.works')} next={t('away.next')} retry={() => void findSession()} heading="h1" />
    </main>
  )
}
