import { transactionsPerRun, type Volume } from './quantities.ts';

/** Limits that Microsoft publishes; docs/scale.md names the page of each. */
export interface Limits {
  readonly storageRequestsPerSecond: number;
  readonly queueMessagesPerSecond: number;
  readonly flexMegabytesPerRegion: number;
  readonly containerGroupsPerRegion: number;
  readonly containerGroupCreatesPerHour: number;
  /** Of sessions: regions or subscriptions, each with both quotas. */
  readonly places: number;
}

/** Defaults, before any request to raise them. */
export const published: Limits = {
  storageRequestsPerSecond: 20_000,
  queueMessagesPerSecond: 2_000,
  flexMegabytesPerRegion: 512_000,
  containerGroupsPerRegion: 100,
  containerGroupCreatesPerHour: 300,
  places: 1,
};

export interface Wall {
  readonly name: string;
  /** Runs a second of the whole installation at which this limit is reached. */
  readonly runsPerSecond: number;
}

/** Messages that a run without streaming puts: watchdog and start. */
const MESSAGES_PER_RUN = 2;

/** Where the mix of runs meets each limit, lowest first. */
export function wallsOf(costs: Volume, limits: Limits): readonly Wall[] {
  const perRun = transactionsPerRun(costs);
  const sessionsPerRun = costs.shareWithCode / costs.runsPerSession;
  const instances = limits.flexMegabytesPerRegion / (costs.instanceGb * 1024);
  const walls = [
    {
      name: 'container group creates per hour and region',
      runsPerSecond: (limits.places * limits.containerGroupCreatesPerHour) / 3600 / sessionsPerRun,
    },
    {
      name: 'container groups at once per region',
      runsPerSecond:
        (limits.places * limits.containerGroupsPerRegion) / (costs.sessionHours * 3600) / sessionsPerRun,
    },
    {
      name: 'Flex Consumption memory per region',
      runsPerSecond: (instances * costs.runsAtOnceOnAnInstance) / costs.secondsPerRun,
    },
    { name: 'requests per storage account', runsPerSecond: limits.storageRequestsPerSecond / perRun },
    { name: 'messages per queue', runsPerSecond: limits.queueMessagesPerSecond / MESSAGES_PER_RUN },
  ];
  return walls.sort((a, b) => a.runsPerSecond - b.runsPerSecond);
}
