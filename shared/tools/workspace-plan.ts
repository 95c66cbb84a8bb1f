import type { FileRecord } from '../api/file.ts';
import type { MessageRecord } from '../api/message.ts';
import type { RunRecord } from '../api/run.ts';
import { inBatches } from '../store/in-batches.ts';
import type { Stores } from '../store/stores.ts';
import { filesForCode } from '../store/thread-files.ts';
import { emptyWorkspace, type Workspace } from '../store/workspace.ts';
import { hasTellingName, surprise, TELLING_BYTES } from './upload-kind.ts';

/**
 * Files that the code interpreter of a run is given: the assistant's, the thread's, and what is attached to the
 * messages of the prompt, which may be more than the thread has room for.
 */
export function inputFileIds(run: RunRecord, messages: readonly MessageRecord[]): string[] {
  const ids = new Set(run.work.codeInterpreterFileIds);
  for (const { object } of messages) for (const id of filesForCode(object)) ids.add(id);
  return [...ids];
}

export const usesCodeInterpreter = (run: RunRecord): boolean =>
  run.object.tools.some((tool) => tool.type === 'code_interpreter');

/** A thread's workspace as one run has it. */
export interface RunWorkspace extends Workspace {
  /**
   * The input files of this run that exist and that code has not removed; `inputs` has their paths, and those
   * of other runs' files.
   */
  readonly given: readonly string[];
  /** The names under which they were uploaded, by id. */
  readonly names: Readonly<Record<string, string>>;
}

const nothing: RunWorkspace = { ...emptyWorkspace, given: [], names: {} };

/**
 * The thread's workspace, with a path for each input file of the run. Reads nothing for a thread that has
 * neither files nor an earlier tool call. Files that were deleted meanwhile, uploaded or made by code, are
 * passed over.
 */
export async function loadWorkspace(
  stores: Pick<Stores, 'workspaces' | 'files'>,
  run: RunRecord,
  messages: readonly MessageRecord[],
): Promise<RunWorkspace> {
  if (!usesCodeInterpreter(run)) return nothing;
  const ids = inputFileIds(run, messages);
  if (ids.length === 0 && !run.work.threadHasToolSteps && run.work.modelCalls === 0) return nothing;
  const [stored, found] = await Promise.all([
    stores.workspaces.get(run.object.thread_id),
    inBatches(ids, (id) => stores.files.get(run.project, id)),
  ]);
  const workspace = await withoutDeleted(stores.files, run.project, stored);
  const inputs = { ...workspace.inputs };
  const taken = new Set([...Object.values(inputs), ...Object.keys(workspace.files)]);
  const given: string[] = [];
  const names: Record<string, string> = {};
  for (const file of found) {
    if (!file) continue;
    const { id, filename } = file.object;
    names[id] = filename;
    const path = inputs[id] ?? freeName(safeName(filename), taken);
    taken.add(path);
    inputs[id] = path;
    if (!workspace.removed?.includes(id)) given.push(id);
  }
  const surprises = { ...workspace.surprises, ...(await newSurprises(stores.files, workspace, found)) };
  return { ...workspace, inputs, given, names, surprises };
}

/** Each upload is looked at once in a thread. */
async function newSurprises(
  files: Stores['files'],
  { surprises = {} }: Workspace,
  found: readonly (FileRecord | undefined)[],
): Promise<Record<string, string>> {
  const unknown = found.flatMap((file) =>
    file && !(file.object.id in surprises) && hasTellingName(file.object.filename) ? [file] : [],
  );
  const looked = await inBatches(unknown, async (file) => {
    const start = await files.start(file, TELLING_BYTES);
    return [file.object.id, start ? surprise(file.object.filename, start) : ''] as const;
  });
  return Object.fromEntries(looked);
}

/** Without the files of code that were deleted since. Their names stay theirs. */
async function withoutDeleted(
  files: Stores['files'],
  project: string,
  workspace: Workspace,
): Promise<Workspace> {
  const kept = Object.entries(workspace.files);
  const existing = await files.existing(
    project,
    kept.map(([, { fileId }]) => fileId),
  );
  const isThere = ([, { fileId }]: (typeof kept)[number]) => existing.has(fileId);
  const names = kept.filter((entry) => !isThere(entry)).map(([path, { fileId }]) => [fileId, path]);
  return {
    ...workspace,
    files: Object.fromEntries(kept.filter(isThere)),
    inputs: { ...workspace.inputs, ...Object.fromEntries(names) },
  };
}

/** The run's input files by their paths below /mnt/data. */
export const inputPaths = ({ given, inputs }: RunWorkspace): ReadonlyMap<string, string> =>
  new Map(given.map((id) => [inputs[id] ?? id, id]));

/** What the model is told about /mnt/data, or undefined when there is nothing to say. */
export function workspaceNote(workspace: RunWorkspace): string | undefined {
  const uploads = inputPaths(workspace);
  const uploaded = [...uploads.keys()];
  const written = Object.keys(workspace.files).filter((path) => !uploads.has(path));
  const lines: string[] = [];
  if (uploaded.length > 0) lines.push(`Files uploaded by the user, in /mnt/data: ${names(uploaded)}.`);
  const unclear = [...uploads].filter(([path, id]) => isUnclear(workspace, path, id));
  if (unclear.length > 0) {
    const which = unclear.map(
      ([path, id]) => `${quoted(path)} is ${quoted(workspace.names[id] ?? path)} (${id})`,
    );
    lines.push(`Which upload is which: ${which.join(', ')}.`);
  }
  for (const [path, id] of uploads) {
    // What code has changed is code's to know.
    const what = path in workspace.files ? '' : workspace.surprises?.[id];
    if (what) lines.push(`${quoted(path)} is not what its name says: it is ${what}.`);
  }
  if (written.length > 0) lines.push(`Files written by earlier code, in /mnt/data: ${names(written)}.`);
  return lines.length === 0 ? undefined : lines.join('\n');
}

/** Kept under another name than it was given, or one that another upload was given too. */
function isUnclear({ given, names }: RunWorkspace, path: string, id: string): boolean {
  return names[id] !== path || given.some((other) => other !== id && names[other] === names[id]);
}

/** Said whenever the interpreter is offered: without it models link to files in ways nobody can follow. */
export const INTERPRETER_NOTE =
  'To give the user a file that the code wrote, link to it as [NAME](sandbox:/mnt/data/NAME).';

const quoted = (name: string): string => JSON.stringify(name);
const names = (paths: readonly string[]): string => paths.map(quoted).join(', ');

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
