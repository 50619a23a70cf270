import { execFile } from 'node:child_process'
import { chmod, mkdir, open, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const chunk = Buffer.alloc(1_048_576)

/** A disk of its own, in memory, that can be filled to the last byte. */
export interface SmallDisk {
  fill(): Promise<void>
  empty(): Promise<void>
  remove(): Promise<void>
}

/** Why there can be none here: only root mounts, and only on Linux; false where there can. */
export const skipSmallDisk = process.platform !== 'linux' || process.getuid?.() !== 0 ? 'a small disk needs Linux and root' : false

/** Mounts one at a folder, which is made; whoever's it is, others may go through. */
export async function openSmallDisk(folder: string, megabytes: number): Promise<SmallDisk> {
  await mkdir(folder, { recursive: true })
  // PostgreSQL runs as another user, who has to get there.
  for (const above of [dirname(folder), dirname(dirname(folder))]) await chmod(above, 0o711)
  await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0711`, 'tmpfs', folder])
  const filler = join(folder, 'filler')
  return {
    async fill() {
      const file = await open(filler, 'w')
      try {
        for (;;) await file.write(chunk)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      } finally {
        await file.close()
      }
    },
    empty: () => rm(filler, { force: true }),
    remove: async () => void (await run('umount', ['-l', folder])),
  }
}
