import type OpenAI from 'openai';

import type { ModelConfig } from './openai.ts';

const SCOPE = 'https://cognitiveservices.azure.com/.default';

export type ClientSource = () => Promise<OpenAI>;

/**
 * The SDK's client for the configured server, made on first use: the package costs more to load than all of the
 * app's own code, and requests that need no model should not pay for it.
 */
export function clientFor(config: ModelConfig): ClientSource {
  let client: Promise<OpenAI> | undefined;
  return () => {
    client ??= makeClient(config);
    // A failed start (say, no identity package) is tried again by the next call.
    client.catch(() => {
      client = undefined;
    });
    return client;
  };
}

async function makeClient(config: ModelConfig): Promise<OpenAI> {
  const { OpenAI, AzureOpenAI } = await import('openai');
  // Everything that the SDK would otherwise take from environment variables is said here, and its logger,
  // which could print contents, stays silent. Retries are the engine's business.
  const common = {
    maxRetries: 0,
    logLevel: 'off',
    organization: null,
    project: null,
    adminAPIKey: null,
    webhookSecret: null,
    // The prompt is for the address that is configured, and for no other that a server may name.
    fetchOptions: { redirect: 'manual' },
  } as const;
  const endpoint = config.OPENAI_BASE_URL ? undefined : config.AZURE_OPENAI_ENDPOINT;
  if (!endpoint) {
    const baseURL = config.OPENAI_BASE_URL ?? 'https://api.openai.com/v1';
    // Servers of one's own often want no key, but the SDK wants some.
    return new OpenAI({ ...common, baseURL, apiKey: config.OPENAI_API_KEY ?? 'none' });
  }
  const baseURL = endpoint.replace(/\/+$/, '');
  // Azure's newer API has no versions and takes keys and tokens alike as bearer tokens.
  if (baseURL.endsWith('/openai/v1')) {
    return new OpenAI({
      ...common,
      baseURL,
      apiKey: config.AZURE_OPENAI_API_KEY ?? (await tokenProvider(config.AZURE_CLIENT_ID)),
    });
  }
  return new AzureOpenAI({
    ...common,
    baseURL: `${baseURL.replace(/\/openai$/, '')}/openai`,
    apiVersion: config.AZURE_OPENAI_API_VERSION,
    ...(config.AZURE_OPENAI_API_KEY
      ? { apiKey: config.AZURE_OPENAI_API_KEY }
      : { azureADTokenProvider: await tokenProvider(config.AZURE_CLIENT_ID) }),
  });
}

/** Tokens of the app's identity (a developer's own sign-in when not on Azure), cached by the identity package. */
async function tokenProvider(clientId: string | undefined): Promise<() => Promise<string>> {
  const { DefaultAzureCredential, getBearerTokenProvider } = await import('@azure/identity');
  const credential = new DefaultAzureCredential(clientId ? { managedIdentityClientId: clientId } : {});
  return getBearerTokenProvider(credential, SCOPE);
}
