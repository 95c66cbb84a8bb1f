import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';

import { cleanedName } from '../api/file-name.ts';
import { type Clock, unixSeconds } from '../clock.ts';
import { derivedSortKey, idOf } from '../ids.ts';
import { type ExecutionEvent, type Session, SessionError, type SessionFile } from '../sessions/session.ts';
import type { FileStore } from '../store/files.ts';
import type { WorkspaceFile } from '../store/workspace.ts';
import type { CodeCall } from './code-interpreter.ts';
import type { RunWorkspace } from './workspace-plan.ts';

export interface Keeping {
  readonly files: FileStore;
  readonly clock: Clock;
  readonly call: CodeCall;
  readonly limits: { readonly maxFiles: number; readonly maxBytes: number };
}

/**
 * What code made becomes files under ids that follow from the call: a worker that repeats this after a crash
 * writes the same files again instead of others beside them.
 */
export async function keepImage(
  { files, clock, call, limits }: Keeping,
  image: Extract<ExecutionEvent, { type: 'image' }>,
  known: Map<string, string>,
): Promise<string> {
  const sha256 = digest(image.data);
  const before = known.get(sha256);
  if (before) return before;
  const sortKey = derivedSortKey(call.sortKey, `${call.executionId}/image/${known.size}`);
  const id = idOf('file', sortKey);
  known.set(sha256, id);
  const filename = `${id}.${image.mime === 'image/png' ? 'png' : 'jpg'}`;
  await createOnce(
    files,
    newFile(call, sortKey, filename, clock, limits.maxBytes),
    Readable.from([image.data]),
  );
  return id;
}

/** Of one call, as a multiple of the largest file: sparse files cost the code nothing, and storage their length. */
const CALL_BYTES = 4;
/** Paths remembered of what could not be kept: as many as one call may tell of. */
const MAX_UNKEPT = 10_000;

/** Keeps new and changed files of /mnt/data; what cannot be kept is said in a note to the model. */
export async function keepFiles(
  keeping: Keeping,
  session: Session,
  done: Extract<ExecutionEvent, { type: 'done' }>,
  signal: AbortSignal,
): Promise<{ workspace: RunWorkspace; notes: string[] }> {
  const { call, limits } = keeping;
  // Not an object: code may call a file `__proto__`.
  const kept = new Map<string, WorkspaceFile>(Object.entries(call.workspace.files));
  const notes: string[] = [];
  const unkept = new Set(call.workspace.unkept);
  for (const path of done.deleted ?? []) {
    kept.delete(path);
    unkept.delete(path);
  }
  for (const { path } of done.files) unkept.delete(path);
  const changed = done.files.filter((file) => {
    const before = kept.get(file.path);
    return before === undefined || before.bytes !== file.bytes || before.mtime !== file.mtime;
  });
  for (const { path } of changed) unkept.add(path);
  let room = limits.maxBytes * CALL_BYTES;
  for (const file of changed.slice(0, limits.maxFiles)) {
    if (file.bytes > limits.maxBytes) {
      notes.push(
        `[/mnt/data/${file.path} is larger than ${limits.maxBytes} bytes: it is not kept after the session.]`,
      );
      continue;
    }
    if (file.bytes > room) {
      notes.push(
        `[/mnt/data/${file.path} is not kept after the session: the files of one call may hold ${limits.maxBytes * CALL_BYTES} bytes.]`,
      );
      continue;
    }
    try {
      kept.set(file.path, await keepFile(keeping, session, file, kept.get(file.path), signal));
      room -= file.bytes;
      unkept.delete(file.path);
    } catch (error) {
      if (!(error instanceof SessionError) || error.code === 'lost') throw error;
      notes.push(`[/mnt/data/${file.path} could not be kept: ${error.message}]`);
    }
  }
  if (changed.length > limits.maxFiles) {
    notes.push(
      `[${changed.length - limits.maxFiles} more files were written than the ${limits.maxFiles} that are kept per call.]`,
    );
  }
  if (done.more) notes.push('[More files were changed than can be told: some are not kept.]');
  const workspace = {
    ...call.workspace,
    files: Object.fromEntries(kept),
    unkept: [...unkept].slice(0, MAX_UNKEPT),
  };
  return { workspace: withoutRemoved(workspace, done), notes };
}

/** Uploaded files that code deleted or renamed do not come back with its next call. */
function withoutRemoved(
  workspace: RunWorkspace,
  { deleted = [] }: Extract<ExecutionEvent, { type: 'done' }>,
): RunWorkspace {
  const gone = new Set(deleted);
  const removed = workspace.given.filter((id) => gone.has(workspace.inputs[id] ?? ''));
  if (removed.length === 0) return workspace;
  return {
    ...workspace,
    given: workspace.given.filter((id) => !removed.includes(id)),
    removed: [...(workspace.removed ?? []), ...removed],
  };
}

async function keepFile(
  { files, clock, call, limits }: Keeping,
  session: Session,
  file: SessionFile,
  before: WorkspaceFile | undefined,
  signal: AbortSignal,
): Promise<WorkspaceFile> {
  const sortKey = derivedSortKey(call.sortKey, `${call.executionId}/file/${file.path}`);
  const fileId = idOf('file', sortKey);
  const hash = createHash('sha256');
  const source = await session.getFile(file, signal);
  const content = Readable.from(hashed(source, hash), { objectMode: false });
  const bytes = await files.upload(call.run.project, fileId, content, limits.maxBytes);
  const sha256 = hash.digest('hex');
  const isCopy = before?.sha256 === sha256 && before.fileId !== fileId;
  // The same again is the same file, unless that was deleted meanwhile.
  if (isCopy && (await files.get(call.run.project, before.fileId))) {
    await files.discard(call.run.project, fileId);
    return { ...before, mtime: file.mtime };
  }
  const name = cleanedName(file.path.split('/').at(-1) ?? file.path);
  const { project, object, madeBy } = newFile(call, sortKey, name, clock, limits.maxBytes);
  await files.insertOnce({ project, sortKey, madeBy, object: { ...object, bytes } });
  return { fileId, bytes, mtime: file.mtime, sha256 };
}

async function createOnce(
  files: FileStore,
  file: ReturnType<typeof newFile>,
  content: Readable,
): Promise<void> {
  const { project, sortKey, object, madeBy, maxBytes } = file;
  const bytes = await files.upload(project, object.id, content, maxBytes);
  await files.insertOnce({ project, sortKey, madeBy, object: { ...object, bytes } });
}

function newFile(call: CodeCall, sortKey: string, filename: string, clock: Clock, maxBytes: number) {
  return {
    project: call.run.project,
    sortKey,
    maxBytes,
    madeBy: call.executionId,
    object: {
      id: idOf('file', sortKey),
      object: 'file' as const,
      created_at: unixSeconds(clock.now()),
      filename,
      purpose: 'assistants_output' as const,
      status: 'processed' as const,
    },
  };
}

async function* hashed(source: Readable, hash: ReturnType<typeof createHash>): AsyncGenerator<Buffer> {
  for await (const chunk of source as AsyncIterable<Buffer>) {
    hash.update(chunk);
    yield chunk;
  }
}

const digest = (data: Buffer): string => createHash('sha256').update(data).digest('hex');
