import { rename, writeFile } from 'node:fs/promises'

/** Writes a file that only its owner may read, whole or not at all. */
export async function writePrivate(file: string, text: string): Promise<void> {
  const making = `${file}.${process.pid}.new`
  await writeFile(making, text, { mode: 0o600 })
  await rename(making, file)
}
