export interface Welcome {
  readonly url: string;
  readonly apiKey: string;
  /** A model to try things with. */
  readonly model: string | undefined;
  readonly demo: boolean;
  /** What file search compares texts by; undefined: by their words alone. */
  readonly embeddings: string | undefined;
  readonly isolated: boolean;
  /** Whether the page for browsers is on. */
  readonly playground: boolean;
}

/** What `npm start` says when everything runs: where, with which key, and three things to try. */
export function welcome({ url, apiKey, model, demo, embeddings, isolated, playground }: Welcome): string {
  const auth = `-H 'Authorization: Bearer ${apiKey}'`;
  const json = "-H 'Content-Type: application/json'";
  const name = model ?? 'YOUR-MODEL';
  const modelLine = demo
    ? 'demo (built in, a script; for a real one set OPENAI_BASE_URL or AZURE_OPENAI_ENDPOINT)'
    : (model ?? 'yours (name it in MODELS to have it listed)');
  return `
Hourglass runs.

${playground ? `  Open   ${url}/#key=${encodeURIComponent(apiKey)}\n` : ''}  URL    ${url}/v1
  Key    ${apiKey}
  Model  ${modelLine}
  Search ${embeddings ?? 'by words alone (set EMBEDDING_MODEL to search by meaning, too: docs/file-search.md)'}
${isolated ? '' : '\n  SESSION_ISOLATION=none: Python code of every prompt runs as you, with your files and your network.\n'}
${playground ? 'Open the first address in a browser and watch an assistant work, or try it here:' : 'Try it:'}

1. Which models are there?

  curl -s ${url}/v1/models ${auth}

2. An assistant that draws, and its run as it happens:

  ASSISTANT=$(curl -s ${url}/v1/assistants ${auth} ${json} \\
    -d '{"model":"${name}","tools":[{"type":"code_interpreter"}]}' | grep -o 'asst_[A-Za-z0-9_-]*' | head -1)
  curl -sN ${url}/v1/threads/runs ${auth} ${json} \\
    -d '{"assistant_id":"'$ASSISTANT'","stream":true,"thread":{"messages":[{"role":"user","content":"Create a visualization of a sinewave"}]}}'

3. Your application, with the official SDK; only these lines change:

  import OpenAI from 'openai';
  const client = new OpenAI({
    baseURL: '${url}/v1',
    apiKey: '${apiKey}',
  });

Ctrl-C stops everything.
`;
}
