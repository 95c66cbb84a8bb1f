import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import { CONTAINER_GROUPS_API_VERSION } from '../../shared/sessions/arm-api.ts';
import { arm } from './az.ts';
import type { KnownPlace } from './azure-checks.ts';
import type { Deployment } from './deployment.ts';
import { type Finding, fail, pass } from './finding.ts';

const TIME_LIMIT_MS = 5 * 60_000;
const LOOK_EVERY_MS = 5_000;

interface ShownGroup {
  readonly properties: {
    readonly provisioningState?: string;
    readonly instanceView?: { readonly state?: string; readonly events?: readonly ShownEvent[] };
    readonly containers?: readonly {
      readonly properties: { readonly instanceView?: { readonly events?: readonly ShownEvent[] } };
    }[];
  };
}
interface ShownEvent {
  readonly name?: string;
  readonly message?: string;
}

/**
 * Makes one container group of the session image in the place's subnet, waits until it runs, and deletes it, whatever
 * came of it. Its agent's token is known to nobody; should the deletion fail, it ends itself within ten minutes.
 */
export async function probeGroup({ config }: Deployment, place: KnownPlace): Promise<Finding | Finding[]> {
  const name = `doctor-${Date.now().toString(36)}`;
  const path = `/subscriptions/${place.subscriptionId}/resourceGroups/${place.resourceGroup}/providers/Microsoft.ContainerInstance/containerGroups/${name}?api-version=${CONTAINER_GROUPS_API_VERSION}`;
  const started = Date.now();
  let outcome: Finding;
  try {
    await arm('put', path, body(config, place));
    outcome = await untilItRuns(path, started);
  } catch (error) {
    outcome = fail(
      (error as Error).message,
      'quota, subnet and roles of this place; is the subnet delegated?',
    );
  }
  try {
    await arm('delete', path);
    return outcome;
  } catch (error) {
    const left = fail(
      `the probe group ${name} could not be deleted (${(error as Error).message})`,
      `az container delete --name ${name} --resource-group ${place.resourceGroup}`,
    );
    return [outcome, left];
  }
}

async function untilItRuns(path: string, started: number): Promise<Finding> {
  let last = 'nothing';
  while (Date.now() - started < TIME_LIMIT_MS) {
    const { properties } = await arm<ShownGroup>('get', path);
    const events = [properties, ...(properties.containers ?? []).map((each) => each.properties)].flatMap(
      (each) => each.instanceView?.events ?? [],
    );
    last = [
      properties.provisioningState,
      properties.instanceView?.state,
      ...events.slice(-2).map(({ name }) => name),
    ]
      .filter(Boolean)
      .join(', ');
    const state = properties.instanceView?.state;
    if (state === 'Running' || state === 'Succeeded')
      return pass(`the image was pulled and runs after ${Math.round((Date.now() - started) / 1000)} s`);
    if (properties.provisioningState === 'Failed' || state === 'Failed') break;
    await delay(Math.min(LOOK_EVERY_MS, Math.max(200, (Date.now() - started) / 4)));
  }
  return fail(
    `no container came up (${last})`,
    'SESSION_IMAGE_PULL private-endpoint, or DENY_PLATFORM_SERVICES false, then `azd provision` and this again: docs/deploy.md, Private networking',
  );
}

function body(config: Deployment['config'], place: KnownPlace) {
  const own = config?.SESSION_PLACES.find(({ name }) => name === place.name);
  const server = own?.registryServer ?? config?.SESSION_REGISTRY_SERVER;
  const identity = own?.registryIdentityId ?? config?.SESSION_REGISTRY_IDENTITY_ID;
  const subnet = own?.subnetId ?? config?.SESSION_SUBNET_ID;
  const ports = [{ port: 8080, protocol: 'TCP' }];
  return {
    location: place.location,
    tags: { 'hourglass-doctor': 'probe' },
    ...(identity ? { identity: { type: 'UserAssigned', userAssignedIdentities: { [identity]: {} } } } : {}),
    properties: {
      osType: 'Linux',
      restartPolicy: 'Never',
      ipAddress: { type: 'Private', ports },
      containers: [
        {
          name: 'session',
          properties: {
            image: own?.image ?? config?.SESSION_IMAGE,
            ports,
            environmentVariables: [
              { name: 'AGENT_TOKEN', secureValue: randomBytes(32).toString('base64url') },
              {
                name: 'AGENT_DEADLINE',
                secureValue: String(Math.ceil((Date.now() + 2 * TIME_LIMIT_MS) / 1000)),
              },
            ],
            resources: { requests: { cpu: 1, memoryInGB: 1 } },
          },
        },
      ],
      ...(subnet ? { subnetIds: [{ id: subnet }] } : {}),
      ...(server && identity ? { imageRegistryCredentials: [{ server, identity }] } : {}),
    },
  };
}
