const MEBIBYTE = 1024 * 1024;

/** How large the JSON body of an operation may be. Compressed ones are measured as they are once inflated. */
export interface BodyLimits {
  readonly bytes: number;
  /** Scalars, arrays, objects and property names together: each costs memory and time, whatever its bytes. */
  readonly values: number;
}

/** What carries no long text: names, ids, metadata, schemas of functions. */
export const SHORT_BODY: BodyLimits = { bytes: MEBIBYTE, values: 20_000 };

/** One text of 256,000 characters, each as long as JSON can write it (12 bytes), and what stands around it. */
export const LONG_TEXT_BODY: BodyLimits = { bytes: 4 * MEBIBYTE, values: 20_000 };

/** What becomes one document in storage all the same: a message with pictures in it, outputs of functions. */
export const LONG_DOCUMENT_BODY: BodyLimits = { bytes: 8 * MEBIBYTE, values: 20_000 };

/** A list of messages, each of which is a document. */
export const LONG_TEXTS_BODY: BodyLimits = { bytes: 32 * MEBIBYTE, values: 50_000 };
