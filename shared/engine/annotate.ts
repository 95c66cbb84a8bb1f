import type { MessageRecord } from '../api/message.ts';
import { filePathAnnotations } from './file-paths.ts';
import type { RunContext } from './run-context.ts';

/** The message with `file_path` annotations for files that code wrote. */
export function annotated(context: RunContext, message: MessageRecord): MessageRecord {
  const kept = Object.entries(context.workspace?.files ?? {});
  if (kept.length === 0) return message;
  const files = new Map(kept.map(([path, { fileId }]) => [path, fileId]));
  const content = message.object.content.map((part) => {
    if (part.type !== 'text') return part;
    return { ...part, text: { ...part.text, annotations: filePathAnnotations(part.text.value, files) } };
  });
  return { ...message, object: { ...message.object, content } };
}
