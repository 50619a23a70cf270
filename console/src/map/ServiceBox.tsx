import { Handle, type Node, type NodeProps, Position } from '@xyflow/react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../icons/icons.tsx'
import { useFormat } from '../words/format.ts'
import styles from './ServiceBox.module.css'
import type { ServiceRow } from './services.ts'

export type ServiceNode = Node<{ readonly row: ServiceRow; readonly width: number; readonly height: number }, 'service'>

/** A service on the map. Its links end at its sides, at the height of their rows. */
export function ServiceBox({ data: { row, width, height } }: NodeProps<ServiceNode>): ReactElement {
  const { t } = useTranslation()
  const { rate } = useFormat()
  return (
    <div className={styles['box']} data-state={row.state} style={{ width, height }}>
      <h2 className={styles['name']} translate="no">
        {row.service}
      </h2>
      <p className={styles['state']}>
        <Icon name={row.state === 'answers' ? 'check' : 'alert'} size={13} />
        {t(`service.${row.state}`)}
      </p>
      <dl className={styles['rates']}>
        <div>
          <dt>{t('service.sends')}</dt>
          <dd>{rate(row.sends)}</dd>
        </div>
        <div>
          <dt>{t('service.gets')}</dt>
          <dd>{rate(row.gets)}</dd>
        </div>
      </dl>
      <Handle type="source" position={Position.Right} className={styles['end'] ?? ''} />
      <Handle type="target" position={Position.Left} className={styles['end'] ?? ''} />
    </div>
  )
}
