import type { Command } from 'commander'
import { type TrafficRequest, paths, trafficRate } from '@cutover/sandbox/api'
import { type Terminal, contextOf, integer, verb } from './command.ts'
import { plain } from './print.ts'

const timeoutSeconds = 10
type Answer = Readonly<Record<string, unknown>>

/** `cutover traffic [start|stop|rate N]`: the demo's traffic. */
export function trafficVerb(terminal: Terminal): Command {
  const act = async (command: Command, request?: TrafficRequest): Promise<void> => {
    const context = contextOf(terminal, command)
    const call = request === undefined ? { method: 'GET' as const } : { method: 'POST' as const, body: request }
    context.print(await context.call<Answer>('sandbox', { ...call, path: paths.traffic }), show)
  }
  const start = verb(terminal, {
    name: 'start',
    summary: 'Start the traffic',
    examples: ['traffic start', 'traffic start --json'],
    timeoutSeconds,
  })
  const stop = verb(terminal, {
    name: 'stop',
    summary: 'Stop the traffic; what is on its way arrives',
    examples: ['traffic stop', 'traffic stop --json'],
    timeoutSeconds,
  })
  const rate = verb(terminal, {
    name: 'rate',
    summary: 'Change the number of outcomes per second',
    examples: ['traffic rate 10', 'traffic rate 200 --json'],
    timeoutSeconds,
  })
  const { minimum, maximum } = trafficRate
  rate.argument('<per-second>', `outcomes per second, ${minimum} to ${maximum}`, integer(minimum, maximum, 'outcomes per second'))
  return verb(terminal, {
    name: 'traffic',
    summary: 'Show, start or stop the demo traffic, or change its rate',
    examples: ['traffic', 'traffic rate 50'],
    timeoutSeconds,
  })
    .action((_options: object, command: Command) => act(command))
    .addCommand(start.action((_options: object, command: Command) => act(command, { action: 'start' })))
    .addCommand(stop.action((_options: object, command: Command) => act(command, { action: 'stop' })))
    .addCommand(rate.action((perSecond: number, _options: object, command: Command) => act(command, { action: 'rate', rate: perSecond })))
}

function show(answer: Answer): string {
  const { running, rate, ...others } = answer
  const sentence =
    running === false ? 'Traffic is stopped.' : `Traffic runs at ${shown(rate ?? 'an unknown number of')} outcomes per second.`
  return `${sentence}${Object.entries(others)
    .map(([name, value]) => `\n  ${name.replaceAll('_', ' ')}: ${shown(value)}`)
    .join('')}`
}

const shown = (value: unknown): string => plain(typeof value === 'string' ? value : JSON.stringify(value))
