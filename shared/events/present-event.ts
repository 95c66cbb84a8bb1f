import { presentRun } from '../api/run.ts';
import type { RunEvent } from '../run/run-event.ts';

/** Events show runs as the API does: with its defaults where the caller left the choice open. */
export function presentEvent(event: RunEvent): RunEvent {
  if (!event.event.startsWith('thread.run.') || event.event.startsWith('thread.run.step.')) return event;
  return { ...event, data: presentRun({ object: event.data as never }) } as RunEvent;
}
