import { Problem } from 'cutover/failure'
import { Unreachable, openClient } from 'cutover/http/client'

const deadlineMs = 5_000

export interface DeployOrder {
  readonly service: string
  readonly add: readonly string[]
  readonly remove: readonly string[]
  readonly term: number
  readonly dryRun: boolean
}

/** What brings builds with other capabilities to run: in the sandbox, the supervisor. */
export interface DeployerClient {
  order(order: DeployOrder): Promise<void>
  close(): Promise<void>
}

export function openDeployer(url: string, token: string): DeployerClient {
  const client = openClient({ baseUrls: [url], token: async () => token, deadlineMs, connectionsMax: 2 })
  return {
    async order({ dryRun, ...order }) {
      const { status, body } = await client
        .request({
          method: 'POST',
          path: '/deployments',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ ...order, dry_run: dryRun }),
        })
        .catch((error: unknown) => {
          if (!(error instanceof Unreachable)) throw error
          throw new Problem('service_away', {
            detail: `the deployer does not answer at ${url} (${error.message})`,
            retryable: true,
            cause: error,
            extensions: { service: 'deployer', reason: error.message },
          })
        })
      if (status < 300) return
      const { detail, code } = readProblem(body)
      throw new Problem(status === 503 ? 'service_away' : 'service_refused', {
        detail: `the deployer answered ${status}: ${detail}`,
        retryable: status === 503,
        extensions: { service: 'deployer', service_status: status, ...(code === null ? {} : { service_code: code }) },
      })
    },
    close: () => client.close(),
  }
}

function readProblem(body: string): { readonly detail: string; readonly code: string | null } {
  try {
    const { detail, code } = JSON.parse(body) as { detail?: unknown; code?: unknown }
    return { detail: typeof detail === 'string' ? detail : 'no reason given', code: typeof code === 'string' ? code : null }
  } catch {
    // Not JSON: something else than the deployer answers there.
    return { detail: body.slice(0, 80), code: null }
  }
}
