import type OpenAI from 'openai';
import { type Clock, systemClock } from '../clock.ts';
import type { Model, ModelDelta, ModelRequest } from './model.ts';
import { requestWording } from './openai-arguments.ts';
import { answerReader } from './openai-chunks.ts';
import { clientFor } from './openai-client.ts';
import { brokenOff, doesNotStream, endless, modelError, stalled } from './openai-errors.ts';
import { listen, MAX_EVENT_BYTES } from './openai-listening.ts';
import { modelList } from './openai-models.ts';

/** What this adapter needs of the configuration. */
export interface ModelConfig {
  readonly OPENAI_BASE_URL?: string | undefined;
  readonly OPENAI_API_KEY?: string | undefined;
  readonly AZURE_OPENAI_ENDPOINT?: string | undefined;
  readonly AZURE_OPENAI_API_KEY?: string | undefined;
  readonly AZURE_OPENAI_API_VERSION: string;
  readonly AZURE_CLIENT_ID?: string | undefined;
  /** Separated by commas. */
  readonly MODELS: string;
  readonly modelIdleTimeoutMs: number;
}

/** Some servers announce the end and then keep the connection: usage gets this long to follow, in milliseconds. */
const AFTER_FINISH_MS = 5_000;

/**
 * The model behind OPENAI_BASE_URL, AZURE_OPENAI_ENDPOINT or api.openai.com, whichever is configured, in this
 * order. Chat Completions, streamed, one attempt per call; the `openai` package is loaded by the first call.
 */
export function createModel(config: ModelConfig, { clock = systemClock }: { clock?: Clock } = {}): Model {
  const client = clientFor(config);
  const secrets = [config.OPENAI_API_KEY, config.AZURE_OPENAI_API_KEY].filter((key) => key !== undefined);
  const create = requestWording();

  async function* complete(request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelDelta> {
    signal.throwIfAborted();
    const connection = new AbortController();
    const leave = () => connection.abort(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
    const idle = idleTimer(() => connection.abort(stalled(config.modelIdleTimeoutMs)));
    const reader = answerReader();
    let reading = true;
    const listening = listen(
      () => {
        if (reading && !reader.finished) idle.restart(config.modelIdleTimeoutMs);
      },
      () => connection.abort(endless(MAX_EVENT_BYTES)),
    );
    try {
      const { chat } = (await client()).withOptions({ fetch: listening.fetch });
      idle.restart(config.modelIdleTimeoutMs);
      for await (const chunk of await open(chat.completions, request, connection.signal)) {
        // Not while the consumer works on a delta: its pauses are not the model's silence.
        idle.stop();
        reading = false;
        yield* reader.read(chunk);
        if (reader.full) break;
        reading = true;
        idle.restart(reader.finished ? AFTER_FINISH_MS : config.modelIdleTimeoutMs);
      }
      // The client ends the stream without an error when it is aborted.
      if (!reader.finished && connection.signal.aborted) throw connection.signal.reason;
      if (!reader.finished && listening.whole) throw doesNotStream();
      // Some servers end their stream in order and give no reason.
      if (!reader.finished && !(listening.done && reader.begun)) throw brokenOff();
    } catch (error) {
      signal.throwIfAborted();
      // What follows the announced end is usage at best: a complete answer is not thrown away for it.
      if (!reader.finished)
        throw modelError(connection.signal.aborted ? connection.signal.reason : error, secrets);
    } finally {
      idle.stop();
      signal.removeEventListener('abort', leave);
      connection.abort();
    }
    signal.throwIfAborted();
    yield* reader.end();
  }

  function open(completions: OpenAI.Chat.Completions, request: ModelRequest, signal: AbortSignal) {
    // Headers arrive within the idle time or not at all; the client's own limit stays out of the way.
    const options = { signal, timeout: 2 * config.modelIdleTimeoutMs };
    return create(request, (body) => completions.create(body, options));
  }

  return { complete, list: modelList(config, client, clock) };
}

function idleTimer(onIdle: () => void) {
  let timer: NodeJS.Timeout | undefined;
  const stop = () => clearTimeout(timer);
  const restart = (milliseconds: number) => {
    stop();
    timer = setTimeout(onIdle, milliseconds);
  };
  return { restart, stop };
}
