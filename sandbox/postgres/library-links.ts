import { readdir, readFile, readlink, symlink, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/**
 * Restores the short names of PostgreSQL's libraries. A package archive cannot hold symbolic links, and the
 * package's own install script, which would make them, does not run here. Safe to repeat, and to run twice at
 * once. False when the folder cannot be written.
 */
export async function repairLinks(root: string): Promise<boolean> {
  if (process.platform === 'win32') return true
  const library = join(root, 'native', 'lib')
  const listed = JSON.parse(await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]')) as {
    source: string
    target: string
  }[]
  const wanted = new Map(listed.map(link => [join(root, link.target), basename(link.source)]))
  const files = (await readdir(library, { withFileTypes: true })).filter(entry => entry.isFile()).map(entry => entry.name)
  // The list has gaps on macOS, where a library is also asked for by its major version alone.
  for (const file of files) {
    for (const short of shortNames(file)) {
      const path = join(library, short)
      if (!wanted.has(path) && !files.includes(short)) wanted.set(path, file)
    }
  }
  try {
    for (const [path, target] of wanted) if (dirname(path) === library) await link(path, target)
    return true
  } catch (error) {
    if (['EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  }
}

/** `libpq.so.5.18` is also known as `libpq.so.5` and `libpq.so`; `libicuuc.68.2.dylib` as `libicuuc.68.dylib` and `libicuuc.dylib`. */
export function shortNames(file: string): string[] {
  const linux = /^(lib[^.]+\.so)((?:\.\d+)+)$/.exec(file)
  const mac = /^(lib[^.]+)((?:\.\d+)+)\.dylib$/.exec(file)
  const [, stem, numbers] = linux ?? mac ?? []
  if (stem === undefined || numbers === undefined) return []
  const parts = numbers.slice(1).split('.')
  const versions = parts.map((_, kept) =>
    parts
      .slice(0, kept)
      .map(part => `.${part}`)
      .join(''),
  )
  return versions.map(version => stem + version + (linux === null ? '.dylib' : ''))
}

async function link(path: string, target: string): Promise<void> {
  const present = await readlink(path).catch((error: NodeJS.ErrnoException) => (error.code === 'EINVAL' ? target : null))
  if (present === target) return
  if (present !== null) await unlink(path)
  await symlink(target, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
}
