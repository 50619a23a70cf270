import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Where the built page lies; the engine serves it from there. */
export const dist = join(import.meta.dirname, 'dist')

const root = join(import.meta.dirname, '..')
const source = join(import.meta.dirname, 'src')
const stamp = 'built-from'

/**
 * Builds the page into `dist`, unless it was built from the same sources and the same packages already: then it takes
 * some milliseconds. A build that is killed leaves the old page, or none, and never a half of one.
 */
export async function buildConsole(): Promise<void> {
  const wanted = digest()
  if ((await stampOf(dist)) === wanted) return
  const made = `${dist}-${process.pid}`
  // Loaded here, because it takes longer than finding out that there is nothing to do.
  const { build } = await import('vite')
  await build({
    root: source,
    configFile: false,
    logLevel: 'error',
    oxc: { jsx: { runtime: 'automatic' } },
    build: { outDir: made, emptyOutDir: true, chunkSizeWarningLimit: 2_000, target: 'es2023', assetsInlineLimit: 0 },
  })
  await writeFile(join(made, stamp), wanted)
  const old = `${made}-old`
  await rename(dist, old).catch(ignoreMissing)
  try {
    await rename(made, dist)
  } catch (error) {
    // Another build was faster; when it made the same, all is well.
    if ((await stampOf(dist)) !== wanted) throw error
  }
  await sweep()
}

/** Of all that the page is made of, this file included. */
function digest(): string {
  const hash = createHash('sha256')
  const files = [
    ...globSync('console/src/**/*.*', { cwd: root }).filter(file => !file.endsWith('.test.ts')),
    ...globSync('engine/api/*.ts', { cwd: root }),
    'console/build.ts',
    'package-lock.json',
  ]
  for (const file of files.map(path => path.replaceAll('\\', '/')).sort()) hash.update(`${file}\n`).update(readFileSync(join(root, file)))
  return hash.digest('hex')
}

const stampOf = (folder: string): Promise<string | null> => readFile(join(folder, stamp), 'utf8').catch(() => null)

/** What builds that were killed left behind. */
async function sweep(): Promise<void> {
  const left = (await readdir(import.meta.dirname)).filter(name => name.startsWith('dist-') && !isAlive(name))
  for (const name of left) await rm(join(import.meta.dirname, name), { recursive: true, force: true })
}

function isAlive(name: string): boolean {
  const pid = Number(/^dist-(\d+)$/.exec(name)?.[1])
  if (!Number.isInteger(pid) || pid === process.pid) return false
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}

if (import.meta.main) await buildConsole()
