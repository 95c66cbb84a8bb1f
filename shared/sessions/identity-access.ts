import type { ContainerInstanceManagementClient } from '@azure/arm-containerinstance';

type Policy = Parameters<ContainerInstanceManagementClient['pipeline']['addPolicy']>[0];

/**
 * Whose a group's identities are: the platform's alone (`System`), which pulls the image with them. By default code
 * in the group could ask `IDENTITY_ENDPOINT` or the metadata service for their tokens as well. The SDK's serializer
 * drops the property (see `arm-api.ts`), so it is put into the body on its way out, with `afterPhase: 'Serialize'`.
 *
 * `All`, `System`, `User`:
 * https://learn.microsoft.com/dotnet/api/azure.resourcemanager.containerinstance.models.containergroupidentityaccesslevel
 */
export const identityAccessPolicy: Policy = {
  name: 'hourglassIdentityAccess',
  sendRequest(request, next) {
    if (request.method === 'PUT' && typeof request.body === 'string') {
      request.body = JSON.stringify(forThePlatform(JSON.parse(request.body) as Group));
    }
    return next(request);
  },
};

interface Group {
  readonly identity?: { readonly userAssignedIdentities?: Readonly<Record<string, unknown>> };
  readonly properties: object;
}

function forThePlatform(group: Group): Group {
  const identities = Object.keys(group.identity?.userAssignedIdentities ?? {});
  if (identities.length === 0) return group;
  const acls = identities.map((identity) => ({ access: 'System', identity }));
  return { ...group, properties: { ...group.properties, identityAcls: { defaultAccess: 'System', acls } } };
}
