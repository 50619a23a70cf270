import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { openSigner, openVerifier } from 'cutover/http/tokens'
import { homeFrom, prepareHome, StartRefused } from './home.ts'

describe('the home of a system', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'cutover-home-'))
  after(() => rm(directory, { recursive: true, force: true }))

  it('is .cutover and port 4400 when nothing is said, and an empty variable says nothing', () => {
    for (const environment of [{}, { CUTOVER_HOME: '', CUTOVER_PORT: '' }]) {
      const home = homeFrom(environment)
      assert.equal(home.directory, join(process.cwd(), '.cutover'))
      assert.equal(home.firstPort, 4400)
    }
  })

  for (const port of ['0', '80', '65500', '-1', '4e3', ' 4400', 'x', '4400.5']) {
    it(`refuses the port "${port}" and names the variable`, () => {
      assert.throws(
        () => homeFrom({ CUTOVER_PORT: port }),
        (error: unknown) => error instanceof StartRefused && error.exitCode === 64 && error.message.startsWith('CUTOVER_PORT is'),
      )
    })
  }

  it('holds keys that are trusted, made once and readable by their owner only', async () => {
    const home = homeFrom({ CUTOVER_HOME: join(directory, 'a', 'b') })
    await prepareHome(home, ['hiring', 'people'])
    const token = await readFile(home.operatorTokenFile, 'utf8')
    const signer = await openSigner({ issuer: 'hiring', privateKeyFile: home.privateKeyFile('hiring') })
    await prepareHome(home, ['hiring', 'people', 'engine'])
    const verifier = await openVerifier({ audience: 'bonuses', trustedKeysFile: home.trustedKeysFile })
    const caller = await verifier.verify(await signer.token({ audience: 'bonuses', link: 'COMM-040' }))
    assert.deepEqual(caller, { kind: 'service', service: 'hiring', link: 'COMM-040' })
    assert.equal(await readFile(home.operatorTokenFile, 'utf8'), token)
    for (const file of [home.operatorTokenFile, home.privateKeyFile('hiring'), home.trustedKeysFile]) {
      assert.equal((await stat(file)).mode & 0o077, 0, file)
    }
    assert.ok(!(await readFile(home.trustedKeysFile, 'utf8')).includes('"d"'))
  })

  it('holds a second token, private and another, only when approvals are on', async () => {
    const CUTOVER_HOME = join(directory, 'two')
    const home = homeFrom({ CUTOVER_HOME, CUTOVER_APPROVALS: 'off' })
    await prepareHome(home, [])
    await assert.rejects(stat(home.approverTokenFile), { code: 'ENOENT' })
    await prepareHome(homeFrom({ CUTOVER_HOME, CUTOVER_APPROVALS: 'on' }), [])
    assert.equal((await stat(home.approverTokenFile)).mode & 0o077, 0)
    assert.notEqual(await readFile(home.approverTokenFile, 'utf8'), await readFile(home.operatorTokenFile, 'utf8'))
    assert.throws(
      () => homeFrom({ CUTOVER_APPROVALS: 'yes' }),
      (error: unknown) => error instanceof StartRefused && error.exitCode === 64 && error.message.startsWith('CUTOVER_APPROVALS is'),
    )
  })

  it('that cannot be written is refused in one line with its path and the variable', async () => {
    const file = join(directory, 'file')
    await writeFile(file, '')
    for (const place of [file, join(file, 'below'), ...(process.platform === 'linux' ? ['/proc/cutover'] : [])]) {
      await assert.rejects(
        prepareHome(homeFrom({ CUTOVER_HOME: place }), []),
        (error: unknown) =>
          error instanceof StartRefused &&
          error.message.includes(place) &&
          /CUTOVER_HOME/.test(error.message) &&
          !error.message.includes('\n'),
      )
    }
  })

  it('refuses a damaged key and names its file', async () => {
    const home = homeFrom({ CUTOVER_HOME: join(directory, 'damaged') })
    await prepareHome(home, ['people'])
    await writeFile(home.privateKeyFile('people'), '{"kty":')
    await assert.rejects(prepareHome(home, ['people']), /people\.json holds no Ed25519 private key/)
  })
})
