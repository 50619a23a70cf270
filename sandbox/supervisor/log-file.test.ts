import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it, mock } from 'node:test'
import { cap, capLogs, lastLines } from './log-file.ts'

describe('a log file', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'cutover-log-'))
  after(() => rm(directory, { recursive: true, force: true }))
  const file = join(directory, 'a.log')

  it('begins anew above its limit, and keeps what it held beside it', async () => {
    await writeFile(file, 'one\ntwo\n')
    await cap(file, 8)
    assert.equal(await readFile(file, 'utf8'), 'one\ntwo\n')
    await cap(file, 7)
    assert.deepEqual([await readFile(file, 'utf8'), await readFile(`${file}.1`, 'utf8')], ['', 'one\ntwo\n'])
  })

  it('that is small is left alone when it is looked at, whichever in the list it is', async () => {
    mock.timers.enable({ apis: ['setInterval'] })
    const [first, second] = [join(directory, 'first.log'), join(directory, 'second.log')]
    for (const path of [first, second]) await writeFile(path, 'a line\n')
    const looking = capLogs(() => [first, second])
    mock.timers.tick(60_000)
    looking.stop()
    mock.timers.reset()
    // The looks run by themselves; two reads later they have had their turn.
    for (const path of [first, second, first, second]) assert.equal((await stat(path)).size, 7)
  })

  it('shows its end, even when it is long, and says when there is nothing', async () => {
    await writeFile(file, Array.from({ length: 5_000 }, (_, line) => `line ${line}`).join('\n'))
    assert.deepEqual((await lastLines(file, 2)).split('\n'), ['line 4998', 'line 4999'])
    assert.equal(await lastLines(join(directory, 'none.log')), '(nothing was logged)')
  })
})
