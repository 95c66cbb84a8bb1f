import { Readable } from 'node:stream';

import type { ContainerClient } from '@azure/storage-blob';

import { type Clock, HOUR, MINUTE, unixSeconds } from '../../clock.ts';
import { newSortKey } from '../../ids.ts';
import type { Compacted, StoreName } from '../search-index.ts';
import { deleteBlob, indexPrefix, readRange } from './blobs.ts';
import { type Kept, mergeSegments } from './build-segment.ts';
import { liveFiles } from './live-files.ts';
import { bytesOfSegment, type Manifest, type Manifests, type SegmentInfo } from './manifest.ts';
import {
  decodeHead,
  decodeSegment,
  encodeSegment,
  type Segment,
  type SegmentHead,
  type SegmentParts,
} from './segment.ts';
import { changesOf, segmentsOf, type View, type Views } from './view.ts';
import { type LogWriter, SEAL } from './writer.ts';

/** Searches that have begun with the old manifest read the old blobs for this long at most. */
const GRACE_MS = 10 * MINUTE;
/** Appends that come later than this after their removal are not known any more. */
const REMOVAL_MS = HOUR;
/** Passages of one segment: what is held in memory while it is merged. */
const MAX_PASSAGES = 50_000;
const MAX_ATTEMPTS = 5;

/** Points at which a test lets the process die. */
export type CompactionPoint =
  | 'compaction-sealed'
  | 'compaction-segment-written'
  | 'compaction-manifest-replaced';

export interface CompactionDependencies {
  readonly container: ContainerClient;
  readonly manifests: Manifests;
  readonly views: Views;
  readonly writer: LogWriter;
  readonly clock: Clock;
  readonly crash: (point: CompactionPoint) => void;
}

/**
 * Turns the log into a segment, together with segments that are small beside it, and rewrites those that hold
 * removed files. Logarithmically many segments stay, and every passage is written again that often.
 *
 * Seal the log, begin a new one, write segments, replace the manifest, delete what it named before: a process that
 * dies in between leaves an index that is complete, and at most a blob that the next compaction finds and deletes.
 */
export async function compactIndex(
  store: StoreName,
  dependencies: CompactionDependencies,
  signal?: AbortSignal,
): Promise<Compacted> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const merged = await mergeOnce(store, dependencies, signal);
    if (merged === 'no index') return { againInMs: undefined };
    if (merged === 'somebody else was first') continue;
    return { againInMs: (await collectGarbage(store, dependencies)) > 0 ? GRACE_MS : undefined };
  }
  return { againInMs: GRACE_MS };
}

async function mergeOnce(
  store: StoreName,
  dependencies: CompactionDependencies,
  signal: AbortSignal | undefined,
): Promise<'merged' | 'no index' | 'somebody else was first'> {
  const { views, writer, crash, container } = dependencies;
  const before = await views.refresh(store);
  if (!before) return 'no index';
  if ((before.logs.at(-1)?.position ?? 0) > 0 && !(await writer.begin(store, before.stored))) {
    return 'somebody else was first';
  }
  crash('compaction-sealed');
  // Read only now, when nothing is appended to the old logs any more.
  const view = await views.refresh(store);
  if (!view) return 'no index';
  const plan = await planMerge(view, dependencies);
  const written: SegmentInfo[] = [];
  for (const group of plan.groups) {
    signal?.throwIfAborted();
    written.push(await writeSegment(store, await readKept(group, dependencies), dependencies, signal));
  }
  crash('compaction-segment-written');
  const replaced = await replaceManifest(store, view, plan, written, dependencies);
  crash('compaction-manifest-replaced');
  if (replaced) return 'merged';
  await Promise.all(written.map(({ name }) => deleteBlob(container, name, SEAL)));
  return 'somebody else was first';
}

/** One segment among what is merged: in memory (of the log) or in a blob. */
interface Source {
  readonly head: SegmentHead;
  readonly segment: Segment | undefined;
  readonly info: SegmentInfo | undefined;
  readonly files: Kept['files'];
  readonly passages: number;
}

interface MergePlan {
  /** Each becomes one segment. */
  readonly groups: readonly (readonly Source[])[];
  /** Blobs that are not named any more: logs and segments. */
  readonly replaced: readonly string[];
  /** Segments of the log that stay as they are. */
  readonly kept: readonly SegmentInfo[];
  readonly logs: readonly string[];
  /** Files that the merged segments hold. */
  readonly fileIds: ReadonlySet<string>;
}

async function planMerge(view: View, { container }: CompactionDependencies): Promise<MergePlan> {
  const sealed = view.logs.filter((log) => log.sealed);
  const sources: Omit<Source, 'files' | 'passages'>[] = [];
  for (const info of segmentsOf({ ...view, logs: sealed })) {
    const head = decodeHead(await readRange(container, info.name, 0, info.sizes.head));
    sources.push({ head, info, segment: undefined });
  }
  for (const { entries } of sealed) {
    for (const entry of entries) {
      if (entry.type === 'file')
        sources.push({ head: entry.segment, info: undefined, segment: entry.segment });
    }
  }
  // What the open log says of these files holds already, and is applied again when it is merged itself.
  const changes = changesOf({ ...view, logs: sealed });
  const live = liveFiles(
    sources.map(({ head }) => head),
    changes,
  );
  const all = sources.map((source, index): Source => {
    const files = live[index] ?? [];
    return { ...source, files, passages: files.reduce((sum, { count }) => sum + count, 0) };
  });
  const changed = (source: Source) =>
    !source.info ||
    source.files.length !== source.head.files.length ||
    source.files.some((file, index) => file !== source.head.files[index]);
  const rewritten = new Set(all.filter(changed));
  // Segments that are small beside what is written anyway go along, the smallest first.
  let passages = [...rewritten].reduce((sum, source) => sum + source.passages, 0);
  const others = all.filter((source) => !rewritten.has(source)).sort((a, b) => a.passages - b.passages);
  for (const source of others) {
    if (passages === 0 || source.passages > 2 * passages || source.passages >= MAX_PASSAGES) break;
    rewritten.add(source);
    passages += source.passages;
  }
  const names = [...rewritten].flatMap(({ info }) => info?.name ?? []);
  return {
    groups: groupsOf([...rewritten].filter((source) => source.passages > 0)),
    replaced: [...sealed.map(({ name }) => name), ...names],
    kept: all.flatMap((source) => (source.info && !rewritten.has(source) ? [source.info] : [])),
    logs: sealed.map(({ name }) => name),
    fileIds: new Set(live.flatMap((files) => files.map(({ fileId }) => fileId))),
  };
}

function groupsOf(sources: readonly Source[]): Source[][] {
  const groups: Source[][] = [];
  let passages = Number.POSITIVE_INFINITY;
  for (const source of sources) {
    if (passages + source.passages > MAX_PASSAGES) {
      groups.push([]);
      passages = 0;
    }
    groups.at(-1)?.push(source);
    passages += source.passages;
  }
  return groups;
}

async function readKept(
  group: readonly Source[],
  { container }: CompactionDependencies,
): Promise<SegmentParts> {
  const kept: Kept[] = [];
  for (const { segment, info, files } of group) {
    if (segment) kept.push({ segment, files });
    else if (info) {
      const bytes = await readRange(container, info.name, 0, bytesOfSegment(info));
      kept.push({ segment: decodeSegment(bytes, info.sizes), files });
    }
  }
  return mergeSegments(kept, kept[0]?.segment.dimensions ?? 0);
}

export async function writeSegment(
  store: StoreName,
  parts: SegmentParts,
  { container, clock }: Pick<CompactionDependencies, 'container' | 'clock'>,
  signal?: AbortSignal,
): Promise<SegmentInfo> {
  const { pieces, sizes } = encodeSegment(parts);
  const name = `${indexPrefix(store)}segment-${newSortKey(clock.now())}`;
  const options = signal ? { abortSignal: signal } : {};
  await container
    .getBlockBlobClient(name)
    .uploadStream(
      Readable.from(pieces.flatMap((piece) => [...inSlices(piece)])),
      BLOCK_BYTES,
      BLOCKS_AT_ONCE,
      options,
    );
  return { name, passages: parts.starts.length, sizes };
}

const BLOCK_BYTES = 4 * 1024 * 1024;
const BLOCKS_AT_ONCE = 2;

function* inSlices(bytes: Uint8Array): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    const slice = bytes.subarray(at, at + BLOCK_BYTES);
    yield Buffer.from(slice.buffer, slice.byteOffset, slice.length);
  }
}

/** @returns undefined when what was merged is not there any more */
async function replaceManifest(
  store: StoreName,
  view: View,
  plan: MergePlan,
  written: readonly SegmentInfo[],
  { manifests, clock }: CompactionDependencies,
): Promise<Manifest | undefined> {
  for (let stored = await manifests.read(store); stored; stored = await manifests.read(store)) {
    const { manifest } = stored;
    const known = new Set([...manifest.logs, ...manifest.segments.map(({ name }) => name)]);
    const inLogs = new Set(segmentsOf(view).map(({ name }) => name));
    if (!plan.replaced.every((name) => known.has(name) || inLogs.has(name))) return undefined;
    if (!plan.logs.every((name) => known.has(name))) return undefined;
    const now = clock.now();
    const gone = new Set(plan.replaced);
    const named = new Set([...plan.kept, ...written].map(({ name }) => name));
    const next: Manifest = {
      format: 1,
      logs: manifest.logs.filter((name) => !gone.has(name)),
      segments: [
        ...manifest.segments.filter(({ name }) => !gone.has(name) && !named.has(name)),
        ...plan.kept,
        ...written,
      ],
      removed: removalsOf(view, plan, manifest, now),
      attributes: attributesAhead(view, plan, manifest, now),
      garbage: [...manifest.garbage, ...plan.replaced.map((name) => [name, now] as const)],
    };
    if (unchanged(manifest, next)) return manifest;
    if (await manifests.replace(store, next, stored)) return next;
  }
  return undefined;
}

const unchanged = (one: Manifest, other: Manifest) => JSON.stringify(one) === JSON.stringify(other);

function removalsOf(view: View, plan: MergePlan, manifest: Manifest, now: number): Manifest['removed'] {
  const since = unixSeconds(now - REMOVAL_MS);
  const merged = view.logs.filter(({ name }) => plan.logs.includes(name));
  const fresh = merged.flatMap(({ entries }) =>
    entries.flatMap((entry) =>
      entry.type === 'removal' ? [[entry.fileId, entry.attempt, unixSeconds(now)] as const] : [],
    ),
  );
  return [...manifest.removed.filter(([, , at]) => at >= since), ...fresh];
}

/** Changes that came before their file: the file may be in the log that is open now. */
function attributesAhead(
  view: View,
  plan: MergePlan,
  manifest: Manifest,
  now: number,
): Manifest['attributes'] {
  const since = unixSeconds(now - REMOVAL_MS);
  const merged = view.logs.filter(({ name }) => plan.logs.includes(name));
  const { attributes } = changesOf({ stored: view.stored, logs: merged });
  const known = new Map(manifest.attributes.map((ahead) => [ahead.fileId, ahead]));
  return [...attributes].flatMap(([fileId, change]) => {
    const at = known.get(fileId)?.at ?? unixSeconds(now);
    return plan.fileIds.has(fileId) || at < since ? [] : [{ fileId, ...change, at }];
  });
}

/**
 * Deletes what has waited long enough, and what a process left that died: whatever fails is tried by the next
 * compaction. @returns how many blobs wait still
 */
async function collectGarbage(
  store: StoreName,
  { manifests, container, clock }: CompactionDependencies,
): Promise<number> {
  const stored = await manifests.read(store);
  if (!stored) return 0;
  const { manifest } = stored;
  const now = clock.now();
  const old = new Set(manifest.garbage.flatMap(([name, at]) => (at <= now - GRACE_MS ? [name] : [])));
  const named = new Set([
    ...manifest.logs,
    ...manifest.segments.map(({ name }) => name),
    ...manifest.garbage.map(([name]) => name),
  ]);
  const lost: string[] = [];
  for (const kind of ['log-', 'segment-']) {
    for await (const { name, properties } of container.listBlobsFlat({ prefix: indexPrefix(store) + kind })) {
      const age = now - properties.lastModified.getTime();
      if (!named.has(name) && age > REMOVAL_MS) lost.push(name);
    }
  }
  await Promise.all([...old, ...lost].map((name) => deleteBlob(container, name, SEAL)));
  const garbage = manifest.garbage.filter(([name]) => !old.has(name));
  if (old.size > 0) await manifests.replace(store, { ...manifest, garbage }, stored);
  return garbage.length;
}
