/** What stands where a value must not be shown. */
export const maskText = '***'

/** A JSON Schema document as far as it says what is where. */
interface Node {
  readonly 'x-sensitivity'?: string
  readonly properties?: Readonly<Record<string, Node>>
  readonly items?: Node
}

/**
 * What says which fields of an event are about a person: its bounds, which describe every field of the newest version, and
 * documents that may tag more. A field that the bounds do not describe is hidden: nobody has said what is in it, or an older
 * version had it and the newest may not.
 */
export type Documents = readonly [bounds: object, ...released: object[]]

/** The value without what is personal (tagged `x-sensitivity: personal`) or not described. Pure. */
export function masked(value: unknown, documents: Documents): unknown {
  return walk(value, documents, () => maskText)
}

/** All texts and numbers of a value that may not be shown. Pure. */
export function personalTexts(value: unknown, documents: Documents): readonly string[] {
  const found = new Set<string>()
  walk(value, documents, hidden => {
    for (const text of scalarsIn(hidden)) if (text !== '') found.add(text)
    return maskText
  })
  // The longest first, so that one that holds another is struck out whole.
  return [...found].toSorted((a, b) => b.length - a.length)
}

/** The text without any of these, however they are written. Pure. */
export const struck = (text: string, personal: readonly string[]): string =>
  personal.reduce((rest, one) => {
    const escaped = one.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
    return rest.replaceAll(new RegExp(escaped, 'giu'), maskText)
  }, text)

/** `nodes` are what the documents say of this place, the bounds first. */
function walk(value: unknown, nodes: readonly (Node | undefined)[], hide: (value: unknown) => unknown): unknown {
  if (nodes[0] === undefined || nodes.some(node => node?.['x-sensitivity'] === 'personal')) return hide(value)
  if (Array.isArray(value)) {
    const items = nodes.map(node => node?.items)
    return value.map(one => walk(one, items, hide))
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, one], index) => {
      const own = nodes.map(({ properties = {} } = {}) => (Object.hasOwn(properties, name) ? properties[name] : undefined))
      // The name of a field that nobody knows may itself be somebody's.
      return own[0] === undefined ? [`${hide(name) as string}${index}`, hide(one)] : [name, walk(one, own, hide)]
    }),
  )
}

function scalarsIn(value: unknown): string[] {
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([name, one]) => [...(Array.isArray(value) ? [] : [name]), ...scalarsIn(one)])
  return typeof value === 'string' || typeof value === 'number' ? [String(value)] : []
}
