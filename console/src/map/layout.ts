import { Graph, layout } from '@dagrejs/dagre'

export interface Point {
  readonly x: number
  readonly y: number
}
export interface Box extends Point {
  readonly id: string
  readonly width: number
  readonly height: number
}
export interface Track {
  readonly link: string
  /** From the sender's edge to the receiver's. */
  readonly points: readonly Point[]
  readonly label: Box
}
export interface MapLayout {
  readonly width: number
  readonly height: number
  readonly boxes: readonly Box[]
  readonly tracks: readonly Track[]
}
export interface Line {
  readonly link: string
  readonly from: string
  readonly to: string
}

const pitch = 56
/** The line lies low in its row: the link's name stands over it. */
const lineAt = 35
const boxWidthMax = 196
const boxWidthMin = 132
const gapMin = 220
const boxHeightMin = 84

/**
 * Services as columns, links as straight horizontal tracks between them, one row each, so that no line crosses another
 * and no label lies on one. The columns are dagre's; where its graph is too tangled for straight tracks, the lines are
 * dagre's as well.
 */
export function layOut(lines: readonly Line[], width: number): MapLayout {
  const columns = columnsOf(lines)
  const gaps = Math.max(1, columns.length - 1)
  const boxWidth = Math.min(boxWidthMax, Math.max(boxWidthMin, (width - gaps * gapMin) / columns.length))
  const gap = Math.max(gapMin, (width - columns.length * boxWidth) / gaps)
  const rows = rowsOf(lines, columns)
  return rows === null ? tangled(lines, boxWidth) : straight(lines, columns, rows, boxWidth, gap)
}

function graphOf(lines: readonly Line[], boxWidth: number, labelWidth: number): Graph {
  const graph = new Graph({ multigraph: true })
  graph.setGraph({ rankdir: 'LR', nodesep: pitch, ranksep: pitch, edgesep: 12, marginx: 4, marginy: 8 })
  graph.setDefaultEdgeLabel(() => ({}))
  const services = [...new Set(lines.flatMap(({ from, to }) => [from, to]))]
  for (const service of services) graph.setNode(service, { width: boxWidth, height: boxHeightMin })
  for (const { link, from, to } of lines) graph.setEdge(from, to, { width: labelWidth, height: 44, labelpos: 'c' }, link)
  layout(graph)
  return graph
}

/** The services from left to right, and from top to bottom within a column. */
function columnsOf(lines: readonly Line[]): readonly (readonly string[])[] {
  const graph = graphOf(lines, boxWidthMax, gapMin)
  const columns = new Map<number, { id: string; y: number }[]>()
  for (const id of graph.nodes()) {
    const { x, y }: Point = graph.node(id)
    const column = columns.get(Math.round(x)) ?? []
    column.push({ id, y })
    columns.set(Math.round(x), column)
  }
  return [...columns].sort(([a], [b]) => a - b).map(([, column]) => column.sort((a, b) => a.y - b.y).map(({ id }) => id))
}

/**
 * A row for each link, the far-reaching ones on top, so that no service's box lies on the way of a link that passes it;
 * null where that cannot be had.
 */
function rowsOf(lines: readonly Line[], columns: readonly (readonly string[])[]): ReadonlyMap<string, number> | null {
  const columnOf = new Map(columns.flatMap((ids, column) => ids.map(id => [id, column] as const)))
  const ends = ({ from, to }: Line): readonly [number, number] => {
    const [a, b] = [columnOf.get(from) ?? 0, columnOf.get(to) ?? 0]
    return [Math.min(a, b), Math.max(a, b)]
  }
  const reach = (line: Line): number => ends(line)[1] - ends(line)[0]
  const rows = new Map<string, number>()
  const taken = new Set<string>()
  const passed = new Set<string>()
  const ranges = new Map<string, readonly [number, number]>()

  const stretched = (service: string, row: number): readonly [number, number] => {
    const range = ranges.get(service)
    return range === undefined ? [row, row] : [Math.min(range[0], row), Math.max(range[1], row)]
  }
  const boxFits = (service: string, row: number): boolean => {
    const [top, bottom] = stretched(service, row)
    const column = columnOf.get(service) ?? 0
    const own = Array.from({ length: bottom - top + 1 }, (_, n) => top + n)
    const others = (columns[column] ?? []).filter(id => id !== service)
    return own.every(at => !passed.has(`${column} ${at}`) && others.every(id => !within(ranges.get(id), at)))
  }

  for (const line of [...lines].sort((a, b) => reach(b) - reach(a) || (a.link < b.link ? -1 : 1))) {
    const [left, right] = ends(line)
    if (left === right) return null
    const gaps = Array.from({ length: right - left }, (_, n) => left + n)
    const fits = (row: number): boolean =>
      gaps.every(gap => !taken.has(`${gap} ${row}`)) &&
      gaps.slice(1).every(column => (columns[column] ?? []).every(id => !within(ranges.get(id), row))) &&
      boxFits(line.from, row) &&
      boxFits(line.to, row)
    const row = Array.from({ length: 2 * lines.length }, (_, n) => n).find(fits)
    if (row === undefined) return null
    rows.set(line.link, row)
    for (const gap of gaps) taken.add(`${gap} ${row}`)
    for (const column of gaps.slice(1)) passed.add(`${column} ${row}`)
    for (const service of [line.from, line.to]) ranges.set(service, stretched(service, row))
  }
  return rows
}

const within = (range: readonly [number, number] | undefined, row: number): boolean =>
  range !== undefined && range[0] <= row && row <= range[1]

function straight(
  lines: readonly Line[],
  columns: readonly (readonly string[])[],
  rows: ReadonlyMap<string, number>,
  boxWidth: number,
  gap: number,
): MapLayout {
  const middle = (row: number): number => row * pitch + lineAt
  const boxes = columns.flatMap((ids, column) =>
    ids.map((id): Box => {
      const own = lines.filter(({ from, to }) => from === id || to === id).map(({ link }) => rows.get(link) ?? 0)
      const [top, bottom] = [Math.min(...own), Math.max(...own)]
      return { id, x: column * (boxWidth + gap), y: top * pitch + 4, width: boxWidth, height: (bottom - top + 1) * pitch - 8 }
    }),
  )
  const boxOf = new Map(boxes.map(box => [box.id, box]))
  const tracks = lines.flatMap((line): Track[] => {
    const [from, to] = [boxOf.get(line.from), boxOf.get(line.to)]
    if (from === undefined || to === undefined) return []
    const y = middle(rows.get(line.link) ?? 0)
    const [begin, end] = from.x < to.x ? [from.x + boxWidth, to.x] : [from.x, to.x + boxWidth]
    // A line that passes others has room for more.
    const width = Math.min(Math.max(gap, 0.6 * (end - begin) * Math.sign(end - begin)) - 32, 420)
    const label = { id: line.link, x: (begin + end) / 2 - width / 2, y: y - lineAt, width, height: pitch }
    return [
      {
        link: line.link,
        points: [
          { x: begin, y },
          { x: end, y },
        ],
        label,
      },
    ]
  })
  const height = Math.max(...boxes.map(box => box.y + box.height)) + 4
  return { width: columns.length * boxWidth + (columns.length - 1) * gap, height, boxes, tracks }
}

function tangled(lines: readonly Line[], boxWidth: number): MapLayout {
  const graph = graphOf(lines, boxWidth, gapMin - 20)
  const boxes = graph.nodes().map((id): Box => {
    const { x, y, width, height }: Box = graph.node(id)
    return { id, x: x - width / 2, y: y - height / 2, width, height }
  })
  const tracks = lines.map((line): Track => {
    const { points, x, y, width, height }: Box & { points: readonly Point[] } = graph.edge(line.from, line.to, line.link)
    return { link: line.link, points, label: { id: line.link, x: x - width / 2, y: y - height / 2, width, height } }
  })
  const { width = 0, height = 0 }: { width?: number; height?: number } = graph.graph()
  return { width, height, boxes, tracks }
}
