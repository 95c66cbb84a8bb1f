import { context, metrics, trace } from '@opentelemetry/api';

import { MINUTE } from '../clock.ts';

/**
 * Sends metrics and traces to Application Insights. Registers the SDK globally; the packages are only loaded
 * when a connection string is set. With a client id the identity signs in, as closed deployments demand.
 */
export async function startAzureMonitor(
  connectionString: string,
  clientId: string | undefined,
): Promise<void> {
  const [
    { AzureMonitorMetricExporter, AzureMonitorTraceExporter },
    sdkMetrics,
    sdkTraces,
    { resourceFromAttributes },
  ] = await Promise.all([
    import('@azure/monitor-opentelemetry-exporter'),
    import('@opentelemetry/sdk-metrics'),
    import('@opentelemetry/sdk-trace-base'),
    import('@opentelemetry/resources'),
  ]);
  const credential =
    clientId && new (await import('@azure/identity')).ManagedIdentityCredential({ clientId });
  const options = credential ? { connectionString, credential } : { connectionString };
  const resource = resourceFromAttributes({ 'service.name': 'hourglass' });
  const reader = new sdkMetrics.PeriodicExportingMetricReader({
    exporter: new AzureMonitorMetricExporter(options),
    exportIntervalMillis: MINUTE,
  });
  metrics.setGlobalMeterProvider(new sdkMetrics.MeterProvider({ resource, readers: [reader] }));
  const { AsyncLocalStorageContextManager } = await import('@opentelemetry/context-async-hooks');
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const spans = new sdkTraces.BatchSpanProcessor(new AzureMonitorTraceExporter(options));
  trace.setGlobalTracerProvider(new sdkTraces.BasicTracerProvider({ resource, spanProcessors: [spans] }));
}
