import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generateKeyPair } from 'cutover/http/tokens'
import { writePrivate } from './private-file.ts'

type Jwk = Readonly<Record<string, unknown>>

/** Makes a key pair for each issuer that has none, and writes the file of those that are trusted. */
export async function ensureKeys(folder: string, trustedKeysFile: string, issuers: readonly string[]): Promise<void> {
  const trusted: Record<string, Jwk> = {}
  for (const issuer of issuers) {
    const privateJwk = await privateKeyOf(join(folder, `${issuer}.json`))
    const { d: _, ...publicJwk } = privateJwk
    trusted[issuer] = publicJwk
  }
  await writePrivate(trustedKeysFile, `${JSON.stringify(trusted, null, 2)}\n`)
}

async function privateKeyOf(file: string): Promise<Jwk> {
  const stored = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (stored !== null) {
    const key = parsed(stored)
    if (key !== null) return key
    throw new Error(`${file} holds no Ed25519 private key (JWK). Delete it to have a new one made.`)
  }
  const { privateJwk } = await generateKeyPair()
  await writePrivate(file, `${JSON.stringify(privateJwk)}\n`)
  return privateJwk
}

function parsed(text: string): Jwk | null {
  try {
    const key = JSON.parse(text) as Jwk | null
    return typeof key === 'object' && key !== null && key['crv'] === 'Ed25519' && typeof key['d'] === 'string' ? key : null
  } catch {
    // Torn or foreign: the caller names the file.
    return null
  }
}
