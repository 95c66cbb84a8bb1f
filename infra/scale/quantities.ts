/** What a run uses beside storage, as an operator measures it (docs/operate.md, "What costs"). */
export interface Volume {
  /** Part of all runs that call Python, 0–1. */
  readonly shareWithCode: number;
  /** Runs with code that share one session. */
  readonly runsPerSession: number;
  /** Hours that a session lives; the group is billed from the pull of its image to its end. */
  readonly sessionHours: number;
  /** Seconds that a run is worked on: model, tools, storage. */
  readonly secondsPerRun: number;
  /** Runs that one instance works on at a time: execution time is billed per instance, not per run. */
  readonly runsAtOnceOnAnInstance: number;
  readonly instanceGb: number;
  readonly sessionCpu: number;
  readonly sessionGb: number;
  readonly logKilobytesPerRun: number;
  readonly plainRunTransactions: number;
  readonly codeRunTransactions: number;
  /** Requests of the application around one run (create, poll, read), and storage transactions of each. */
  readonly apiCallsPerRun: number;
  readonly transactionsPerApiCall: number;
  /** Instances that always wait: for HTTP requests, and for queued runs. */
  readonly alwaysReadyHttp: number;
  readonly alwaysReadyRunWorker: number;
}

/** Upper bounds that tests assert (plain run, one code call); the rest is an assumption to replace by your own. */
export const assumed: Volume = {
  plainRunTransactions: 12,
  codeRunTransactions: 17,
  apiCallsPerRun: 3,
  transactionsPerApiCall: 2,
  shareWithCode: 0.2,
  runsPerSession: 5,
  sessionHours: 1,
  secondsPerRun: 10,
  runsAtOnceOnAnInstance: 16,
  instanceGb: 2,
  sessionCpu: 1,
  sessionGb: 2,
  logKilobytesPerRun: 10,
  alwaysReadyHttp: 1,
  alwaysReadyRunWorker: 1,
};

const SECONDS_PER_MONTH = 30 * 86_400;
/** An idle instance asks its queue twice a second (host.json: maxPollingInterval). */
const POLLS_PER_SECOND = 2;

/** Billed quantities of one month. */
export interface Quantities {
  readonly storageTransactions: number;
  readonly functionExecutions: number;
  /** At best, with instances full; at worst this times `runsAtOnceOnAnInstance`. */
  readonly functionGbSeconds: number;
  readonly alwaysReadyGbSeconds: number;
  readonly sessionVcpuSeconds: number;
  readonly sessionGbSeconds: number;
  readonly logGb: number;
}

/** Prices of one unit each, in one currency. */
export type Prices = { readonly [name in keyof Quantities]: number };

/** Of the mix of runs with and without code, with the requests around them. */
export const transactionsPerRun = (volume: Volume): number =>
  volume.plainRunTransactions * (1 - volume.shareWithCode) +
  volume.codeRunTransactions * volume.shareWithCode +
  volume.apiCallsPerRun * volume.transactionsPerApiCall;

export function billed(runs: number, volume: Volume): Quantities {
  const withCode = runs * volume.shareWithCode;
  const sessionSeconds = (withCode / volume.runsPerSession) * volume.sessionHours * 3600;
  return {
    storageTransactions:
      runs * transactionsPerRun(volume) + volume.alwaysReadyRunWorker * POLLS_PER_SECOND * SECONDS_PER_MONTH,
    // The run's own invocation, and the requests around it.
    functionExecutions: runs * (1 + volume.apiCallsPerRun),
    functionGbSeconds: (runs * volume.secondsPerRun * volume.instanceGb) / volume.runsAtOnceOnAnInstance,
    alwaysReadyGbSeconds:
      (volume.alwaysReadyHttp + volume.alwaysReadyRunWorker) * volume.instanceGb * SECONDS_PER_MONTH,
    sessionVcpuSeconds: sessionSeconds * volume.sessionCpu,
    sessionGbSeconds: sessionSeconds * volume.sessionGb,
    logGb: (runs * volume.logKilobytesPerRun) / 1e6,
  };
}

export function costOf(quantities: Quantities, prices: Prices): number {
  return (Object.keys(quantities) as (keyof Quantities)[]).reduce((sum, name) => {
    const price = prices[name];
    if (typeof price !== 'number') throw new Error(`The prices name no "${name}"`);
    return sum + quantities[name] * price;
  }, 0);
}
