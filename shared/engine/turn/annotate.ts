import type { Attachment, MessageContent, MessageRecord } from '../../api/message.ts';
import type { RunContext } from '../claim/run-context.ts';
import { filePathAnnotations } from './file-paths.ts';

/**
 * The message with `file_path` annotations for files that code wrote. Such files are its attachments, too, as the
 * hosted API had it: applications offer for download what is attached.
 */
export function annotated(context: RunContext, message: MessageRecord): MessageRecord {
  const kept = Object.entries(context.workspace?.files ?? {});
  if (kept.length === 0) return message;
  const files = new Map(kept.map(([path, { fileId }]) => [path, fileId]));
  const content = message.object.content.map((part) => {
    if (part.type !== 'text') return part;
    return { ...part, text: { ...part.text, annotations: filePathAnnotations(part.text.value, files) } };
  });
  return { ...message, object: { ...message.object, content, attachments: mentioned(content) } };
}

function mentioned(content: readonly MessageContent[]): Attachment[] {
  const annotations = content.flatMap((part) => (part.type === 'text' ? part.text.annotations : []));
  const files = annotations.flatMap((note) => (note.type === 'file_path' ? [note.file_path.file_id] : []));
  return [...new Set(files)].map((file_id) => ({ file_id, tools: [{ type: 'code_interpreter' }] }));
}
