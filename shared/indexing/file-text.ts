import type { StoreFileRecord } from '../api/vector-store-file.ts';
import {
  EXTRACTOR_VERSION,
  ExtractionError,
  MAX_EXTRACTED_FILE_BYTES,
} from '../search/extract/extraction.ts';
import type { IndexingDependencies } from './dependencies.ts';
import { MemoryGate } from './memory-gate.ts';

/** The file object was deleted while the file was on its way into the store. */
export class FileGone extends Error {
  constructor(fileId: string) {
    super(`The file ${fileId} is gone.`);
    this.name = 'FileGone';
  }
}

const MEGABYTE = 1024 * 1024;
/** Files whose bytes are in memory at once, in all. */
const gate = new MemoryGate(160 * MEGABYTE);

/**
 * The text of a file. It is taken out of the file once, whatever number of stores hold it.
 * @throws {FileGone}, {ExtractionError}
 */
export async function fileText(
  { stores, search }: Pick<IndexingDependencies, 'stores' | 'search'>,
  { project, object, fileName, fileBytes, work }: StoreFileRecord,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const name = { project, fileId: object.id, version: EXTRACTOR_VERSION };
  // Where no store ever held the file and nobody has tried before, there is nothing to find.
  const known = work.isFirst && work.tries <= 1 ? undefined : await search.texts.use(name);
  if (known) return known;
  if (fileBytes > MAX_EXTRACTED_FILE_BYTES) {
    const limit = Math.floor(MAX_EXTRACTED_FILE_BYTES / MEGABYTE);
    throw new ExtractionError(
      'invalid_file',
      `The file is larger than ${limit} MB, the most that is searched.`,
    );
  }
  return gate.within(fileBytes, async () => {
    const bytes = await stores.files.readBytes({ project, id: object.id, bytes: fileBytes }, signal);
    if (!bytes) throw new FileGone(object.id);
    const text = await search.extractor.extract(fileName, bytes, signal);
    await search.texts.write(name, text);
    return text;
  });
}

/** The text of a file that is in a store; undefined when the store has expired. */
export async function fileContent(
  { search }: Pick<IndexingDependencies, 'search'>,
  { project, object }: StoreFileRecord,
  signal: AbortSignal,
): Promise<string | undefined> {
  const name = { project, fileId: object.id, version: EXTRACTOR_VERSION };
  const text = await search.texts.read(name, signal);
  return text && new TextDecoder().decode(text);
}
