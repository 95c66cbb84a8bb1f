import type { ContainerInstanceManagementClient } from '@azure/arm-containerinstance';

import { SECOND } from '../clock.ts';
import { isNotFound, toGroupError } from './arm-errors.ts';
import { belongsTo, containerGroupBody, type GroupSettings, viewOf } from './container-group-body.ts';
import type { ContainerGroups, GroupRequest, GroupView } from './container-groups.ts';
import { isLoopback } from './loopback.ts';
import { STANDBY_API_VERSION, type StandbyPool, standbyClaimPolicy } from './standby-claim.ts';

export interface ArmSettings extends GroupSettings {
  readonly endpoint: string;
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  /** Of the identity that may create container groups; undefined for a system-assigned one. */
  readonly clientId: string | undefined;
  readonly standbyPool: StandbyPool | undefined;
}

/** An unanswered request to Azure Resource Manager is given up after this, and repeated by the caller. */
const REQUEST_MS = 30 * SECOND;
/** Replaces the SDK's own (2 s): the poller is asked once only, but its first delay must not count. */
const POLL_MS = 25;

/** Container groups through `@azure/arm-containerinstance`, which is only loaded when the first one is needed. */
export function armContainerGroups(settings: ArmSettings): ContainerGroups {
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
    const timeout = AbortSignal.timeout(REQUEST_MS);
    try {
      return await act(signal ? AbortSignal.any([signal, timeout]) : timeout);
    } catch (error) {
      signal?.throwIfAborted();
      throw toGroupError(error, doing);
    }
  };

  return {
    create: (request: GroupRequest, signal: AbortSignal) =>
      attempt('The container group could not be created', signal, async (abortSignal) => {
        const body = containerGroupBody(request, settings);
        const options = { abortSignal, updateIntervalInMs: POLL_MS };
        await (await groups()).beginCreateOrUpdate(resourceGroup, request.name, body, options);
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
          await (await groups()).beginDelete(resourceGroup, name, {
            abortSignal,
            updateIntervalInMs: POLL_MS,
          });
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
    ...(settings.standbyPool ? { apiVersion: STANDBY_API_VERSION } : {}),
    ...(local ? { allowInsecureConnection: true } : {}),
  });
  // The policy refuses to put a token on plain http; the emulator asks for none.
  if (local) client.pipeline.removePolicy({ name: 'bearerTokenAuthenticationPolicy' });
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
