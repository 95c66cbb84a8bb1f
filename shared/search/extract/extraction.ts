/** What a file's text is taken out by. A file that cannot be read is the caller's to know, not an error of ours. */

/** Goes up when the same file would give another text; texts are kept per file and version. */
export const EXTRACTOR_VERSION = 1;

/** The API's codes for a file that could not be indexed. */
export type ExtractionCode = 'unsupported_file' | 'invalid_file';

/** Why there is no text, in words for the person who uploaded the file; `last_error` of the API. */
export class ExtractionError extends Error {
  readonly code: ExtractionCode;
  constructor(code: ExtractionCode, message: string) {
    super(message);
    this.name = 'ExtractionError';
    this.code = code;
  }
}

/** `auto` is 800 and 400. The overlap is at most half of the size. */
export interface ChunkSize {
  /** 100 to 4096. */
  readonly maxTokens: number;
  readonly overlapTokens: number;
}

export const AUTO_CHUNKS: ChunkSize = { maxTokens: 800, overlapTokens: 400 };

/** Tokens of one file, as the hosted API had it. */
export const MAX_FILE_TOKENS = 5_000_000;

/** Bytes of one file that text is taken out of: it is held in memory meanwhile. */
export const MAX_EXTRACTED_FILE_BYTES = 128 * 1024 * 1024;

/**
 * Takes text out of files and divides it, in a thread of its own: a hostile or huge file costs a bounded amount of
 * memory and time, and other requests do not wait for it.
 */
export interface Extractor {
  /**
   * The text of a file, in UTF-8.
   * @param fileName decides the type, by its extension alone
   * @param bytes the file; taken over: not to be used afterwards
   * @throws {ExtractionError}, and the signal's reason when aborted
   */
  extract(fileName: string, bytes: Uint8Array, signal?: AbortSignal): Promise<Uint8Array>;
  /**
   * Divides a text into passages of at most `maxTokens`, each overlapping the one before by about `overlapTokens`.
   * Offsets count bytes of the text.
   * @throws {ExtractionError} when the text has more than {@link MAX_FILE_TOKENS}
   */
  chunk(text: Uint8Array, size: ChunkSize, signal?: AbortSignal): Promise<Chunked>;
  /** Ends the thread. */
  close(): Promise<void>;
}

export interface Chunked {
  readonly passages: readonly { readonly start: number; readonly end: number }[];
  /** Of the whole text, overlaps counted once. */
  readonly tokens: number;
}
