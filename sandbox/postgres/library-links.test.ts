import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { repairLinks, shortNames } from './library-links.ts'

describe('the links of libraries', () => {
  it('are the shorter versions of a name, on Linux and on macOS', () => {
    assert.deepEqual(shortNames('libpq.so.5.18'), ['libpq.so', 'libpq.so.5'])
    assert.deepEqual(shortNames('libicuuc.68.2.dylib'), ['libicuuc.dylib', 'libicuuc.68.dylib'])
    assert.deepEqual(shortNames('libpgport.a'), [])
  })

  it('are made where they are missing, mended where they are wrong, and a real file is left alone', async () => {
    const root = await mkdtemp(join(tmpdir(), 'cutover-links-'))
    const library = join(root, 'native', 'lib')
    await mkdir(library, { recursive: true })
    await writeFile(join(library, 'liba.so.1.2'), '')
    await writeFile(join(library, 'liba.so'), 'real')
    await symlink('nowhere', join(library, 'liba.so.1'))
    const listed = [
      { source: 'native/lib/liba.so.1.2', target: 'native/lib/liba.so.1' },
      { source: 'x', target: '../outside' },
    ]
    await writeFile(join(root, 'native', 'pg-symlinks.json'), JSON.stringify(listed))
    for (const _ of [1, 2]) assert.equal(await repairLinks(root), true)
    assert.equal(await readlink(join(library, 'liba.so.1')), 'liba.so.1.2')
    await assert.rejects(readlink(join(library, 'liba.so')), { code: 'EINVAL' })
    await assert.rejects(readlink(join(root, '..', 'outside')), { code: 'ENOENT' })
    await rm(root, { recursive: true })
  })
})
