import { accessSync, constants, statSync } from 'node:fs'

/** One environment variable: what it is for, and what it may be. */
export interface Variable {
  readonly kind: 'text' | 'integer' | 'number' | 'url' | 'file' | 'flag' | 'choice'
  readonly describe: string
  readonly default?: string | number | boolean
  readonly optional?: boolean
  readonly minimum?: number
  readonly maximum?: number
  readonly choices?: readonly string[]
  readonly secret?: boolean
}

type Kind<V extends Variable> = V['kind'] extends 'integer' | 'number'
  ? number
  : V['kind'] extends 'flag'
    ? boolean
    : V extends { choices: readonly (infer C)[] }
      ? C
      : string
export type Value<V extends Variable> = V extends { optional: true } ? Kind<V> | undefined : Kind<V>

/** The configuration is wrong: one line per fault, all of them at once. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
  readonly faults: readonly string[]
  constructor(faults: readonly string[]) {
    super(faults.join('\n'))
    this.faults = faults
  }
}

/**
 * Reads and validates variables; an empty one counts as not set. Throws one `ConfigurationError` for all that is wrong:
 * a line per variable with its name, the rule, and what the variable is for. A line never repeats the value, which may
 * be a secret.
 */
export function readEnvironment<const S extends Readonly<Record<string, Variable>>>(
  schema: S,
  source: Readonly<Record<string, string | undefined>> = process.env,
): { readonly [K in keyof S]: Value<S[K]> } {
  const faults: string[] = []
  const values: Record<string, unknown> = {}
  for (const [name, variable] of Object.entries(schema)) {
    const text = source[name] === '' ? undefined : source[name]
    if (text !== undefined) {
      const read = parse(variable, text)
      if ('wrong' in read) faults.push(`${name} ${read.wrong} (${variable.describe})`)
      else values[name] = read.value
    } else if (variable.default !== undefined) values[name] = variable.default
    else if (variable.optional !== true) faults.push(`${name} is not set: ${variable.describe}`)
  }
  if (faults.length > 0) throw new ConfigurationError(faults)
  return values as { [K in keyof S]: Value<S[K]> }
}

type Parsed = { readonly value: unknown } | { readonly wrong: string }

function parse(variable: Variable, text: string): Parsed {
  switch (variable.kind) {
    case 'text':
      return { value: text }
    case 'integer':
    case 'number':
      return parseNumber(variable, text)
    case 'url':
      return URL.canParse(text) ? { value: text } : { wrong: 'must be an address such as postgres://user@host/database' }
    case 'file':
      return isReadable(text) ? { value: text } : { wrong: 'must name a file that this process may read' }
    case 'flag':
      return /^(1|true|yes|0|false|no)$/i.test(text) ? { value: /^(1|true|yes)$/i.test(text) } : { wrong: 'must be true or false' }
    case 'choice':
      return variable.choices?.includes(text) === true ? { value: text } : { wrong: `must be one of ${variable.choices?.join(', ')}` }
  }
}

function parseNumber({ kind, minimum, maximum }: Variable, text: string): Parsed {
  const number = Number(text)
  // Written in the plain way only: Number() reads "0x10", "1e3" and " 5 " as well.
  if (kind === 'integer' && !(/^-?\d+$/.test(text) && Number.isSafeInteger(number))) return { wrong: 'must be a whole number' }
  if (kind === 'number' && !/^-?\d+(\.\d+)?$/.test(text)) return { wrong: 'must be a number such as 2.5' }
  if (number >= (minimum ?? -Infinity) && number <= (maximum ?? Infinity)) return { value: number }
  if (maximum === undefined) return { wrong: `must be at least ${minimum}` }
  if (minimum === undefined) return { wrong: `must be at most ${maximum}` }
  return { wrong: `must be from ${minimum} to ${maximum}` }
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK)
    return !statSync(path).isDirectory()
  } catch {
    // Missing, or not ours to read: for whoever has to mend it, the same.
    return false
  }
}
