// The smallest process that a supervisor can run: for its tests.
import { createServer } from 'node:http'
import { writeSync } from 'node:fs'

const { PORT, MODE, CAPABILITIES = '', CUTOVER_READY_FD } = process.env
if (MODE === 'fail') {
  console.log('the reason why it fails')
  process.exit(3)
}
// A deployment that does not work.
if (CAPABILITIES.includes('act:broken')) process.exit(78)

const server = createServer((request, response) => {
  response.end(request.url === '/capabilities' ? CAPABILITIES : String(process.pid))
  if (request.url === '/crash') process.exit(9)
})
server.listen(Number(PORT), '127.0.0.1', () => {
  console.log('up')
  writeSync(Number(CUTOVER_READY_FD), `${JSON.stringify({ ready: true, url: `http://127.0.0.1:${PORT}` })}\n`)
})

function end(why: string): void {
  console.log(`${new Date().toISOString()} ends: ${why}`)
  process.exit(0)
}
process.on('SIGTERM', () => end('asked'))
process.stdin.on('end', () => end('the pipe closed')).resume()
