import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { diskUsedBy } from './disk.ts'

test('a disk is between empty and full, and a folder that is not there is an error', async () => {
  const used = await diskUsedBy(tmpdir())
  assert.ok(used > 0 && used <= 1, String(used))
  await assert.rejects(diskUsedBy('/no/such/folder'), /ENOENT/)
})
