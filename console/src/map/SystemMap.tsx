import { useComputedColorScheme } from '@mantine/core'
import { useElementSize } from '@mantine/hooks'
import { ReactFlow } from '@xyflow/react'
import { type ReactElement, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { LinkRow } from '@cutover/engine/api'
import type { RunView } from '@cutover/engine/api/plan'
import { layOut } from './layout.ts'
import { Legend } from './Legend.tsx'
import { ServiceBox, type ServiceNode } from './ServiceBox.tsx'
import { servicesOf } from './services.ts'
import styles from './SystemMap.module.css'
import { Track, type TrackEdge } from './Track.tsx'

const nodeTypes = { service: ServiceBox }
const edgeTypes = { track: Track }

interface SystemMapProps {
  readonly links: readonly LinkRow[]
  readonly runs: readonly RunView[]
  readonly chosen: string | undefined
  readonly open: (link: string) => void
}

/** The services and the links between them. It stands still: all of it is in sight, so there is nothing to pan to. */
export function SystemMap({ links, runs, chosen, open }: SystemMapProps): ReactElement {
  const { t } = useTranslation()
  const scheme = useComputedColorScheme('light')
  const { ref, width } = useElementSize()
  // The form changes with the links and the width only, never with a rate.
  const lines = links.map(({ link, from, to }) => `${link} ${from} ${to}`).join('\n')
  const layout = useMemo(
    () =>
      layOut(
        lines.split('\n').map(line => {
          const [link = '', from = '', to = ''] = line.split(' ')
          return { link, from, to }
        }),
        width,
      ),
    [lines, width],
  )
  const services = new Map(servicesOf(links).map(row => [row.service, row]))
  const nodes = layout.boxes.flatMap(({ id, x, y, width, height }): ServiceNode[] => {
    const row = services.get(id)
    return row === undefined
      ? []
      : [{ id, type: 'service', position: { x, y }, data: { row, width, height }, width, height, draggable: false, focusable: false }]
  })
  const rowOf = new Map(links.map(row => [row.link, row]))
  const edges = layout.tracks.flatMap(({ link, points, label }): TrackEdge[] => {
    const row = rowOf.get(link)
    if (row === undefined) return []
    const run = runs.find(({ run }) => run === row.run)
    const data = { row, run, points, label, chosen: link === chosen, open }
    return [{ id: link, type: 'track', source: row.from, target: row.to, data, focusable: false }]
  })
  const zoom = Math.min(1, width / layout.width)
  return (
    <section className={styles['map']} aria-label={t('map.name')}>
      <div ref={ref} className={styles['canvas']} style={{ height: layout.height * zoom }}>
        {width > 0 && (
          <ReactFlow
            nodes={nodes}
            edges={edges}
            nodeTypes={nodeTypes}
            edgeTypes={edgeTypes}
            colorMode={scheme}
            viewport={{ x: Math.max(0, (width - layout.width) / 2), y: 0, zoom }}
            nodesDraggable={false}
            nodesConnectable={false}
            nodesFocusable={false}
            edgesFocusable={false}
            elementsSelectable={false}
            panOnDrag={false}
            zoomOnScroll={false}
            zoomOnPinch={false}
            zoomOnDoubleClick={false}
            preventScrolling={false}
            disableKeyboardA11y
            attributionPosition="bottom-right"
          />
        )}
      </div>
      <Legend />
    </section>
  )
}
