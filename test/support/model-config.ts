import type { ModelConfig } from '../../shared/model/openai.ts';

/** The model settings of a test: a server at `url` unless said otherwise. */
export function modelConfig(url: string, changes: Partial<ModelConfig> = {}): ModelConfig {
  return {
    OPENAI_BASE_URL: url,
    OPENAI_API_KEY: 'sk-planted-test-key-0001',
    AZURE_OPENAI_ENDPOINT: undefined,
    AZURE_OPENAI_API_KEY: undefined,
    AZURE_OPENAI_API_VERSION: '2024-10-21',
    AZURE_CLIENT_ID: undefined,
    MODELS: '',
    modelIdleTimeoutMs: 30_000,
    ...changes,
  };
}
