import type { ContainerInstanceManagementClient } from '@azure/arm-containerinstance';

import { SECOND } from '../clock.ts';
import { CONTAINER_GROUPS_API_VERSION } from './arm-api.ts';
import { isAnswer, isNotFound, toGroupError } from './arm-errors.ts';
import { belongsTo, containerGroupBody, type GroupSettings, viewOf } from './container-group-body.ts';
import { type ContainerGroups, GroupError, type GroupRequest, type GroupView } from './container-groups.ts';
import { identityAccessPolicy } from './identity-access.ts';
import { isLoopback } from './loopback.ts';
import { type StandbyPool, standbyClaimPolicy } from './standby-claim.ts';

export interface ArmSettings extends GroupSettings {
  readonly endpoint: string;
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  /** Of the identity that may create container groups; undefined for a system-assigned one. */
  readonly clientId: string | undefined;
  readonly standbyPool: StandbyPool | undefined;
}

/** An unanswered request to Azure Resource Manager is given up after this; its caller finds out what became of it. */
const REQUEST_MS = 30 * SECOND;

/** Container groups through `@azure/arm-containerinstance`, which is only loaded when the first one is needed. */
export function armContainerGroups(settings: ArmSettings, requestMs = REQUEST_MS): ContainerGroups {
  const { resourceGroup } = settings;
  let client: Promise<ContainerInstanceManagementClient> | undefined;
  const groups = async () => {
    client ??= connect(settings).catch((error) => {
      client = undefined;
      throw error;
    });
    return (await client).containerGroups;
  };
  const attempt = async <T>(
    doing: string,
    signal: AbortSignal | undefined,
    act: (s: AbortSignal) => Promise<T>,
  ) => {
    const timeout = AbortSignal.timeout(requestMs);
    try {
      return await act(signal ? AbortSignal.any([signal, timeout]) : timeout);
    } catch (error) {
      signal?.throwIfAborted();
      if (timeout.aborted && !isAnswer(error))
        throw new GroupError('busy', `${doing}: Azure did not answer in time`, { cause: error });
      throw toGroupError(error, doing);
    }
  };

  return {
    create: (request: GroupRequest, signal: AbortSignal) =>
      attempt('The container group could not be created', signal, async (abortSignal) => {
        const body = containerGroupBody(request, settings);
        const operations = await groups();
        await accepted(abortSignal, (options) =>
          operations.beginCreateOrUpdate(resourceGroup, request.name, body, options),
        );
      }),

    get: (name: string, signal?: AbortSignal): Promise<GroupView | undefined> =>
      attempt('The container group could not be read', signal, async (abortSignal) => {
        try {
          return viewOf(await (await groups()).get(resourceGroup, name, { abortSignal }));
        } catch (error) {
          if (isNotFound(error)) return undefined;
          throw error;
        }
      }),

    delete: (name: string, signal?: AbortSignal) =>
      attempt('The container group could not be deleted', signal, async (abortSignal) => {
        try {
          const operations = await groups();
          await accepted(abortSignal, (options) => operations.beginDelete(resourceGroup, name, options));
        } catch (error) {
          if (!isNotFound(error)) throw error;
        }
      }),

    async *list(signal?: AbortSignal) {
      try {
        const pages = (await groups()).listByResourceGroup(
          resourceGroup,
          signal ? { abortSignal: signal } : {},
        );
        for await (const group of pages) if (belongsTo(group, settings.installation)) yield viewOf(group);
      } catch (error) {
        signal?.throwIfAborted();
        throw toGroupError(error, 'The container groups could not be listed');
      }
    },
  };
}

/**
 * Azure's answer to the request itself is what counts. The SDK would go on to ask how the operation fares, and
 * when that fails throw as if the request had been refused; it has no other way to be told not to than its signal.
 */
async function accepted(signal: AbortSignal, begin: (options: BeginOptions) => Promise<unknown>) {
  const yes = new AbortController();
  const abortSignal = AbortSignal.any([signal, yes.signal]);
  const onResponse = ({ status }: { status: number }) => {
    if (status < 300) yes.abort();
  };
  try {
    await begin({ abortSignal, onResponse });
  } catch (error) {
    if (!yes.signal.aborted) throw error;
  }
}

interface BeginOptions {
  readonly abortSignal: AbortSignal;
  readonly onResponse: (response: { status: number }) => void;
}

async function connect(settings: ArmSettings): Promise<ContainerInstanceManagementClient> {
  const url = new URL(settings.endpoint);
  const local = url.protocol === 'http:';
  if (local && !isLoopback(url.hostname)) {
    throw new Error(`SESSION_ARM_ENDPOINT: plain http is for this machine only, not for ${url.hostname}`);
  }
  const arm = await import('@azure/arm-containerinstance');
  const credential = local ? noCredential : await azureCredential(settings.clientId);
  const client = new arm.ContainerInstanceManagementClient(credential, settings.subscriptionId, {
    endpoint: settings.endpoint,
    // Repetition is the session manager's business, which knows how long a start may take.
    retryOptions: { maxRetries: 0 },
    apiVersion: CONTAINER_GROUPS_API_VERSION,
    ...(local ? { allowInsecureConnection: true } : {}),
  });
  // The policy refuses to put a token on plain http; the emulator asks for none.
  if (local) client.pipeline.removePolicy({ name: 'bearerTokenAuthenticationPolicy' });
  // A claim names no identity, and is left as it is.
  client.pipeline.addPolicy(identityAccessPolicy, { afterPhase: 'Serialize' });
  if (settings.standbyPool) {
    client.pipeline.addPolicy(standbyClaimPolicy(settings.standbyPool), { afterPhase: 'Serialize' });
  }
  return client;
}

const noCredential = { getToken: () => Promise.resolve(null) };

async function azureCredential(clientId: string | undefined) {
  const { ManagedIdentityCredential, DefaultAzureCredential } = await import('@azure/identity');
  return clientId ? new ManagedIdentityCredential({ clientId }) : new DefaultAzureCredential();
}
