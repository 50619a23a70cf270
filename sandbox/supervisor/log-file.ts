import { copyFile, open, stat, truncate } from 'node:fs/promises'

const bytesMax = 10_000_000
const lookEveryMs = 10_000

/** The last lines of a log, for a person who must understand an end. */
export async function lastLines(file: string, count = 10): Promise<string> {
  const size = await stat(file).then(
    ({ size }) => size,
    () => 0,
  )
  if (size === 0) return '(nothing was logged)'
  const handle = await open(file, 'r')
  try {
    const length = Math.min(size, 16_384)
    const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length)
    return buffer.toString('utf8').trimEnd().split('\n').slice(-count).join('\n')
  } finally {
    await handle.close()
  }
}

/**
 * Keeps log files from growing without bound: a file above 10 MB becomes `<file>.1` and begins anew. Copied
 * and emptied, because the process that writes keeps it open; lines written in between are lost.
 */
export function capLogs(files: () => readonly string[]): { stop(): void } {
  const timer = setInterval(() => {
    // A file that is not there yet, or a full disk, is no reason to end: it is looked at again.
    for (const file of files()) cap(file).catch((error: Error) => console.error(`cannot cap ${file}: ${error.message}`))
  }, lookEveryMs)
  timer.unref()
  return { stop: () => clearInterval(timer) }
}

export async function cap(file: string, limit: number = bytesMax): Promise<void> {
  const size = await stat(file).then(
    ({ size }) => size,
    () => 0,
  )
  if (size <= limit) return
  await copyFile(file, `${file}.1`)
  await truncate(file)
}
