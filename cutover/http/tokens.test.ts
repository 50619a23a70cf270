import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { importJWK, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import { Problem } from '../failure/problem.ts'
import { ConfigurationError } from '../process/environment.ts'
import { type Claims, generateKeyPair, openSigner, openVerifier, type Verifier } from './tokens.ts'

const issuers = ['hiring', 'people', 'engine', 'stranger'] as const
const folder = await mkdtemp(join(tmpdir(), 'tokens-'))
const trustedKeysFile = join(folder, 'trusted.json')
const keys: Record<string, { privateJwk: object; publicJwk: { x?: string } }> = {}
let bonuses: Verifier

before(async () => {
  for (const issuer of issuers) {
    keys[issuer] = await generateKeyPair()
    await writeFile(fileOf(issuer), JSON.stringify(keys[issuer].privateJwk))
  }
  const { stranger: _unknown, ...trusted } = Object.fromEntries(Object.entries(keys).map(([issuer, pair]) => [issuer, pair.publicJwk]))
  await writeFile(trustedKeysFile, JSON.stringify(trusted))
  bonuses = await openVerifier({ audience: 'bonuses', trustedKeysFile })
})
after(() => rm(folder, { recursive: true }))

const fileOf = (issuer: string): string => join(folder, `${issuer}.jwk`)
const tokenOf = async (issuer: string, claims: Claims): Promise<string> =>
  (await openSigner({ issuer, privateKeyFile: fileOf(issuer) })).token(claims)
const refused = async (token: string, why: RegExp = /./): Promise<void> => {
  await assert.rejects(
    bonuses.verify(token),
    (error: unknown) => error instanceof Problem && error.code === 'token_invalid' && error.status === 401 && why.test(error.message),
  )
}

/** A token with claims that our signer would not write, properly signed by one that is trusted. */
async function forged(claims: JWTPayload, issuer = 'hiring'): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  const key = await importJWK(keys[issuer]?.privateJwk ?? {}, 'EdDSA')
  return new SignJWT({ iss: issuer, aud: 'bonuses', iat: now, exp: now + 300, ...claims }).setProtectedHeader({ alg: 'EdDSA' }).sign(key)
}

test('a service’s token says which service calls, and over which link', async () => {
  assert.deepEqual(await bonuses.verify(await tokenOf('hiring', { audience: 'bonuses', link: 'COMM-040' })), {
    kind: 'service',
    service: 'hiring',
    link: 'COMM-040',
  })
  assert.deepEqual(await bonuses.verify(await forged({})), { kind: 'service', service: 'hiring', link: null })
})

test('the issuer of people speaks for persons, with subject and role', async () => {
  const token = await tokenOf('people', { audience: 'bonuses', subject: 'm1', role: 'manager' })
  assert.deepEqual(await bonuses.verify(token), { kind: 'person', subject: 'm1', role: 'manager' })
  await refused(await tokenOf('people', { audience: 'bonuses', subject: 'm1', role: 'emperor' }))
  await refused(await tokenOf('people', { audience: 'bonuses', role: 'manager' }))
})

test('nobody speaks for others: a service is no person and no engine whatever it claims, people are no service', async () => {
  const claims = { sub: 'm1', role: 'manager', kind: 'engine', service: 'engine' }
  assert.deepEqual(await bonuses.verify(await forged(claims)), { kind: 'service', service: 'hiring', link: null })
  assert.deepEqual(await bonuses.verify(await forged({ ...claims, link: 'COMM-040' }, 'engine')), { kind: 'engine' })
  await refused(await forged({ link: 'COMM-040' }, 'people'))
})

test('a token for another audience is refused, and so is one for several', async () => {
  await refused(await tokenOf('hiring', { audience: 'management', link: 'COMM-040' }), /not valid for bonuses/)
  await refused(await forged({ aud: ['bonuses', 'management'] }), /one audience/)
})

test('a token by another key, or by an issuer that is not trusted, is refused', async () => {
  await refused(await tokenOf('stranger', { audience: 'bonuses' }), /not trusted/)
  const key = await importJWK(keys['stranger']?.privateJwk ?? {}, 'EdDSA')
  const stolenName = new SignJWT({ iss: 'hiring', aud: 'bonuses' })
    .setProtectedHeader({ alg: 'EdDSA' })
    .setIssuedAt()
    .setExpirationTime('60s')
  await refused(await stolenName.sign(key))
})

test('no other algorithm is accepted: not "none", and not the public key as a shared secret', async () => {
  await refused(new UnsecuredJWT({ iss: 'hiring', aud: 'bonuses' }).setIssuedAt().setExpirationTime('60s').encode())
  const secret = Buffer.from(keys['hiring']?.publicJwk.x ?? '', 'base64url')
  const confused = new SignJWT({ iss: 'hiring', aud: 'bonuses' })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuedAt()
    .setExpirationTime('60s')
  await refused(await confused.sign(secret))
})

test('what is not a token is refused, and so is a changed one', async () => {
  for (const text of ['', 'x', 'a.b.c', '{}', '.'.repeat(1_000)]) await refused(text)
  const [head, body, signature] = (await forged({})).split('.')
  const other = Buffer.from(JSON.stringify({ iss: 'engine', aud: 'bonuses' })).toString('base64url')
  await refused([head, other, signature].join('.'))
  await refused([head, body, (signature ?? '').replace(/^./, first => (first === 'A' ? 'B' : 'A'))].join('.'))
})

test('a token without an end, with a long life, or from the future is refused', async () => {
  const now = Math.floor(Date.now() / 1000)
  await refused(await forged({ exp: undefined as never }))
  await refused(await forged({ iat: undefined as never }))
  await refused(await forged({ exp: now + 301 }), /300 seconds at the most/)
  await refused(await forged({ iat: now + 3_600, exp: now + 3_700 }))
  await refused(await forged({ iat: now - 100, exp: now - 50 }))
})

test('a token that was accepted is refused once it has expired', async context => {
  context.mock.timers.enable({ apis: ['Date'], now: Date.now() })
  const token = await tokenOf('hiring', { audience: 'bonuses', link: 'COMM-040' })
  await bonuses.verify(token)
  context.mock.timers.tick(299_000)
  await bonuses.verify(token)
  context.mock.timers.tick(7_000)
  await refused(token)
})

test('a signer hands out the same token again until a minute before its end', async context => {
  context.mock.timers.enable({ apis: ['Date'], now: Date.now() })
  const signer = await openSigner({ issuer: 'hiring', privateKeyFile: fileOf('hiring') })
  const claims = { audience: 'bonuses', link: 'COMM-040' }
  const first = await signer.token(claims)
  assert.equal(await signer.token({ ...claims }), first)
  assert.notEqual(await signer.token({ ...claims, link: 'COMM-050' }), first)
  context.mock.timers.tick(238_000)
  assert.equal(await signer.token(claims), first)
  context.mock.timers.tick(3_000)
  assert.notEqual(await signer.token(claims), first)
})

test('a token lives five minutes to the second, whenever in a second it is made', async context => {
  for (const now of [1_800_000_000_000, 1_800_000_000_999]) {
    context.mock.timers.enable({ apis: ['Date'], now })
    const [, payload] = (await tokenOf('hiring', { audience: 'bonuses' })).split('.')
    const { iat, exp } = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString()) as { iat: number; exp: number }
    assert.equal(exp - iat, 300)
    context.mock.timers.reset()
  }
})

test('a key file that is missing or wrong is named, and not quoted', async () => {
  const broken = join(folder, 'broken.jwk')
  await writeFile(broken, 'SECRET-KEY')
  const wrong = join(folder, 'wrong.jwk')
  await writeFile(wrong, '{"kty":"OKP","crv":"Ed25519","x":"SECRET-KEY"}')
  for (const privateKeyFile of [join(folder, 'missing'), broken, wrong]) {
    await assert.rejects(
      openSigner({ issuer: 'hiring', privateKeyFile }),
      (error: unknown) =>
        error instanceof ConfigurationError && error.message.includes(privateKeyFile) && !error.message.includes('SECRET-KEY'),
    )
  }
})
