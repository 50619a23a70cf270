import { access, constants } from 'node:fs/promises'
import { join } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { type Terminal, contextOf, verb } from './command.ts'
import { CommandFailed, exitCodes } from './exit.ts'

const roles = ['candidate', 'manager', 'finance', 'operator', 'approver', 'admin'] as const
type Role = (typeof roles)[number]

interface TokenOptions {
  readonly role: Role
  readonly subject: string
  readonly audience?: string
}

/** `cutover token`: a short-lived token of a person, to try the services by hand. Sandbox only: it needs the people's key. */
export const tokenVerb = (terminal: Terminal): Command =>
  verb(terminal, {
    name: 'token',
    summary: "Make a short-lived token of a person, to call the services' APIs by hand (sandbox only)",
    examples: [
      'token --role manager --subject 01980000-0000-7000-8000-000000000001',
      'token --role candidate --subject ID --audience hiring --json',
    ],
    timeoutSeconds: 10,
  })
    .addOption(new Option('--role <role>', 'what the person is').choices(roles).makeOptionMandatory())
    .requiredOption('--subject <id>', "the person's id", identifier)
    .option(
      '--audience <service>',
      'the service that is to accept it; hiring for a candidate, bonuses for finance, else management',
      identifier,
    )
    .action(async (options: TokenOptions, command: Command) => {
      const context = contextOf(terminal, command)
      const audience = options.audience ?? usualAudience(options.role)
      const token = await sign(join(context.home, 'keys', 'people.json'), options, audience)
      context.print({ token, role: options.role, subject: options.subject, audience }, answer => answer.token)
    })

const usualAudience = (role: Role): string => (role === 'candidate' ? 'hiring' : role === 'finance' ? 'bonuses' : 'management')

async function sign(privateKeyFile: string, { role, subject }: TokenOptions, audience: string): Promise<string> {
  try {
    await access(privateKeyFile, constants.R_OK)
  } catch (cause) {
    const there = (cause as NodeJS.ErrnoException).code !== 'ENOENT'
    if (there)
      throw new CommandFailed(
        exitCodes.notPermitted,
        `${privateKeyFile} cannot be read`,
        'run the command as the user who started the system',
        { cause },
      )
    throw new CommandFailed(
      exitCodes.unreachable,
      `there is no ${privateKeyFile}: the system was never started here`,
      'start it with: npm start, or name its data directory in CUTOVER_HOME',
      { cause },
    )
  }
  // Only this verb needs the library's signer; the others start without it.
  const { openSigner } = await import('cutover/http/tokens')
  const signer = await openSigner({ issuer: 'people', privateKeyFile })
  return signer.token({ audience, subject, role })
}

function identifier(text: string): string {
  if (!/^[A-Za-z0-9._:-]{1,64}$/.test(text))
    throw new InvalidArgumentError('It must be 1 to 64 letters, digits, dots, colons, hyphens or underscores.')
  return text
}
