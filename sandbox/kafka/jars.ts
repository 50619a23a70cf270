import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const pom = fileURLToPath(new URL('pom.xml', import.meta.url))
const cache = fileURLToPath(new URL('../../node_modules/.cache', import.meta.url))
const javaMinimum = 17
const fetchTimeoutMs = 600_000
const askTimeoutMs = 60_000
const outputMax = 10_000_000

/** The version of Apache Kafka that is run. */
export const kafkaVersion = /<kafka\.version>(.+)<\/kafka\.version>/.exec(readFileSync(pom, 'utf8'))?.[1] ?? ''

/** Java or Maven are not at hand, in one line for a person. */
export class KafkaUnavailable extends Error {
  override readonly name = 'KafkaUnavailable'
}

/** Why Kafka cannot be run on this machine; null when Java and Maven are there. */
export async function lacking(): Promise<string | null> {
  const [java, maven] = await Promise.all([outputOf('java', ['-version'], askTimeoutMs), outputOf('mvn', ['-version'], askTimeoutMs)])
  const version = Number(/version "(\d+)/.exec(java ?? '')?.[1] ?? 0)
  const found = java === null ? 'Java is missing' : version < javaMinimum ? `Java is of version ${version || 'unknown'}` : null
  const faults = [...(found === null ? [] : [found]), ...(maven === null ? ['Maven is missing'] : [])]
  if (faults.length === 0) return null
  return `${faults.join(' and ')}: a Kafka broker needs Java ${javaMinimum} or later, and Maven fetches it ("java" and "mvn" on the PATH).`
}

/** The folder with the broker's jars, fetched by Maven when it is not there. Throws `KafkaUnavailable`, or what Maven says. */
export async function ensureJars(log: (line: string) => void): Promise<string> {
  const why = await lacking()
  if (why !== null) throw new KafkaUnavailable(why)
  const folder = join(cache, `kafka-${kafkaVersion}`)
  if (existsSync(folder)) return folder
  log(`fetching Apache Kafka ${kafkaVersion} with Maven, once`)
  // Whole or not at all: who is interrupted leaves a folder that nobody takes for complete.
  const making = `${folder}.${process.pid}.new`
  await mkdir(dirname(folder), { recursive: true })
  await rm(making, { recursive: true, force: true })
  const said = await new Promise<string | null>(resolve => {
    execFile(
      'mvn',
      ['--batch-mode', '--quiet', '--file', pom, 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${making}`],
      { timeout: fetchTimeoutMs, maxBuffer: outputMax },
      (error, stdout, stderr) => resolve(error === null ? null : `${stdout}${stderr}`.trim() || error.message),
    )
  })
  if (said !== null) {
    await rm(making, { recursive: true, force: true })
    throw new KafkaUnavailable(`Maven cannot fetch Apache Kafka ${kafkaVersion}: ${said.split('\n').slice(0, 5).join(' ')}`)
  }
  await rename(making, folder).catch(async (error: unknown) => {
    // Somebody else fetched them at the same time.
    if (!existsSync(folder)) throw error
    await rm(making, { recursive: true, force: true })
  })
  return folder
}

/** Both outputs of a program, or null if it cannot be run. */
function outputOf(file: string, args: readonly string[], timeout: number): Promise<string | null> {
  return new Promise(resolve => {
    execFile(file, args, { timeout }, (error, stdout, stderr) => resolve(error === null ? `${stdout}${stderr}` : null))
  })
}
