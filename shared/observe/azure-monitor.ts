import { AzureMonitorMetricExporter, AzureMonitorTraceExporter } from '@azure/monitor-opentelemetry-exporter';
import { context, metrics, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';

import { MINUTE } from '../clock.ts';

/**
 * Sends metrics and traces to Application Insights; registers the SDK globally. This file is heavy: import it
 * only when a connection string is set. With a client id the identity signs in, as closed deployments demand.
 * @returns sends what has not been sent yet; metrics otherwise leave once a minute
 */
export async function startAzureMonitor(
  connectionString: string,
  clientId: string | undefined,
): Promise<() => Promise<void>> {
  const credential =
    clientId && new (await import('@azure/identity')).ManagedIdentityCredential({ clientId });
  const options = credential ? { connectionString, credential } : { connectionString };
  const resource = resourceFromAttributes({ 'service.name': 'hourglass' });
  const reader = new PeriodicExportingMetricReader({
    exporter: new AzureMonitorMetricExporter(options),
    exportIntervalMillis: MINUTE,
  });
  const meters = new MeterProvider({ resource, readers: [reader] });
  metrics.setGlobalMeterProvider(meters);
  const spans = new BatchSpanProcessor(new AzureMonitorTraceExporter(options));
  trace.setGlobalTracerProvider(new BasicTracerProvider({ resource, spanProcessors: [spans] }));
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  return async () => {
    await Promise.allSettled([meters.forceFlush(), spans.forceFlush()]);
  };
}
