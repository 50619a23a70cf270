/** What stands where a value must not be shown. */
export const maskText = '***'

/** A JSON Schema document as far as it says what is where. */
interface Node {
  readonly 'x-sensitivity'?: string
  readonly properties?: Readonly<Record<string, Node>>
  readonly items?: Node
}

/**
 * The value without what is personal: a field that any of the documents tags with `x-sensitivity: personal`, and a field
 * that none of them describes, because nobody has said what is in it. Pure.
 */
export function masked(value: unknown, documents: readonly object[]): unknown {
  return walk(value, documents, () => maskText)
}

/** All texts and numbers of a value that may not be shown. Pure. */
export function personalTexts(value: unknown, documents: readonly object[]): readonly string[] {
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

function walk(value: unknown, nodes: readonly Node[], hide: (value: unknown) => unknown): unknown {
  if (nodes.length === 0 || nodes.some(node => node['x-sensitivity'] === 'personal')) return hide(value)
  if (Array.isArray(value)) {
    const items = nodes.flatMap(node => node.items ?? [])
    return value.map(one => walk(one, items, hide))
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, one], index) => {
      const own = nodes.flatMap(node =>
        node.properties !== undefined && Object.hasOwn(node.properties, name) ? [node.properties[name] as Node] : [],
      )
      // The name of a field that nobody knows may itself be somebody's.
      return own.length > 0 ? [name, walk(one, own, hide)] : [`${hide(name) as string}${index}`, hide(one)]
    }),
  )
}

function scalarsIn(value: unknown): string[] {
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([name, one]) => [...(Array.isArray(value) ? [] : [name]), ...scalarsIn(one)])
  return typeof value === 'string' || typeof value === 'number' ? [String(value)] : []
}
