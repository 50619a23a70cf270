import { spawn } from 'node:child_process'

/** Ends the server when this process is gone, however it went. */
export interface Watchdog {
  /** The server has been stopped, or is to outlive us: nothing to end. */
  dismiss(): void
}

// Reads until our end of the pipe closes: only our death does that without a word. A shell, because it must
// cost nothing while it waits. The number must still be the one in postmaster.pid when it is used.
const script = `
trap '' INT TERM HUP
read -r word
[ "$word" = dismissed ] && exit 0
same() { [ "$(head -n 1 "$2/postmaster.pid" 2>/dev/null)" = "$1" ]; }
if same "$1" "$2"; then kill -CONT "$1"; kill -INT "$1"; fi
[ -z "$3" ] && exit 0
tries=0
while same "$1" "$2" && [ $tries -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
rm -rf "$3"
`

/** Watches over the postmaster `pid` of the data directory; with `remove`, that directory goes with it. */
export function watchOver(pid: number, data: string, remove?: string): Watchdog {
  // Windows has no shell to wait with; there a server that was left is adopted by the next start.
  if (process.platform === 'win32') return { dismiss: () => undefined }
  const child = spawn('/bin/sh', ['-c', script, 'cutover-watchdog', String(pid), data, remove ?? ''], {
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  child.unref()
  const { stdin } = child
  // A watchdog that somebody ended protects nothing more, and that is all; the next start adopts the server.
  child.on('error', () => undefined)
  stdin.on('error', () => undefined)
  if ('unref' in stdin && typeof stdin.unref === 'function') stdin.unref()
  return { dismiss: () => stdin.end('dismissed\n') }
}
