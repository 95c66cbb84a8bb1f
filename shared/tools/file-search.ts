import { setTimeout as delay } from 'node:timers/promises';

import type { RunRecord } from '../api/run.ts';
import { hasStoreExpired } from '../api/vector-store.ts';
import { type Clock, MINUTE, SECOND, unixSeconds } from '../clock.ts';
import { errorFields, type Log } from '../log.ts';
import type { Finder } from '../search/find.ts';
import type { Hit } from '../search/search-index.ts';
import type { Stores } from '../store/stores.ts';
import type { StoreView } from '../store/vector-stores.ts';

/** From the run's start on: what is ready by then is searched. */
const WAIT_FOR_THREADS_STORE_MS = MINUTE;
const POLL_MS = 250;
const SLOWEST_POLL_MS = 2 * SECOND;
/** A use that is noted is not noted again for this long. */
const NOTE_MS = MINUTE;

const RESULTS = 20;
/** Models of that time read little at once. */
const RESULTS_OF_SMALL_MODELS = 5;
/** Share of the model's context that results may take: the rest is for the conversation, and for the answer. */
const CONTEXT_SHARE = 0.4;
/** No language has more bytes of UTF-8 a token on average; most have about four. */
const BYTES_PER_TOKEN = 3;

export const usesFileSearch = (run: RunRecord): boolean =>
  run.object.tools.some((tool) => tool.type === 'file_search');

export interface SearchCall {
  readonly run: RunRecord;
  readonly queries: readonly string[];
  /** Tokens that the model reads at most. */
  readonly contextTokens: number;
}

export interface SearchOutcome {
  readonly hits: readonly Hit[];
  readonly threshold: number;
}

export interface FileSearchDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly stores: Pick<Stores, 'threads' | 'vectorStores'>;
  readonly finder: Finder;
}

/** The hosted tool `file_search`: queries in, passages of the assistant's and the thread's files out. */
export class FileSearchTool {
  readonly #dependencies: FileSearchDependencies;
  constructor(dependencies: FileSearchDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Searches the assistant's store and the thread's together. Stores that are gone or have expired hold nothing: the
   * model learns that nothing was found.
   * @throws the signal's reason when aborted, and errors of storage
   */
  async run(call: SearchCall, signal: AbortSignal): Promise<SearchOutcome> {
    const { run, queries, contextTokens } = call;
    const { limit, threshold } = optionsOf(run);
    const views = await this.#stores(run, signal);
    const found = await Promise.all(
      views.map(({ record }) =>
        this.#dependencies.finder.find(
          {
            store: { project: run.project, id: record.object.id },
            embedder: record.embedder ?? undefined,
            queries,
            limit,
            threshold,
          },
          signal,
        ),
      ),
    );
    const best = found
      .flat()
      .sort((a, b) => b.score - a.score)
      .slice(0, limit);
    return { hits: withinContext(best, contextTokens), threshold };
  }

  async #stores(run: RunRecord, signal: AbortSignal): Promise<StoreView[]> {
    const { stores, clock } = this.#dependencies;
    const { project, object, work } = run;
    const thread = await stores.threads.get(project, object.thread_id);
    const own = thread?.object.tool_resources?.file_search?.vector_store_ids ?? [];
    const shared = (work.vectorStoreIds ?? []).filter((id) => !own.includes(id));
    const views = await Promise.all([
      ...own.map((id) => this.#whenReady(run, id, signal)),
      ...shared.map((id) => stores.vectorStores.get(project, id)),
    ]);
    const open = views
      .filter((view) => view !== undefined)
      .filter(({ record, state }) => !hasStoreExpired(record, state, clock.now()));
    for (const view of open) this.#noteUse(view);
    return open;
  }

  /** The thread's own store, once all that was attached is in it, or when the run has waited long enough. */
  async #whenReady(
    { project, object }: RunRecord,
    id: string,
    signal: AbortSignal,
  ): Promise<StoreView | undefined> {
    const { stores, clock } = this.#dependencies;
    const deadline = (object.started_at ?? object.created_at) * SECOND + WAIT_FOR_THREADS_STORE_MS;
    for (let pauseMs = POLL_MS; ; pauseMs = Math.min(SLOWEST_POLL_MS, pauseMs * 1.5)) {
      const view = await stores.vectorStores.get(project, id);
      if (!view || view.tally.in_progress === 0 || clock.now() >= deadline) return view;
      await delay(pauseMs, undefined, { signal }).catch(() => {
        throw signal.reason;
      });
    }
  }

  /** Puts the store's expiry off. Never an error: the next search notes it too. */
  #noteUse({ record, state }: StoreView): void {
    const { stores, clock, log } = this.#dependencies;
    const now = clock.now();
    if (now - state.lastActiveAt * SECOND < NOTE_MS) return;
    stores.vectorStores.touch(record.object.id, unixSeconds(now)).catch((error: unknown) => {
      log.warn('a use of a vector store was not noted', { store: record.object.id, ...errorFields(error) });
    });
  }
}

function optionsOf({ object }: RunRecord): { limit: number; threshold: number } {
  const tool = object.tools.find((each) => each.type === 'file_search');
  const options = tool?.type === 'file_search' ? tool.file_search : undefined;
  const isSmall = /(^|[^a-z])gpt-3\.?5/i.test(object.model);
  return {
    limit: options?.max_num_results ?? (isSmall ? RESULTS_OF_SMALL_MODELS : RESULTS),
    threshold: options?.ranking_options?.score_threshold ?? 0,
  };
}

/** The best, as far as the model can read them. The first one is given in any case. */
function withinContext(hits: readonly Hit[], contextTokens: number): Hit[] {
  let room = contextTokens * CONTEXT_SHARE * BYTES_PER_TOKEN;
  return hits.filter(({ text }, index) => {
    room -= Buffer.byteLength(text);
    return index === 0 || room >= 0;
  });
}
