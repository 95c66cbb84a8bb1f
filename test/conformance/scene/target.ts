import type { Turn } from '../../support/scripted-turn.ts';

/** The model behind a target, where the suite decides what it says. */
export interface Script {
  play(...turns: readonly Turn[]): Promise<void>;
  /** Bodies of the requests since the last row began, as the model's server received them. */
  requests(): Promise<readonly Record<string, unknown>[]>;
  /** Forgets turns and requests. */
  reset(): Promise<void>;
}

/** What the suite is run against. */
export interface Target {
  /** Without a door: `http://127.0.0.1:7071`. */
  readonly baseUrl: string;
  readonly key: string;
  /** Of another project. */
  readonly secondKey?: string | undefined;
  /** A model or deployment that the target has. */
  readonly model: string;
  readonly script?: Script | undefined;
  /** A copy of the public OpenAPI document. */
  readonly document?: string | undefined;
}

interface ScriptState {
  readonly requests: readonly { readonly body: Record<string, unknown> }[];
}

/** The scripted model of this project's tests, in whatever process it runs. `url` as given to the target. */
export function remoteScript(url: string): Script {
  const address = new URL('/__script', url);
  const send = async (script?: object): Promise<ScriptState> => {
    const init = script ? { method: 'POST', body: JSON.stringify(script) } : {};
    return (await (await fetch(address, init)).json()) as ScriptState;
  };
  return {
    play: async (...turns) => void (await send({ turns })),
    requests: async () => (await send()).requests.map(({ body }) => body),
    reset: async () => void (await send({ reset: true })),
  };
}
