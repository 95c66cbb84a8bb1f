/** What a handler answers when the API's object alone does not say it: JSON with headers of its own. */
export class JsonReply {
  readonly body: object;
  readonly headers: Readonly<Record<string, string>>;
  constructor(body: object, headers: Record<string, string>) {
    this.body = body;
    this.headers = headers;
  }
}

/** An answer that is not held in memory. */
export class StreamReply {
  /**
   * Pulled chunk by chunk as the client takes them. When the client leaves it ends through `return`, where
   * the source frees what it holds; a source that waits long must watch the call's signal itself.
   */
  readonly body: AsyncIterable<Uint8Array | string>;
  readonly headers: Readonly<Record<string, string>>;
  readonly status: number;
  /** The run whose events these are, from its beginning. */
  readonly run: { readonly threadId: string; readonly runId: string } | undefined;
  constructor(
    body: AsyncIterable<Uint8Array | string>,
    headers: Record<string, string>,
    { status = 200, run }: { status?: number; run?: StreamReply['run'] } = {},
  ) {
    this.body = body;
    this.headers = headers;
    this.status = status;
    this.run = run;
  }
}

export type Reply = JsonReply | StreamReply;
