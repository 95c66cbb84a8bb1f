import { workspaceRow } from './keys.ts';
import type { Change, DocumentTable } from './table.ts';

/**
 * What is known of a thread's /mnt/data: the files that code wrote and that are kept in the file store, so
 * that a new session gets them back; and which kernel ran last, so that the model learns of lost variables.
 */
export interface Workspace {
  /** By path below /mnt/data. */
  readonly files: Readonly<Record<string, WorkspaceFile>>;
  /**
   * Paths that belong to files, by file id: a name once given stays, also when the file is deleted or not given
   * any more, because a session that lives may have it there still.
   */
  readonly inputs: Readonly<Record<string, string>>;
  /** Uploaded files, by id, that code deleted or renamed: they are not put back. */
  readonly removed?: readonly string[];
  /** Paths at which code wrote what could not be kept: a link would lead to what was there before. */
  readonly unkept?: readonly string[];
  /** Of uploads by id, what they are that cannot be read as their names say; empty for those that can. */
  readonly surprises?: Readonly<Record<string, string>>;
  /** The kernel of the last call (see `Session.kernel`), or the empty string. */
  readonly kernel: string;
}

export interface WorkspaceFile {
  readonly fileId: string;
  readonly bytes: number;
  /** Modification time as the session reported it: with `bytes` it tells an unchanged file. */
  readonly mtime: string;
  readonly sha256: string;
}

export const emptyWorkspace: Workspace = { files: {}, inputs: {}, kernel: '' };

export class WorkspaceStore {
  readonly #table: DocumentTable;

  constructor(threads: DocumentTable) {
    this.#table = threads;
  }

  async get(threadId: string): Promise<Workspace> {
    return (await this.#table.get<Workspace>(threadId, workspaceRow))?.document ?? emptyWorkspace;
  }
}

/** Written in the same transaction as the step that it belongs to. */
export const workspaceChange = ({
  files,
  inputs,
  removed = [],
  unkept = [],
  surprises = {},
  kernel,
}: Workspace): Change => ({
  type: 'upsert',
  key: workspaceRow,
  document: { files, inputs, removed, unkept, surprises, kernel } satisfies Workspace,
});
