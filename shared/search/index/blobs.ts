import type { ContainerClient } from '@azure/storage-blob';

import { inBatches } from '../../store/in-batches.ts';
import type { StoreName } from '../search-index.ts';

/** A blob that the manifest names is not there: the manifest was read too long ago. */
export class BlobGone extends Error {
  constructor(name: string) {
    super(`The blob '${name}' is gone.`);
    this.name = 'BlobGone';
  }
}

export const indexPrefix = ({ project, id }: StoreName): string =>
  `index/${encodeURIComponent(project)}/${encodeURIComponent(id)}/`;

export const statusOf = (error: unknown): number | undefined => (error as { statusCode?: number }).statusCode;

/**
 * Part of a blob; what lies behind its end is left out.
 * @throws {BlobGone}
 */
export async function readRange(
  container: ContainerClient,
  name: string,
  offset: number,
  count?: number,
  signal?: AbortSignal,
): Promise<Buffer> {
  try {
    const response = await container.getBlobClient(name).download(offset, count, {
      ...(signal ? { abortSignal: signal } : {}),
      maxRetryRequests: 3,
    });
    return await collect(response.readableStreamBody as AsyncIterable<Buffer>);
  } catch (error) {
    if (statusOf(error) === 404) throw new BlobGone(name);
    // Azure's answer to a range that begins at the end; the emulator sends nothing.
    if (statusOf(error) === 416) return Buffer.alloc(0);
    throw error;
  }
}

export async function collect(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
}

/** @param leaseId of a blob that may have been sealed by it */
export async function deleteBlob(container: ContainerClient, name: string, leaseId: string): Promise<void> {
  const blob = container.getBlobClient(name);
  try {
    await blob.deleteIfExists();
  } catch (error) {
    if (statusOf(error) !== 412) throw error;
    await blob.deleteIfExists({ conditions: { leaseId } }).catch((again: unknown) => {
      if (statusOf(again) !== 404) throw again;
    });
  }
}

export async function deleteAll(container: ContainerClient, prefix: string, leaseId: string): Promise<void> {
  const names: string[] = [];
  for await (const { name } of container.listBlobsFlat({ prefix })) names.push(name);
  await inBatches(names, (name) => deleteBlob(container, name, leaseId));
}
