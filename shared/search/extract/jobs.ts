import type { Chunked, ChunkSize, ExtractionCode } from './extraction.ts';

/** What the thread is asked for. */
export type Job =
  | { readonly type: 'extract'; readonly fileName: string; readonly bytes: Uint8Array }
  | { readonly type: 'chunk'; readonly text: Uint8Array; readonly size: ChunkSize };

/** What it answers. */
export type Answer =
  | { readonly type: 'text'; readonly text: Uint8Array }
  | { readonly type: 'chunked'; readonly chunked: Chunked }
  | { readonly type: 'refused'; readonly code: ExtractionCode; readonly message: string }
  /** A library met something that it was not made for. */
  | { readonly type: 'broken'; readonly reason: string }
  /** The file is not to blame. */
  | { readonly type: 'failed'; readonly reason: string };
