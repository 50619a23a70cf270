import { statfs } from 'node:fs/promises'

/** How full the disk is on which `folder` lies, from 0 to 1, as an ordinary user meets it. Rejects when there is no such folder. */
export async function diskUsedBy(folder: string): Promise<number> {
  const { blocks, bfree, bavail } = await statfs(folder)
  const used = blocks - bfree
  // What is reserved for the administrator is no room for a database.
  return used + bavail === 0 ? 1 : used / (used + bavail)
}
