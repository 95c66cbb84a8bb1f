import { presentMessage } from '../api/message.ts';
import { presentRun } from '../api/run.ts';
import type { RunEvent } from '../run/run-event.ts';

/**
 * Events show objects as the API does: without fields that this version does not know, and with defaults where the
 * caller left the choice open.
 */
export function presentEvent(event: RunEvent): RunEvent {
  const name = event.event;
  if (name.endsWith('.delta') || name.startsWith('thread.run.step.')) return event;
  const record = { object: event.data as never };
  if (name.startsWith('thread.run.')) return { ...event, data: presentRun(record) } as RunEvent;
  if (name.startsWith('thread.message.')) return { ...event, data: presentMessage(record) } as RunEvent;
  return event;
}
