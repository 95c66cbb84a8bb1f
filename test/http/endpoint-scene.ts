import type { CallerSettings } from '../../shared/callers/callers.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Handlers } from '../../shared/http/call.ts';
import { createEndpoint, type EndpointServices } from '../../shared/http/endpoint.ts';
import { createGate } from '../../shared/http/gate.ts';
import type { Log, LogFields } from '../../shared/log.ts';
import { fetchOf } from '../support/in-process.ts';

interface Logged {
  message: string;
  fields: LogFields | undefined;
}

/** The endpoint over these handlers, called with a key of project `team-a`, and what it logged. */
export function api(
  handlers: Partial<Handlers<EndpointServices>>,
  settings: {
    perMinute?: number;
    failuresPerMinute?: number;
    streamsPerKey?: number;
    followersPerRun?: number;
    clock?: Clock;
    callers?: Partial<CallerSettings>;
  } = {},
) {
  const logged: Logged[] = [];
  const record = (message: string, fields?: LogFields) => void logged.push({ message, fields });
  const log: Log = { info: record, warn: record, error: record };
  const clock = settings.clock ?? { now: () => 0 };
  const gate = createGate({
    config: {
      API_KEYS: 'team-a:KEY-A-0123456789,team-a:KEY-A-second, team-b:KEY-B-0123456789 ,ANONYMOUS-0123456789',
      ENTRA_AUTHORITY: 'https://login.microsoftonline.com',
      ENTRA_TENANTS: '',
      ENTRA_AUDIENCES: '',
      ENTRA_CALLERS: '',
      ...settings.callers,
      RATE_LIMIT_PER_MINUTE: settings.perMinute ?? 1000,
      AUTH_FAILURES_PER_MINUTE: settings.failuresPerMinute ?? 1000,
      STREAMS_PER_KEY: settings.streamsPerKey ?? 1000,
      FOLLOWERS_PER_RUN: settings.followersPerRun ?? 1000,
    },
    clock,
    log,
  });
  const services: EndpointServices = { gate, clock, log };
  const fetch = fetchOf(createEndpoint(handlers, async () => services));
  const call = async (path: string, init: RequestInit = {}) =>
    fetch(`http://api${path}`, {
      ...init,
      headers: { authorization: 'Bearer KEY-A-0123456789', ...(init.headers as Record<string, string>) },
    });
  return { call, logged };
}

/** Handlers that answer what they were given. */
export const echo: Partial<Handlers<EndpointServices>> = {
  createAssistant: async ({ body, project }) => ({ body, project }),
  getAssistant: async ({ params, project }) => ({ ...params, project }),
  listAssistants: async ({ query }) => query,
  createThreadAndRun: async () => ({ operation: 'createThreadAndRun' }),
  modifyThread: async ({ params }) => params,
  cancelRun: async ({ params }) => params,
};

export async function refusal(answer: Response) {
  const { error } = (await answer.json()) as { error: Record<string, unknown> };
  return { status: answer.status, ...error };
}
