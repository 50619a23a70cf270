// As much of PromQL as it takes to say which series an expression reads: names, the labels that it selects and groups by.

export interface Used {
  readonly metric: string
  readonly labels: readonly string[]
}

const keywords = new Set([
  'by',
  'without',
  'on',
  'ignoring',
  'group_left',
  'group_right',
  'and',
  'or',
  'unless',
  'offset',
  'bool',
  'inf',
  'nan',
])

/** The metrics of an expression with the labels that their selectors name; `grouped` are those that results are grouped or matched by. */
export function readsOf(expression: string): { readonly used: readonly Used[]; readonly grouped: readonly string[] } {
  // What is in quotes is a value; a name could not be told from it.
  const bare = expression.replaceAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '""')
  const grouped: string[] = []
  const rest = bare.replaceAll(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g, (_, names: string) => {
    grouped.push(...names.split(',').flatMap(name => (name.trim() === '' ? [] : [name.trim()])))
    return ' '
  })
  const used: Used[] = []
  const ranges = rest.replaceAll(/\[[^\]]*\]/g, ' ')
  for (const found of ranges.matchAll(/([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(\{[^}]*\})?\s*(\()?/g)) {
    const [, metric = '', selector, call] = found
    if (call !== undefined || keywords.has(metric.toLowerCase())) continue
    const labels = [...(selector ?? '').matchAll(/([a-zA-Z_]\w*)\s*(?:=~|!~|!=|=)/g)].map(match => match[1] ?? '')
    used.push({ metric, labels })
  }
  return { used, grouped }
}

/** `cutover_x_seconds_bucket` is of the histogram `cutover_x_seconds`. */
export const familyOf = (metric: string): string => metric.replace(/_(bucket|sum|count)$/, '')
