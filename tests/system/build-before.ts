import { execFileSync } from 'node:child_process'
import { mkdir, readdir, readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** The build before: it stands beside this one while a deployment is under way. */
export const before = '5f5834f'

/** The source tree of another commit, with our libraries and its own packages. */
export async function checkOut(commit: string, folder: string): Promise<void> {
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

/** Why a test with two builds cannot run here; false when it can. */
export const skipBefore: string | false = known()
  ? false
  : `SKIPPED: commit ${before} is not in this clone; fetch the whole history to run it`
