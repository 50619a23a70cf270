import { readFile } from 'node:fs/promises'
import { exitCodes, StartRefused } from '../home.ts'
import { writePrivate } from '../private-file.ts'

/** `deployments.json`: what is wanted of each service that something was ever deployed of. */
export interface StoredDeployments {
  /** The highest term that has deployed anything here. */
  readonly term: number
  readonly services: Readonly<Record<string, { readonly capabilities: readonly string[] }>>
}

export const nothingDeployed: StoredDeployments = { term: 0, services: {} }

export const writeDeployments = (file: string, stored: StoredDeployments): Promise<void> =>
  writePrivate(file, `${JSON.stringify(stored, null, 2)}\n`)

export async function readDeployments(file: string): Promise<StoredDeployments> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (text === null) return nothingDeployed
  const stored = parsed(text)
  if (stored !== null) return stored
  // Guessing would start services that cannot do what the routes of their links need by now.
  throw new StartRefused(
    `${file} is damaged: it must hold {"term": 1, "services": {"bonuses": {"capabilities": ["act:COMM-040"]}}}. Restore it; or delete it to start every service in its first form, and deploy again what the links need.`,
    exitCodes.cannotCreate,
  )
}

function parsed(text: string): StoredDeployments | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  if (!isObject(value) || !Number.isSafeInteger(value['term']) || !isObject(value['services'])) return null
  return Object.values(value['services']).every(isService) ? (value as unknown as StoredDeployments) : null
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isService = (value: unknown): boolean =>
  isObject(value) && Array.isArray(value['capabilities']) && value['capabilities'].every(one => typeof one === 'string')
