import type { ContainerGroup } from '@azure/arm-containerinstance';

import type { GroupRequest, GroupView } from './container-groups.ts';

export const AGENT_PORT = 8080;
/** Also the folder's name under /mnt/configmap, where a claimed group finds its token. */
export const CONTAINER_NAME = 'session';
const AGENT_MEMORY_GB = 0.25;
const TAG = {
  installation: 'hourglass',
  thread: 'hourglass-thread',
  deadline: 'hourglass-deadline',
} as const;

export interface GroupSettings {
  /** Marks the groups of this installation (STORAGE_PREFIX). */
  readonly installation: string;
  readonly location: string;
  readonly image: string;
  readonly cpu: number;
  readonly memoryGb: number;
  readonly subnetId: string | undefined;
  readonly registryServer: string | undefined;
  readonly registryIdentityId: string | undefined;
}

/** The PUT's body as the SDK wants it. restartPolicy Never: when the agent ends, so does the bill. */
export function containerGroupBody(request: GroupRequest, settings: GroupSettings): ContainerGroup {
  const ports = [{ port: AGENT_PORT, protocol: 'TCP' }];
  const resources = { cpu: settings.cpu, memoryInGB: settings.memoryGb };
  const deadline = String(Math.floor(request.deadline / 1000));
  return {
    location: settings.location,
    tags: {
      [TAG.installation]: settings.installation,
      [TAG.thread]: request.threadId,
      [TAG.deadline]: deadline,
    },
    osType: 'Linux',
    restartPolicy: 'Never',
    ipAddress: { type: settings.subnetId ? 'Private' : 'Public', ports },
    containers: [
      {
        name: CONTAINER_NAME,
        image: settings.image,
        resources: { requests: resources, limits: resources },
        ports,
        environmentVariables: [
          { name: 'AGENT_TOKEN', secureValue: request.token },
          { name: 'AGENT_DEADLINE', secureValue: deadline },
          { name: 'AGENT_MEMORY_BYTES', value: String(kernelMemoryBytes(settings.memoryGb)) },
        ],
      },
    ],
    ...(settings.subnetId ? { subnetIds: [{ id: settings.subnetId }] } : {}),
    ...registryAccess(settings),
  };
}

/** The container's memory less what the agent needs, so that the kernel fails first, with a readable error. */
const kernelMemoryBytes = (memoryGb: number): number => Math.floor((memoryGb - AGENT_MEMORY_GB) * 1024 ** 3);

/** The image is pulled with an identity that may do nothing else (AcrPull on one registry). */
function registryAccess({ registryServer, registryIdentityId }: GroupSettings): Partial<ContainerGroup> {
  if (!registryServer || !registryIdentityId) return {};
  return {
    identity: { type: 'UserAssigned', userAssignedIdentities: { [registryIdentityId]: {} } },
    imageRegistryCredentials: [{ server: registryServer, identity: registryIdentityId }],
  };
}

export const belongsTo = (group: ContainerGroup, installation: string): boolean =>
  group.tags?.[TAG.installation] === installation;

/** A group as Azure shows it → what sessions need to know. Only `Failed` and `Succeeded` are dependable. */
export function viewOf(group: ContainerGroup): GroupView {
  const ip = group.ipAddress?.ip;
  const deadline = Number(group.tags?.[TAG.deadline]);
  // An image that cannot be pulled is an event of the container, not of the group. Names first: logs end at a colon.
  const events = [group, ...(group.containers ?? [])].flatMap((each) => each.instanceView?.events ?? []);
  const latest = events.slice(-2);
  const detail = [
    `provisioning ${group.provisioningState ?? 'unknown'}`,
    `state ${group.instanceView?.state ?? 'unknown'}`,
    ...latest.map(({ name }) => name ?? 'event'),
    ...latest.map(({ message }) => message?.slice(0, 200)).filter(Boolean),
  ].join(', ');
  return {
    name: group.name ?? '',
    state: stateOf(group),
    address: ip ? `http://${ip}:${AGENT_PORT}` : undefined,
    deadline: Number.isFinite(deadline) ? deadline * 1000 : undefined,
    detail,
  };
}

function stateOf(group: ContainerGroup): GroupView['state'] {
  const state = group.instanceView?.state;
  if (group.provisioningState === 'Failed' || state === 'Failed') return 'failed';
  if (state === 'Succeeded' || state === 'Stopped' || group.provisioningState === 'Deleting') return 'ended';
  return state === 'Running' ? 'running' : 'creating';
}
