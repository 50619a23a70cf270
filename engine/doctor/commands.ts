import { versionSubject } from 'cutover/contract/capability'
import type { Route } from '../api/contract.ts'

// The commands that repair something, as they are typed. A test holds them to what the command line has.

const cutover = (words: string): string => `npx cutover ${words}`

export const status = cutover('status')
export const start = 'npm start'
export const restart = (service: string, instance: number | null = null): string =>
  cutover(`fault kill ${service}${instance === null ? '' : ` --instance ${instance}`}`)
export const wakeUp = (service: string): string => cutover(`fault resume ${service}`)
export const deploy = (service: string, capability: string): string => cutover(`deploy ${service} --add ${capability}`)
export const raiseEpoch = (service: string): string => cutover(`epoch ${service} --raise`)
export const switchTo = (link: string, route: Route): string => cutover(`switch ${link} --to ${route}`)
export const apply = (link: string, route: Route): string => cutover(`apply ${link} --to ${route}`)
export const showRun = (run: string): string => cutover(`run show ${run}`)
export const resume = (run: string): string => cutover(`resume ${run}`)
export const revert = (run: string): string => cutover(`revert ${run}`)
export const complete = (run: string): string => cutover(`complete ${run}`)
export const certificates = (link: string): string => cutover(`certificates ${link}`)
export const openTopic = (event: string): string => cutover(`topic ${event} --open`)
export const copyTo = (link: string, change: 'create' | 'restore' | 'fill'): string => cutover(`copy ${link} --${change}`)
export const refill = (link: string): string => cutover(`refill ${link}`)
export const deadLetters = cutover('dead-letters')
export const replay = (link: string): string => cutover(`dead-letters replay --link ${link} --dry-run`)
export const showLetter = (service: string, id: string): string => cutover(`dead-letters show ${service}:${id}`)
export const trace = (id: string): string => cutover(`trace ${id}`)
export const history = cutover('history')
export const verify = cutover('verify')
export const setOn = (setting: string): string => `psql "$DATABASE_URL" -c "alter system set ${setting} = on" -c "select pg_reload_conf()"`
export const setClock = 'timedatectl set-ntp true'
/** The capability that a parked fact waits for, if it waits for one: an instance that has it wakes it. */
export function wakingCapability(waitsFor: string): string | null {
  const capability = /^capability:(.+)$/.exec(waitsFor)?.[1]
  if (capability !== undefined) return capability
  const [, event, version] = /^version:(\w+):(\d+)$/.exec(waitsFor) ?? []
  return event === undefined ? null : `handle:${versionSubject(event, Number(version))}`
}

export const doctor = cutover('doctor')
export const readsOf = (link: string): string => cutover(`reads ${link}`)
