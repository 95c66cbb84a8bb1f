import type { MessageRecord } from '../api/message.ts';
import type { RunRecord } from '../api/run.ts';
import type { Stores } from '../store/stores.ts';
import { emptyWorkspace, type Workspace } from '../store/workspace.ts';

/** Files that the code interpreter of a run is given: the assistant's, the thread's, the messages' attachments. */
export function inputFileIds(run: RunRecord, messages: readonly MessageRecord[]): string[] {
  const ids = new Set(run.work.codeInterpreterFileIds);
  for (const { object } of messages) {
    for (const attachment of object.attachments ?? []) {
      const forCode = attachment.tools?.some((tool) => tool.type === 'code_interpreter');
      if (attachment.file_id && forCode) ids.add(attachment.file_id);
    }
  }
  return [...ids];
}

export const usesCodeInterpreter = (run: RunRecord): boolean =>
  run.object.tools.some((tool) => tool.type === 'code_interpreter');

/**
 * The thread's workspace, with a path for each input file. Reads nothing for a thread that has neither files
 * nor an earlier tool call. Files that were deleted meanwhile are passed over.
 */
export async function loadWorkspace(
  stores: Pick<Stores, 'workspaces' | 'files'>,
  run: RunRecord,
  messages: readonly MessageRecord[],
): Promise<Workspace> {
  if (!usesCodeInterpreter(run)) return emptyWorkspace;
  const ids = inputFileIds(run, messages);
  if (ids.length === 0 && !run.work.threadHasToolSteps && run.work.modelCalls === 0) return emptyWorkspace;
  const workspace = await stores.workspaces.get(run.object.thread_id);
  const unnamed = ids.filter((id) => workspace.inputs[id] === undefined);
  const files = await Promise.all(unnamed.map((id) => stores.files.get(run.project, id)));
  const inputs = { ...workspace.inputs };
  const taken = new Set([...Object.values(inputs), ...Object.keys(workspace.files)]);
  for (const file of files) {
    if (!file) continue;
    const path = freeName(safeName(file.object.filename), taken);
    taken.add(path);
    inputs[file.object.id] = path;
  }
  return { ...workspace, inputs };
}

/** What the model is told about /mnt/data, or undefined when there is nothing to say. */
export function workspaceNote(workspace: Workspace): string | undefined {
  const uploaded = Object.values(workspace.inputs);
  const written = Object.keys(workspace.files).filter((path) => !uploaded.includes(path));
  const lines: string[] = [];
  if (uploaded.length > 0) lines.push(`Files uploaded by the user, in /mnt/data: ${names(uploaded)}.`);
  if (written.length > 0) lines.push(`Files written by earlier code, in /mnt/data: ${names(written)}.`);
  return lines.length === 0 ? undefined : lines.join('\n');
}

/** Said whenever the interpreter is offered: without it models link to files in ways nobody can follow. */
export const INTERPRETER_NOTE =
  'To give the user a file that the code wrote, link to it as [NAME](sandbox:/mnt/data/NAME).';

const names = (paths: readonly string[]): string => paths.map((path) => JSON.stringify(path)).join(', ');

/** A file name that stays inside /mnt/data whatever was uploaded: one part, no control characters, ≤ 200 bytes. */
export function safeName(filename: string): string {
  const last = filename.split(/[/\\]/).at(-1) ?? '';
  let name = last
    .replace(/\p{Cc}/gu, '_')
    .replace(/^\.+/, '_')
    .trim();
  if (name === '') name = 'file';
  while (Buffer.byteLength(name) > 200) name = name.slice(1);
  return name;
}

/** `data.csv`, then `data (2).csv`, … */
function freeName(name: string, taken: ReadonlySet<string>): string {
  const dot = name.lastIndexOf('.');
  const [stem, extension] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? name : `${stem} (${number})${extension}`;
    if (!taken.has(candidate)) return candidate;
  }
}
