import type { Conversation, Message, Run } from './conversation.ts';

/** What stands below one another on the page. */
export type Entry =
  | { readonly kind: 'message'; readonly key: string; readonly message: Message }
  | { readonly kind: 'run'; readonly key: string; readonly run: Run; readonly messages: readonly Message[] };

/** Messages and runs in their order; the messages that a run wrote stand with it. Pure. */
export function timelineOf({ messages, runs }: Conversation): Entry[] {
  const written = new Map<string, Message[]>();
  const known = new Set(runs.map(({ id }) => id));
  const entries: Entry[] = [];
  for (const message of messages) {
    const run =
      message.role === 'assistant' && message.run_id && known.has(message.run_id)
        ? message.run_id
        : undefined;
    if (run === undefined) {
      entries.push({ kind: 'message', key: message.id, message });
      continue;
    }
    const own = written.get(run);
    if (own) {
      own.push(message);
      continue;
    }
    written.set(run, [message]);
    entries.push({
      kind: 'run',
      key: run,
      run: runs.find(({ id }) => id === run)!,
      messages: written.get(run)!,
    });
  }
  for (const run of runs) if (!written.has(run.id)) insert(entries, run);
  return entries;
}

/** A run that wrote nothing stands behind the last message that was there when it began. */
function insert(entries: Entry[], run: Run): void {
  const before = (entry: Entry) =>
    entry.kind === 'message'
      ? entry.message.created_at <= run.created_at
      : entry.run.created_at < run.created_at ||
        (entry.run.created_at === run.created_at && entry.run.id < run.id);
  const index = entries.findLastIndex(before);
  entries.splice(index + 1, 0, { kind: 'run', key: run.id, run, messages: [] });
}
