// Makes what the processes of the school know each other by, in CUTOVER_HOME, and ends: a key pair for each that signs, the
// file of those that are trusted, the operator's token. What is there stays. `npm start` does the same by itself; this is
// for those who run the processes one by one.
import { homeFrom, prepareHome, StartRefused } from '@cutover/sandbox/home'
import { issuers } from './system-processes.ts'

try {
  const home = homeFrom(process.env)
  await prepareHome(home, issuers)
  console.log(`Keys and token are in ${home.directory}.`)
} catch (error) {
  if (!(error instanceof StartRefused)) throw error
  console.error(error.message)
  process.exitCode = error.exitCode
}
