import { type Command, InvalidArgumentError, Option } from 'commander'
import { pathOf, paths } from '@cutover/engine/api'
import type { PairVerdict, ParityPair, ParityView } from '@cutover/engine/api/plan'
import { type Context, type Terminal, contextOf, verb } from './command.ts'
import { CommandFailed, exitCodes } from './exit.ts'
import { pairText, pairsText } from './pairs.ts'
import { patiently } from './patience.ts'
import { type Style, counted, plain, styled } from './print.ts'
import { linkId } from './target.ts'

const verdicts: readonly PairVerdict[] = ['equal', 'different', 'missing', 'extra', 'late', 'undecided']

interface ParityOptions {
  readonly verdict?: PairVerdict
  readonly key?: string
}

type Answer = ParityView & { readonly pairs: readonly ParityPair[] }

/** `cutover parity LINK`: what the event would have done beside what HTTP did. */
export const parityVerb = (terminal: Terminal): Command =>
  verb(terminal, {
    name: 'parity',
    summary: 'Compare what the event would have done with what HTTP did, down to one pair',
    examples: ['parity COMM-040 --verdict different', 'parity COMM-040 --key KEY --json'],
    timeoutSeconds: 30,
  })
    .argument('<link>', 'the link, for example COMM-040', linkId)
    .addOption(new Option('--verdict <verdict>', 'only pairs of this verdict').choices(verdicts))
    .option('--key <key>', 'one pair, by its business key: both sides, with the difference marked', keyText)
    .action(async (link: string, { verdict, key }: ParityOptions, command: Command) => {
      const context = contextOf(terminal, command)
      const totals = await patiently<ParityView>(context, { method: 'GET', path: pathOf(paths.parity, link) })
      const query = new URLSearchParams({ ...(verdict === undefined ? {} : { verdict }), ...(key === undefined ? {} : { key }) }).toString()
      const path = `${pathOf(paths.pairs, link)}${query === '' ? '' : `?${query}`}`
      const pairs = await patiently<readonly ParityPair[]>(context, { method: 'GET', path })
      if (key !== undefined && pairs.length === 0)
        throw new CommandFailed(
          exitCodes.usage,
          `${link} has no pair with the key ${key}`,
          `see the pairs with: npx cutover parity ${link}`,
        )
      context.print<Answer>({ ...totals, pairs }, answer => show(answer, context, key !== undefined))
    })

function show({ pairs, ...totals }: Answer, { width, glyphs }: Context, isOne: boolean): string {
  const found = isOne
    ? pairs.map(pair => pairText(pair, width)).join('\n\n')
    : pairs.length === 0
      ? 'No pairs.'
      : `${pairsText(pairs, width, glyphs.dots)}\n\nSee both sides of one with: npx cutover parity ${plain(totals.link)} --key KEY`
  return `${totalsText(totals)}\n\n${found}`
}

function totalsText(totals: ParityView): string {
  const link = plain(totals.link)
  const wrong = totals.different + totals.missing + totals.extra
  const head =
    totals.since_epoch === null
      ? `Nothing is compared on ${link} now: it produces nothing in shadow.`
      : `${link}: ${counted(totals.facts, 'fact')} compared since epoch ${totals.since_epoch}, ${totals.rate} a second; ${
          wrong === 0 ? styled('green', 'no difference') : styled('red', counted(wrong, 'difference'))
        }.`
  const figure = (name: PairVerdict, bad: Style | null): string => {
    const text = `${totals[name as keyof ParityView]} ${name}`
    return bad !== null && Number(totals[name as keyof ParityView]) > 0 ? styled(bad, text) : text
  }
  return `${head}\n${[
    figure('equal', null),
    figure('different', 'red'),
    figure('missing', 'red'),
    figure('extra', 'red'),
    figure('late', 'yellow'),
    figure('undecided', null),
  ].join(', ')}.`
}

function keyText(text: string): string {
  if (text.length < 1 || text.length > 400) throw new InvalidArgumentError('It must be a business key of 1 to 400 characters.')
  return text
}
