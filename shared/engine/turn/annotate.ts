import type { Annotation, Attachment, MessageContent, MessageRecord } from '../../api/message.ts';
import { type Citable, citationAnnotations } from '../../run/citations.ts';
import { inputPaths } from '../../tools/workspace-plan.ts';
import type { RunContext } from '../claim/run-context.ts';
import { filePathAnnotations } from './file-paths.ts';

/**
 * The message with annotations. The files in it that code wrote are its attachments, too, as the hosted API had it:
 * applications offer for download what is attached.
 */
export function annotated(
  context: RunContext,
  message: MessageRecord,
  citables: readonly Citable[],
): MessageRecord {
  const annotationsOf = annotator(context, citables);
  const content = message.object.content.map((part) => {
    if (part.type !== 'text') return part;
    return { ...part, text: { ...part.text, annotations: annotationsOf(part.text.value) } };
  });
  return { ...message, object: { ...message.object, content, attachments: written(context, content) } };
}

/** Finds the annotations of a text: its citations, which a stream has told by then, and its links to files. */
function annotator({ workspace }: RunContext, citables: readonly Citable[]): (text: string) => Annotation[] {
  // An upload keeps its own id until code changes the file: then the changed one is kept under the same path.
  const kept = Object.entries(workspace?.files ?? {}).map(([path, { fileId }]) => [path, fileId] as const);
  const files = new Map([...(workspace ? inputPaths(workspace) : []), ...kept]);
  for (const path of workspace?.unkept ?? []) files.delete(path);
  return (text) => [
    ...citationAnnotations(text, citables),
    ...(files.size === 0 ? [] : filePathAnnotations(text, files)),
  ];
}

function written({ workspace }: RunContext, content: readonly MessageContent[]): Attachment[] {
  const made = new Set(Object.values(workspace?.files ?? {}).map(({ fileId }) => fileId));
  const annotations = content.flatMap((part) => (part.type === 'text' ? part.text.annotations : []));
  const files = annotations.flatMap((note) => (note.type === 'file_path' ? [note.file_path.file_id] : []));
  return [...new Set(files)]
    .filter((id) => made.has(id))
    .map((file_id) => ({ file_id, tools: [{ type: 'code_interpreter' }] }));
}
