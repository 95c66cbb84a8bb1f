import type { Group } from './group.ts';

/** Answers as Azure Resource Manager shapes them: resources, operations, errors. */
export interface ResourceAddress {
  readonly subscription: string;
  readonly resourceGroup: string;
  readonly name: string;
}

export const resourceId = ({ subscription, resourceGroup, name }: ResourceAddress): string =>
  `/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/Microsoft.ContainerInstance/containerGroups/${name}`;

export const armError = (code: string, message: string) => ({ error: { code, message } });

export const notFound = ({ name, resourceGroup }: ResourceAddress) =>
  armError(
    'ResourceNotFound',
    `The Resource 'Microsoft.ContainerInstance/containerGroups/${name}' under resource group '${resourceGroup}' was not found.`,
  );

/** Secure values and config maps' secrets are never shown again. */
export function showGroup(address: ResourceAddress, group: Group) {
  const { request, claimsFromPool } = group.body;
  const events = group.failure
    ? [{ name: 'Failed', type: 'Warning', count: 1, message: group.failure.slice(0, 1000) }]
    : [];
  return {
    id: resourceId(address),
    name: address.name,
    type: 'Microsoft.ContainerInstance/containerGroups',
    location: request.location,
    tags: request.tags,
    properties: {
      ...request.properties,
      osType: 'Linux',
      sku: 'Standard',
      provisioningState: group.provisioningState,
      ...(claimsFromPool ? { isCreatedFromStandbyPool: group.fromStandbyPool } : {}),
      ...(group.ip ? { ipAddress: shownAddress(group) } : {}),
      containers: request.properties.containers.map(({ name, properties }) => ({
        name,
        properties: {
          ...properties,
          environmentVariables: properties.environmentVariables.map(({ name, value }) => ({ name, value })),
        },
      })),
      instanceView: { events, state: group.state },
    },
  };
}

const shownAddress = (group: Group) => ({
  type: 'Private',
  ports: [{ port: 8080, protocol: 'TCP' }],
  ...group.body.request.properties.ipAddress,
  ip: group.ip,
});

/** What polling an asynchronous operation shows. */
export function showOperation(address: ResourceAddress, group: Group) {
  const done = group.provisioningState !== 'Creating';
  return {
    id: resourceId(address),
    status: done ? group.provisioningState : 'InProgress',
    startTime: group.createdAt.toISOString(),
    properties: { events: [] },
    ...(group.provisioningState === 'Failed' ? armError('Failed', group.failure) : {}),
  };
}
