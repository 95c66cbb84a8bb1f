import type OpenAI from 'openai';

import type { ModelRequest } from './model.ts';
import { names, refuses } from './openai-errors.ts';

type Body = OpenAI.Chat.ChatCompletionCreateParamsStreaming;

/**
 * How a model's server takes what is our own choice: whether usage is asked for, and by which of its two names
 * the budget goes out. (Azure's older versions and many other servers know only `max_tokens`, newer models only
 * the other.) What the caller chose is not ours to leave out: a server that refuses that has refused the run.
 */
interface Wording {
  readonly streamOptions: boolean;
  readonly budget: 'max_completion_tokens' | 'max_tokens';
}

const usual: Wording = { streamOptions: true, budget: 'max_completion_tokens' };

const STREAM_OPTIONS = /stream_options|include_usage/;
/** A refusal of one name often recommends the other: which of the two is refused, the request tells. */
const BUDGET = { max_completion_tokens: /\bmax_completion_tokens\b/, max_tokens: /\bmax_tokens\b/ };

/** Names of models come from callers, but only those that refused something are kept. */
const MAX_MODELS = 200;

/** Words requests as each model's server takes them, and learns that from what it refuses. */
export function requestWording() {
  const learned = new Map<string, Wording>();

  function remember(model: string, wording: Wording): void {
    learned.set(model, wording);
    const [oldest] = learned.keys();
    if (oldest !== undefined && learned.size > MAX_MODELS) learned.delete(oldest);
  }

  /**
   * Hands the request's body to `attempt`, and at once again, worded otherwise, when an argument of ours is refused.
   * @throws what `attempt` threw last; of two refusals of the budget the one of the name that callers know
   */
  return async function create<T>(request: ModelRequest, attempt: (body: Body) => Promise<T>): Promise<T> {
    let wording = learned.get(request.model) ?? usual;
    let budgetRefused: { error: unknown } | undefined;
    for (;;) {
      const body = bodyOf(request, wording);
      try {
        return await attempt(body);
      } catch (error) {
        const { streamOptions, budget } = wording;
        if (streamOptions && names(error, STREAM_OPTIONS)) {
          wording = { ...wording, streamOptions: false };
        } else if (budget in body && refuses(error, BUDGET[budget])) {
          if (budgetRefused) throw budget === 'max_tokens' ? budgetRefused.error : error;
          budgetRefused = { error };
          wording = { ...wording, budget: budget === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens' };
        } else {
          throw error;
        }
        remember(request.model, wording);
      }
    }
  };
}

function bodyOf(request: ModelRequest, { streamOptions, budget }: Wording): Body {
  const { messages, tools, max_completion_tokens: tokens, ...rest } = request;
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  return {
    ...given,
    model: request.model,
    messages: [...messages],
    ...(tools && tools.length > 0 ? { tools: [...tools] } : {}),
    ...(tokens === undefined ? {} : { [budget]: tokens }),
    stream: true,
    ...(streamOptions ? { stream_options: { include_usage: true } } : {}),
  };
}
