import type { LinkRow, Route } from '@cutover/engine/api'
import type { Figure, PlanView, Said, StepView, Title } from '@cutover/engine/api/plan'

const said = (code: string, params: Said['params'] = {}): Said => ({ code, params })

interface Step {
  readonly step: string
  readonly title: Title
  readonly why?: Title
  readonly verb: string
  readonly does: Said
  readonly now: Said
  readonly gate: Said
  readonly inverse?: Said
  readonly noReturn?: Said
}

const view = ({ step, title, why, verb, does, now, gate, inverse, noReturn }: Step): StepView => ({
  step,
  added: why !== undefined,
  title,
  why: why ?? null,
  verb,
  does,
  now,
  gate,
  inverse: inverse ?? null,
  no_return: noReturn ?? null,
})

/** The plan that leads this link to this route, as an engine would show it. */
export function fakePlan(row: LinkRow, to: Route, run: string | null): PlanView {
  const steps = to === 'event' ? toEvent(row) : toHttp(row)
  return {
    plan: row.link,
    link: row.link,
    from: to === 'event' ? 'http' : 'event',
    to,
    title:
      to === 'event'
        ? { en: `${row.link} from HTTP to event`, ru: `${row.link} с HTTP на событие` }
        : { en: `${row.link} from event to HTTP`, ru: `${row.link} с события на HTTP` },
    procedure: to === 'event' ? 'procedure 3' : 'procedure 4',
    hash: `${row.link}-${to}-4c1d`,
    steps: steps.map(view),
    refusals: [],
    run,
  }
}

function toEvent({ link, from, to, event = 'TaskCompleted' }: LinkRow): readonly Step[] {
  const about = { link, event, version: 0 }
  const cleanUp = { en: 'Clean up: remove the old communication', ru: 'Убрать прежний способ связи' }
  const move = {
    en: 'Move the logic into the consumer and switch the old way off',
    ru: 'Перенести логику в потребителя и выключить прежний путь',
  }
  return [
    {
      step: '1',
      title: { en: 'Register the new event', ru: 'Внести новое событие в реестр' },
      verb: 'register',
      does: said('register', about),
      now: said('register_now', about),
      gate: said('register_gate', { ...about, services: `${from}, ${to}` }),
      inverse: said('register_inverse', about),
    },
    {
      step: '2',
      title: { en: `Give ${to} an empty consumer`, ru: `Дать сервису ${to} пустого потребителя` },
      verb: 'deployed',
      does: said('deploy_record', { service: to, link }),
      now: said('deploy_now', { missing: 2, instances: 2, service: to, capability: `record ${link}` }),
      gate: said('deploy_gate_positions', { service: to, capability: `record ${link}` }),
      inverse: said('deploy_inverse', { service: to, capability: `record ${link}` }),
    },
    {
      step: '3',
      title: { en: `Let ${from} produce the event`, ru: `Пусть ${from} производит событие` },
      verb: 'produce',
      does: said('produce', { ...about, service: from }),
      now: said('produce_now', { ...about, service: from }),
      gate: said('produce_gate', { service: to }),
      inverse: said('produce_inverse', { ...about, service: from }),
    },
    {
      step: '4',
      title: { en: 'Check that all of it works', ru: 'Убедиться, что всё работает' },
      verb: 'parity',
      does: said('parity'),
      now: said('parity_now_off'),
      gate: said('parity_gate', { pairs: 200, coverage: 99 }),
    },
    {
      step: '5',
      title: move,
      verb: 'deployed',
      does: said('deploy_act', { service: to, link }),
      now: said('deploy_now', { missing: 2, instances: 2, service: to, capability: `act ${link}` }),
      gate: said('deploy_gate', { service: to, capability: `act ${link}` }),
      inverse: said('deploy_inverse', { service: to, capability: `act ${link}` }),
    },
    {
      step: '5',
      title: move,
      verb: 'route',
      does: said('route', { service: from, route: 'event', link }),
      now: said('route_now', { link, from: 'http', epoch: 3 }),
      gate: said('route_gate', { service: from }),
      inverse: said('route_inverse', { link, route: 'http' }),
    },
    {
      step: '5a',
      title: { en: 'Wait until the calls of the old epoch have arrived', ru: 'Дождаться вызовов прежней эпохи' },
      why: {
        en: 'Calls that were stated before the switch may still be retried; without them the old way cannot be closed.',
        ru: 'Вызовы, заявленные до переключения, ещё могут повторяться; без них прежний путь закрывать нельзя.',
      },
      verb: 'drained',
      does: said('drained', { route: 'http', link }),
      now: said('drained_now_later', { route: 'http', link }),
      gate: said('drained_gate', { route: 'http', link }),
    },
    {
      step: '6',
      title: cleanUp,
      verb: 'removed',
      does: said('retire_call', { service: from, link }),
      now: said('retire_now', { having: 2, instances: 2, service: from, capability: `call ${link}` }),
      gate: said('retire_gate', { service: from, capability: `call ${link}` }),
      noReturn: said('retire_no_return', { link, route: 'http' }),
    },
    {
      step: '6',
      title: cleanUp,
      verb: 'removed',
      does: said('retire_serve', { service: to, link }),
      now: said('retire_now', { having: 2, instances: 2, service: to, capability: `serve ${link}` }),
      gate: said('retire_gate', { service: to, capability: `serve ${link}` }),
      noReturn: said('retire_no_return', { link, route: 'http' }),
    },
  ]
}

function toHttp({ link, from, to }: LinkRow): readonly Step[] {
  return [
    {
      step: '1',
      title: { en: 'Add the endpoint to the service that consumes', ru: 'Добавить точку входа в сервис-потребитель' },
      verb: 'deployed',
      does: said('deploy_serve', { service: to, link }),
      now: said('deploy_now_done', { instances: 2, service: to, capability: `serve ${link}` }),
      gate: said('deploy_gate', { service: to, capability: `serve ${link}` }),
      inverse: said('deploy_inverse_kept', { service: to, capability: `serve ${link}` }),
    },
    {
      step: '2',
      title: { en: 'Call it, and stop sending the events', ru: 'Вызывать её и не посылать события' },
      verb: 'route',
      does: said('route', { service: from, route: 'http', link }),
      now: said('route_now', { link, from: 'event', epoch: 4 }),
      gate: said('route_gate', { service: from }),
      inverse: said('route_inverse', { link, route: 'event' }),
    },
    {
      step: '3',
      title: { en: 'Wait until the events in the broker are handled', ru: 'Дождаться обработки событий в брокере' },
      verb: 'drained',
      does: said('drained', { route: 'event', link }),
      now: said('drained_now_later', { route: 'event', link }),
      gate: said('drained_gate', { route: 'event', link }),
    },
    {
      step: '4',
      title: { en: 'Remove the code of the asynchronous communication', ru: 'Убрать код асинхронной связи' },
      verb: 'removed',
      does: said('retire_consume', { service: to, link }),
      now: said('retire_now', { having: 2, instances: 2, service: to, capability: `act ${link}` }),
      gate: said('retire_gate', { service: to, capability: `act ${link}` }),
      noReturn: said('retire_no_return', { link, route: 'event' }),
    },
  ]
}

const figure = (name: string, value: number, wanted: number | null = null, rule: Figure['rule'] = null): Figure => ({
  name: `figure_${name}`,
  value,
  wanted,
  rule,
})

/** What the gate of a step counts when `part` of what it waits for has come, from 0 to 1. */
export function fakeFigures({ verb }: { readonly verb: string }, part: number, differing: number): readonly Figure[] {
  const of = (wanted: number): number => Math.round(part * wanted)
  switch (verb) {
    case 'register':
      return [figure('services', of(2), 2, 'at_least')]
    case 'deployed':
      return [figure('instances', of(2), 2, 'at_least'), figure('positions', of(8), 8, 'at_least')]
    case 'produce':
      return [figure('first', of(1), 1, 'at_least')]
    case 'parity':
      return [
        figure('pairs', of(214), 200, 'at_least'),
        figure('coverage', part === 0 ? 0 : 99.6, 99, 'at_least'),
        figure('different', differing, 0, 'at_most'),
        figure('missing', 0, 0, 'at_most'),
        figure('extra', 0, 0, 'at_most'),
        figure('late', 1),
      ]
    case 'route':
      return [figure('epoch', 4)]
    case 'drained':
      return [
        figure('outstanding', 14 - of(14), 0, 'at_most'),
        figure('issued', 2148),
        figure('terminal', 2134 + of(14)),
        figure('parked', 0),
        figure('dead', 0),
      ]
    default:
      return [figure('having', 2 - of(2), 0, 'at_most')]
  }
}

/** What a gate waits for while only `part` of it has come. */
export function fakeWaiting({ verb }: { readonly verb: string }, link: LinkRow, part: number): Said {
  switch (verb) {
    case 'parity':
      return said('parity_waits', { have: Math.round(part * 214), want: 200, rate: link.rate ?? 0 })
    case 'drained': {
      const left = 14 - Math.round(part * 14)
      return said('drained_waits', { outstanding: left, issued: 2148, on_their_way: left - 1, retrying: 1, parked: 0, dead: 0 })
    }
    case 'produce':
      return said('produce_waits', { service: link.to, facts: 1 })
    case 'deployed':
      return said('deploy_waits', { lacking: `${link.to} 2`, capability: `act ${link.link}`, declared: 1, instances: 2 })
    default:
      return said('undeploy_waits', { having: `${link.from} 2`, capability: `call ${link.link}` })
  }
}
