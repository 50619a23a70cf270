import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openOf } from './journey.ts'
import { startSystem } from './system.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** The build before: it stands beside this one while a deployment is under way. */
const before = '5f5834f'
const timeout = 900_000

/** The source tree of another commit, with our libraries and its own packages. */
async function checkOut(commit: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  const archive = execFileSync('git', ['archive', '--format=tar', commit], { cwd: root, maxBuffer: 256 * 1024 * 1024 })
  execFileSync('tar', ['-x', '-C', folder], { input: archive })
  const { workspaces } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { workspaces: readonly string[] }
  const own = new Map<string, string>()
  for (const workspace of workspaces) {
    const { name } = JSON.parse(await readFile(join(folder, workspace, 'package.json'), 'utf8')) as { name: string }
    own.set(name, join(folder, workspace))
  }
  const libraries = join(root, 'node_modules')
  for (const entry of await readdir(libraries)) {
    const names = entry.startsWith('@') ? (await readdir(join(libraries, entry))).map(name => `${entry}/${name}`) : [entry]
    for (const name of names) {
      const link = join(folder, 'node_modules', name)
      await mkdir(join(link, '..'), { recursive: true })
      await symlink(own.get(name) ?? join(libraries, name), link)
    }
  }
}

const known = (): boolean => {
  try {
    execFileSync('git', ['cat-file', '-e', `${before}^{commit}`], { cwd: root, stdio: 'ignore' })
    return true
  } catch {
    // A shallow clone, or no repository at all.
    return false
  }
}

test(
  'one instance of hiring and one of bonuses are of the build before: both builds work side by side until the plan deploys them, and nothing is lost',
  { timeout, skip: known() ? false : `SKIPPED: commit ${before} is not in this clone; fetch the whole history to run it` },
  async context => {
    const folder = await mkdtemp(join(tmpdir(), 'cutover-build-'))
    await checkOut(before, folder)
    const first = {
      'hiring-2': join(folder, 'school/hiring/main.ts'),
      'bonuses-2': join(folder, 'school/bonuses/main.ts'),
    }
    const system = await startSystem({ instances: 'hiring=2,bonuses=2', rate: 60, programs: { first }, patient: true })
    try {
      const seen = await system.outcomes()
      while ((await system.outcomes()) < seen + 300) assert.equal((await system.verify()).ok, true)
      const data = await system.apply('COMM-070', { to: 'event' })
      const { run } = await system.apply('COMM-040', { to: 'event' })
      const finished = await system.reach(run, 'finished')
      await system.reach(data.run, 'finished')
      assert.ok(finished.steps.filter(step => step.gate?.way_back === 'open').length >= 5)
      assert.equal((await system.verify()).ok, true)
      for (const one of [run, data.run]) await system.order(one, 'revert')
      for (const one of [run, data.run]) await system.reach(one, 'reverted')
      await system.traffic('stop')
      const report = await system.settle()
      context.diagnostic(`${report.links.reduce((sum, link) => sum + link.facts, 0)} facts by two builds`)
      assert.deepEqual(
        report.links.flatMap(link => link.samples),
        [],
      )
      assert.deepEqual([report.ok, openOf(report)], [true, 0])
    } finally {
      await system.stop()
      await rm(folder, { recursive: true, force: true })
    }
  },
)
