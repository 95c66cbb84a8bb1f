/** Settings of shared/config.ts that Bicep leaves at their default, and why. infra/settings.json can set any of them. */
export const LEFT_AT_DEFAULT: Readonly<Record<string, string>> = {
  AzureWebJobsStorage: 'a connection string holds a key; the three service URIs are set instead',
  AzureWebJobsStorage__accountName: 'the three service URIs say it, also in clouds with other suffixes',
  AZURE_OPENAI_API_KEY: 'the app calls Azure OpenAI by its identity',
  AZURE_OPENAI_API_VERSION: 'the default suits the deployment that Bicep makes',
  ENTRA_AUTHORITY: 'the public cloud by default',
  ENTRA_TENANTS: 'none unless infra/settings.json names some: docs/callers.md',
  ENTRA_AUDIENCES: 'none unless infra/settings.json names some: docs/callers.md',
  ENTRA_CALLERS: 'none unless infra/settings.json names some: docs/callers.md',
  AUDIT: 'log unless infra/settings.json says blob or off',
  EMBEDDING_DIMENSIONS: 'tuning',
  RATE_LIMIT_PER_MINUTE: 'tuning',
  AUTH_FAILURES_PER_MINUTE: 'tuning',
  STREAMS_PER_KEY: 'tuning',
  FOLLOWERS_PER_RUN: 'tuning',
  MAX_FILE_BYTES: 'tuning',
  MODEL_IDLE_TIMEOUT_SECONDS: 'tuning',
  MODEL_PATIENCE_SECONDS: 'tuning',
  RUN_TTL_SECONDS: 'tuning',
  RUN_SLICE_SECONDS: 'tuning',
  RUN_LEASE_SECONDS: 'tuning',
  RUN_OVERTAKE_SECONDS: 'tuning',
  SESSION_TTL_SECONDS: 'tuning',
  SESSION_CALL_TIMEOUT_SECONDS: 'tuning',
  SESSION_START_TIMEOUT_SECONDS: 'tuning',
  SESSION_START: 'tuning',
  SESSION_LIMIT_PER_PROJECT: 'tuning',
  SESSION_MAX_SAVED_FILE_BYTES: 'tuning',
  SESSION_MAX_SAVED_FILES: 'tuning',
  SESSION_ARM_ENDPOINT: 'the default is Azure; another one is for the emulator and sovereign clouds',
  HOURGLASS_CRASH_AT: 'crash tests only',
};

/** App settings that Bicep sets and the code does not read: for the Functions host, or a library. */
export const FOR_THE_HOST: Readonly<Record<string, string>> = {
  AzureWebJobsStorage__credential:
    'tells the host to use the managed identity for its own storage and the triggers',
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'tells the host to send telemetry by identity',
  APPLICATION_INSIGHTS_NO_STATSBEAT: "the exporter's own switch",
  FUNCTIONS_REQUEST_BODY_SIZE_LIMIT:
    'the host refuses bodies above 100 MB otherwise; the platform takes 210 MB',
};

/** Names in local.settings.sample.json that the code does not read: for Core Tools. */
export const FOR_CORE_TOOLS: Readonly<Record<string, string>> = {
  FUNCTIONS_WORKER_RUNTIME: 'Core Tools want it; Flex Consumption has it in functionAppConfig',
  FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: 'as in Azure',
};

/** Settings of shared/config.ts that make no sense in local.settings.sample.json. */
export const NOT_LOCAL: Readonly<Record<string, string>> = {
  AzureWebJobsStorage__accountName: 'identity-based; locally a connection string',
  AzureWebJobsStorage__blobServiceUri: 'identity-based; locally a connection string',
  AzureWebJobsStorage__queueServiceUri: 'identity-based; locally a connection string',
  AzureWebJobsStorage__tableServiceUri: 'identity-based; locally a connection string',
  AzureWebJobsStorage__clientId: 'identity-based; locally a connection string',
  HOURGLASS_CRASH_AT: 'crash tests only',
};

/** Settings that docs/settings.md does not show. */
export const NOT_IN_DOCUMENT: Readonly<Record<string, string>> = {
  HOURGLASS_CRASH_AT: 'crash tests only',
};
