import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import type { HttpAnswer } from 'cutover/http/server'

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.json': 'application/json; charset=utf-8',
}

/** Nothing from elsewhere runs in the page, and no other page can frame it. */
const headers = {
  'content-security-policy':
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
}

/**
 * The built console in a folder. Files under `/assets/` carry a digest in their names and are kept by browsers for
 * ever; every other path that is no operation is the console's own, which reads it from the address.
 */
export function openPages(folder: string): (path: string) => Promise<HttpAnswer | null> {
  const read = async (file: string, cache: string): Promise<HttpAnswer | null> => {
    const body = await readFile(join(folder, file)).catch(() => null)
    if (body === null) return null
    return { body, headers: { ...headers, 'content-type': types[extname(file)] ?? 'application/octet-stream', 'cache-control': cache } }
  }
  return async path => {
    if (path.startsWith('/api/') || path === '/api') return null
    // One segment of plain characters: nothing can climb out of the folder.
    const asset = /^\/(assets\/[\w.-]+|[\w-]+\.(?:svg|png|json))$/.exec(path)?.[1]
    if (asset !== undefined) return read(asset, path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache')
    if (path.includes('.')) return null
    return (await read('index.html', 'no-cache')) ?? notBuilt
  }
}

const notBuilt: HttpAnswer = {
  status: 503,
  body: 'The console is not built. Run: node bin/run.mjs console/build.ts\n',
  headers: { 'content-type': 'text/plain; charset=utf-8' },
}
