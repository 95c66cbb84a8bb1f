import type { ContainerInstanceManagementClient } from '@azure/arm-containerinstance';

import { CONTAINER_NAME } from './container-group-body.ts';

type Policy = Parameters<ContainerInstanceManagementClient['pipeline']['addPolicy']>[0];

export interface StandbyPool {
  /** Resource id of a Microsoft.StandbyPool/standbyContainerGroupPools. */
  readonly poolId: string;
  /** Resource id of the containerGroupProfile that the pool was made from, perhaps followed by `@revision`. */
  readonly profile: string;
}

interface SerializedGroup {
  location?: string;
  tags?: Record<string, string>;
  properties: {
    containers: { properties: { environmentVariables?: { name: string; secureValue?: string }[] } }[];
  };
}

/**
 * Claims take a warm group from a standby pool instead of starting one: the PUT names pool and profile, and the
 * secrets arrive as files of a config map. The SDK's serializer (9.1.0, api 2023-05-01) drops those properties,
 * so the serialized body is rewritten on its way out (added with `afterPhase: 'Serialize'`).
 */
export function standbyClaimPolicy(pool: StandbyPool): Policy {
  return {
    name: 'hourglassStandbyClaim',
    sendRequest(request, next) {
      if (request.method === 'PUT' && typeof request.body === 'string') {
        request.body = JSON.stringify(claimBody(JSON.parse(request.body) as SerializedGroup, pool));
      }
      return next(request);
    },
  };
}

export function claimBody({ location, tags, properties }: SerializedGroup, pool: StandbyPool) {
  const secrets = new Map(
    properties.containers[0]?.properties.environmentVariables?.map(({ name, secureValue }) => [
      name,
      secureValue,
    ]),
  );
  const [id, revision] = pool.profile.split('@');
  return {
    location,
    tags,
    properties: {
      standbyPoolProfile: { id: pool.poolId },
      containerGroupProfile: { id, ...(revision ? { revision: Number(revision) } : {}) },
      containers: [
        {
          name: CONTAINER_NAME,
          properties: {
            configMap: {
              keyValuePairs: { token: secrets.get('AGENT_TOKEN'), deadline: secrets.get('AGENT_DEADLINE') },
            },
          },
        },
      ],
    },
  };
}
