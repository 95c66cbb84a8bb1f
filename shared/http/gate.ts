import { type CallerSettings, type Callers, readCallers } from '../callers/callers.ts';
import { type KeyStorage, storedKeys } from '../callers/stored-keys.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import { errorFields, type Log } from '../log.ts';
import { type BodyBudget, createBodyBudget } from './body-budget.ts';
import { createOpenStreams, type OpenStreams } from './open-streams.ts';
import { createRateLimit, type RateLimit } from './rate-limit.ts';
import { createStrangers, type Strangers } from './strangers.ts';

type Limit = 'RATE_LIMIT_PER_MINUTE' | 'AUTH_FAILURES_PER_MINUTE' | 'STREAMS_PER_KEY' | 'FOLLOWERS_PER_RUN';

/** Who is let in, how often, and with how much in hand: shared by all functions of an app. */
export interface Gate {
  readonly callers: Callers;
  readonly limit: RateLimit;
  readonly bodies: BodyBudget;
  readonly streams: OpenStreams;
  readonly strangers: Strangers;
}

export interface GateParts {
  readonly config: Pick<Config, keyof CallerSettings | Limit>;
  readonly clock: Clock;
  readonly log: Log;
  /** Where keys are kept beside those of the settings. */
  readonly callerKeys?: KeyStorage;
}

export function createGate({ config, clock, log, callerKeys }: GateParts): Gate {
  const now = () => clock.now();
  const unnoted = (error: unknown) => log.warn("A key's use could not be noted", errorFields(error));
  return {
    callers: readCallers(config, now, callerKeys && storedKeys(callerKeys, now, unnoted)),
    limit: createRateLimit(config.RATE_LIMIT_PER_MINUTE),
    bodies: createBodyBudget(),
    streams: createOpenStreams(config.STREAMS_PER_KEY, config.FOLLOWERS_PER_RUN),
    strangers: createStrangers(config.AUTH_FAILURES_PER_MINUTE),
  };
}
