import { trace } from '@opentelemetry/api'
import type { Sampler, SpanExporter } from '@opentelemetry/sdk-trace'
import { ConfigurationError, readEnvironment } from '../process/environment.ts'
import type { Log } from '../process/log.ts'
import type { Running } from '../process/process.ts'
import { startTracing, stopTracing } from './tracing.ts'

const samplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const

/** What OpenTelemetry's own variables say, as far as they are ours; the exporter reads those about itself. */
export function readTracing(source: Readonly<Record<string, string | undefined>> = process.env) {
  const read = readEnvironment(
    {
      OTEL_SDK_DISABLED: { kind: 'flag', default: false, describe: 'no traces, whatever else is set' },
      OTEL_TRACES_EXPORTER: { kind: 'choice', choices: ['otlp', 'console', 'none'], optional: true, describe: 'where traces go' },
      OTEL_EXPORTER_OTLP_ENDPOINT: { kind: 'url', optional: true, describe: 'the collector, for example http://127.0.0.1:4318' },
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: { kind: 'url', optional: true, describe: 'the same for traces alone, with its path' },
      OTEL_SERVICE_NAME: { kind: 'text', optional: true, describe: 'the name in traces, instead of the service’s own' },
      OTEL_TRACES_SAMPLER: { kind: 'choice', choices: samplers, default: 'parentbased_always_on', describe: 'which traces are recorded' },
      OTEL_BSP_SCHEDULE_DELAY: { kind: 'integer', minimum: 1, maximum: 60_000, default: 5_000, describe: 'milliseconds between sendings' },
      OTEL_TRACES_SAMPLER_ARG: { kind: 'number', minimum: 0, maximum: 1, default: 1, describe: 'the share of traces for traceidratio' },
    } as const,
    source,
  )
  const endpoint = read.OTEL_EXPORTER_OTLP_ENDPOINT ?? read.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT
  const exporter = read.OTEL_TRACES_EXPORTER ?? (endpoint === undefined ? 'none' : 'otlp')
  return {
    exporter: read.OTEL_SDK_DISABLED ? 'none' : exporter,
    name: read.OTEL_SERVICE_NAME,
    sampler: read.OTEL_TRACES_SAMPLER,
    share: read.OTEL_TRACES_SAMPLER_ARG,
    everyMs: read.OTEL_BSP_SCHEDULE_DELAY,
  } as const
}

/**
 * Loads OpenTelemetry's SDK if the environment asks for traces, and only then: without it not a line of it is read. What
 * it answers with sends what is left when it stops. Throws a `ConfigurationError` for variables that are wrong. An SDK that
 * was registered before (`node --import`) is used as it is.
 */
export async function openTracing(service: string, instance: string, log: Log, to?: SpanExporter): Promise<Running> {
  const wanted = readTracing()
  if (to === undefined && wanted.exporter === 'none') return { name: 'traces', start: async () => undefined, stop: async () => undefined }
  const sdk = await load(() => import('@opentelemetry/sdk-trace'))
  const { resourceFromAttributes } = await load(() => import('@opentelemetry/resources'))
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({ 'service.name': wanted.name ?? service, 'service.instance.id': instance }),
    sampler: await samplerOf(wanted.sampler, wanted.share),
    spanProcessors: [
      new sdk.BatchSpanProcessor({
        exporter: to ?? (await exporterOf(wanted.exporter)),
        exportTimeoutMillis: exportTimeoutMs,
        scheduledDelayMillis: wanted.everyMs,
      }),
    ],
  })
  const own = trace.setGlobalTracerProvider(provider)
  startTracing()
  log.info({ exporter: wanted.exporter, sampler: wanted.sampler }, 'traces: recorded')
  return {
    name: 'traces',
    start: async () => undefined,
    async stop() {
      stopTracing()
      if (own) trace.disable()
      // A collector that is away must not hold up the end of the process.
      await provider.shutdown().catch(error => log.warn({ err: error }, 'traces: the last ones are lost'))
    },
  }
}

/** Less than the time that a part has to stop. */
const exportTimeoutMs = 5_000

async function exporterOf(exporter: 'otlp' | 'console' | 'none'): Promise<SpanExporter> {
  if (exporter === 'console') return new (await load(() => import('@opentelemetry/sdk-trace'))).ConsoleSpanExporter()
  const { OTLPTraceExporter } = await load(() => import('@opentelemetry/exporter-trace-otlp-http'))
  return new OTLPTraceExporter()
}

async function samplerOf(name: (typeof samplers)[number], share: number): Promise<Sampler> {
  const sdk = await load(() => import('@opentelemetry/sdk-trace'))
  const root = name.endsWith('always_on')
    ? new sdk.AlwaysOnSampler()
    : name.endsWith('always_off')
      ? new sdk.AlwaysOffSampler()
      : new sdk.TraceIdRatioBasedSampler(share)
  return name.startsWith('parentbased_') ? new sdk.ParentBasedSampler({ root }) : root
}

/** A library that was left out on purpose is a matter of configuration, and is told as one. */
async function load<Module>(library: () => Promise<Module>): Promise<Module> {
  try {
    return await library()
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new ConfigurationError([
      'OTEL_TRACES_EXPORTER or OTEL_EXPORTER_OTLP_ENDPOINT asks for traces, and the SDK is not installed: npm install @opentelemetry/sdk-trace@3.1.0 @opentelemetry/resources@3.1.0 @opentelemetry/exporter-trace-otlp-http@0.301.0',
    ])
  }
}
