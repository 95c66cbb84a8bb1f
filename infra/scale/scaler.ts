/**
 * How many instances Azure's target-based scaling asks for, from its source: the length of the queue divided by what
 * an instance works on at a time, rounded up. The length is the queue's approximate number of messages, and that
 * counts the ones that are hidden, too: those in hand, and those that are to be seen later.
 * https://github.com/Azure/azure-sdk-for-net, sdk/storage/Microsoft.Azure.WebJobs.Extensions.Storage.Queues:
 * `QueueTargetScaler.GetScaleResultInternal` (BatchSize + NewBatchThreshold) and `QueueMetricsProvider`
 * (`ApproximateMessagesCount`).
 * https://learn.microsoft.com/azure/azure-functions/functions-target-based-scaling
 */
export const instancesAsked = (messages: number, atOnce: number): number => Math.ceil(messages / atOnce);

/** A message that exists from one moment to another, in seconds: put, and deleted. */
export interface Life {
  readonly from: number;
  readonly to: number;
}

export interface Asked {
  readonly most: number;
  /** Instance-hours asked for, as the scaler looks every {@link LOOK_EVERY_S} seconds. */
  readonly instanceHours: number;
}

const LOOK_EVERY_S = 10;

/** What a queue with these messages has the scaler ask for. */
export function askedFor(messages: readonly Life[], atOnce: number): Asked {
  const end = Math.max(0, ...messages.map(({ to }) => to));
  const changes = new Array<number>(Math.ceil(end / LOOK_EVERY_S) + 2).fill(0);
  const lookAt = (seconds: number) => Math.ceil(seconds / LOOK_EVERY_S);
  for (const { from, to } of messages) {
    changes[lookAt(from)]! += 1;
    changes[lookAt(to)]! -= 1;
  }
  let waiting = 0;
  let most = 0;
  let seconds = 0;
  for (const change of changes) {
    waiting += change;
    const asked = instancesAsked(waiting, atOnce);
    most = Math.max(most, asked);
    seconds += asked * LOOK_EVERY_S;
  }
  return { most, instanceHours: seconds / 3600 };
}

/** When `count` things begin in a day whose afternoon has four times the traffic of its night; seconds, ascending. */
export function startsInADay(count: number): number[] {
  const rate = (second: number) => 1 + 0.6 * Math.sin((second / 86_400 - 0.4) * 2 * Math.PI);
  const starts: number[] = [];
  let due = 0;
  for (let second = 0; second < 86_400 && starts.length < count; second += 1) {
    for (due += (count / 86_400) * rate(second); due >= 1 && starts.length < count; due -= 1)
      starts.push(second);
  }
  return starts;
}

/** What queue `runs` holds of runs that take so long: their message, in hand, and their watchdog. */
export const messagesOfRuns = (starts: readonly number[], secondsPerRun: number): Life[] =>
  starts.flatMap((from) => [
    { from, to: from + secondsPerRun },
    { from, to: from + secondsPerRun },
  ]);
