import { openServer } from '../http/server.ts'
import type { Log } from '../process/log.ts'

/** Answers probes, with 503, while something is done that has to be done before there is anything to serve. */
export async function whileStarting(
  { service, port, host, log }: { readonly service: string; readonly port: number; readonly host: string; readonly log: Log },
  work: () => Promise<void>,
): Promise<void> {
  const probes = await openServer({
    service,
    port,
    host,
    routes: [],
    verifier: null,
    log,
    ready: async () => ({ migrations: 'being run' }),
  })
  // At whatever port is free nobody would find it.
  if (port !== 0) await probes.listen()
  try {
    await work()
  } finally {
    await probes.stop()
  }
}
