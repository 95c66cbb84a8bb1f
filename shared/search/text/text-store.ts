/**
 * Texts of files, kept once per file and extractor version, whatever number of vector stores hold the file. The
 * index reads its results from here, so a text stays as long as any store holds its file.
 */
export interface TextStore {
  /**
   * The text, if some store has had it extracted before. From here on it is in use: a {@link discard} that has begun
   * before does not delete it any more.
   */
  use(name: TextName): Promise<Uint8Array | undefined>;
  write(name: TextName, text: Uint8Array): Promise<void>;
  /** The whole text, for `/content`; undefined when there is none. */
  read(name: TextName, signal?: AbortSignal): Promise<Uint8Array | undefined>;
  /** Part of the text, in bytes; undefined when there is no text. */
  readPart(name: TextName, start: number, end: number, signal?: AbortSignal): Promise<Uint8Array | undefined>;
  /**
   * Deletes all texts of a file that no store holds any more.
   * @param isHeld whether some store holds the file: asked in between, so that whoever first makes the file known to
   * a store and then calls {@link use} or {@link write} never finds its text gone
   */
  discard(project: string, fileId: string, isHeld: () => Promise<boolean>): Promise<void>;
}

export interface TextName {
  readonly project: string;
  readonly fileId: string;
  /** {@link ../extract/extraction.ts} EXTRACTOR_VERSION at the time of the extraction. */
  readonly version: number;
}
