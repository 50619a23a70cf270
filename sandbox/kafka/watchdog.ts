import { spawn } from 'node:child_process'

// Reads until our end of the pipe closes: only our death does that without a word. The number must still be that of
// the broker of this configuration when it is used.
const script = `
trap '' INT TERM HUP
read -r word
[ "$word" = dismissed ] && exit 0
same() { ps -o command= -p "$1" 2>/dev/null | grep -qF -- "$2"; }
if same "$1" "$2"; then kill -CONT "$1"; kill -TERM "$1"; fi
tries=0
while same "$1" "$2" && [ $tries -lt 100 ]; do sleep 0.2; tries=$((tries + 1)); done
if same "$1" "$2"; then kill -KILL "$1"; fi
`

/** Ends the broker when this process is gone, however it went. `dismiss` when it has ended before. */
export function watchOverBroker(pid: number, configuration: string): { dismiss(): void } {
  // Windows has no shell to wait with; there a broker that was left is ended by the next start.
  if (process.platform === 'win32') return { dismiss: () => undefined }
  const child = spawn('/bin/sh', ['-c', script, 'cutover-watchdog', String(pid), configuration], {
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  child.unref()
  const { stdin } = child
  // A watchdog that somebody ended protects nothing more, and that is all.
  child.on('error', () => undefined)
  stdin.on('error', () => undefined)
  if ('unref' in stdin && typeof stdin.unref === 'function') stdin.unref()
  return { dismiss: () => stdin.end('dismissed\n') }
}
