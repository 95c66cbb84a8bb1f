/**
 * What the published type definitions say of the resource types in use: an API version that exists, where to read
 * it, which properties are required and which of those used here are known. `true` = anything below is free
 * (dictionaries, and values that Azure checks itself).
 *
 * Sources: https://learn.microsoft.com/azure/templates/TYPE-IN-LOWER-CASE, which is made from the `types.md` files in
 * https://github.com/Azure/bicep-types-az (folder generated/). One table, and so one long file.
 */
export type Shape = true | { readonly [property: string]: Shape };

export interface ResourceType {
  readonly apiVersion: string;
  readonly source: string;
  /** Paths, dots between names, that a resource of this type must have. */
  readonly required: readonly string[];
  readonly shape: { readonly [property: string]: Shape };
}

const types = (folder: string, provider: string, version: string) =>
  `https://github.com/Azure/bicep-types-az/tree/main/generated/${folder}/${provider.toLowerCase()}/${version}`;
const templates = (type: string) => `https://learn.microsoft.com/azure/templates/${type.toLowerCase()}`;

/** Every resource has these; `name` and `parent` are Bicep's own. */
const common = { name: true, parent: true, scope: true, location: true, tags: true } as const;
const subResource = { id: true } as const;
const networkAcls = { defaultAction: true, bypass: true } as const;
const resources = { requests: { cpu: true, memoryInGB: true } } as const;
const ports = { port: true, protocol: true } as const;

export const resourceTypes: Readonly<Record<string, ResourceType>> = {
  'Microsoft.Resources/resourceGroups': {
    apiVersion: '2024-03-01',
    source: templates('microsoft.resources/resourcegroups'),
    required: ['name', 'location'],
    shape: common,
  },
  'Microsoft.ManagedIdentity/userAssignedIdentities': {
    apiVersion: '2024-11-30',
    source: types('msi', 'Microsoft.ManagedIdentity', '2024-11-30'),
    required: ['name', 'location'],
    shape: common,
  },
  'Microsoft.Authorization/roleAssignments': {
    apiVersion: '2022-04-01',
    source: types('authorization', 'Microsoft.Authorization', '2022-04-01'),
    required: ['name', 'properties.roleDefinitionId', 'properties.principalId', 'properties.principalType'],
    shape: { ...common, properties: { roleDefinitionId: true, principalId: true, principalType: true } },
  },
  'Microsoft.Authorization/roleDefinitions': {
    apiVersion: '2022-04-01',
    source: types('authorization', 'Microsoft.Authorization', '2022-04-01'),
    required: ['name', 'properties.roleName', 'properties.assignableScopes', 'properties.permissions'],
    shape: {
      ...common,
      properties: {
        roleName: true,
        description: true,
        type: true,
        assignableScopes: true,
        permissions: { actions: true, notActions: true, dataActions: true, notDataActions: true },
      },
    },
  },
  'Microsoft.Storage/storageAccounts': {
    apiVersion: '2024-01-01',
    source: types('storage', 'Microsoft.Storage', '2024-01-01'),
    required: ['name', 'location', 'kind', 'sku.name'],
    shape: {
      ...common,
      kind: true,
      sku: { name: true },
      properties: {
        allowSharedKeyAccess: true,
        allowBlobPublicAccess: true,
        allowCrossTenantReplication: true,
        defaultToOAuthAuthentication: true,
        minimumTlsVersion: true,
        supportsHttpsTrafficOnly: true,
        publicNetworkAccess: true,
        networkAcls,
      },
    },
  },
  'Microsoft.Storage/storageAccounts/blobServices': {
    apiVersion: '2024-01-01',
    source: types('storage', 'Microsoft.Storage', '2024-01-01'),
    required: ['name', 'parent'],
    shape: {
      ...common,
      properties: {
        deleteRetentionPolicy: { enabled: true, days: true },
        containerDeleteRetentionPolicy: { enabled: true, days: true },
      },
    },
  },
  'Microsoft.Storage/storageAccounts/blobServices/containers': {
    apiVersion: '2024-01-01',
    source: types('storage', 'Microsoft.Storage', '2024-01-01'),
    required: ['name', 'parent'],
    shape: { ...common, properties: { publicAccess: true } },
  },
  'Microsoft.Storage/storageAccounts/managementPolicies': {
    apiVersion: '2024-01-01',
    source: types('storage', 'Microsoft.Storage', '2024-01-01'),
    required: ['name', 'parent', 'properties.policy.rules'],
    shape: {
      ...common,
      properties: {
        policy: {
          rules: {
            name: true,
            enabled: true,
            type: true,
            definition: {
              filters: { blobTypes: true, prefixMatch: true },
              actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: true } } },
            },
          },
        },
      },
    },
  },
  'Microsoft.Network/networkSecurityGroups': {
    apiVersion: '2024-05-01',
    source: templates('microsoft.network/networksecuritygroups'),
    required: ['name', 'location', 'properties.securityRules'],
    shape: {
      ...common,
      properties: {
        securityRules: {
          name: true,
          properties: {
            priority: true,
            direction: true,
            access: true,
            protocol: true,
            sourceAddressPrefix: true,
            sourcePortRange: true,
            destinationAddressPrefix: true,
            destinationPortRange: true,
          },
        },
      },
    },
  },
  'Microsoft.Network/publicIPAddresses': {
    apiVersion: '2024-05-01',
    source: templates('microsoft.network/publicipaddresses'),
    required: ['name', 'location', 'sku.name'],
    shape: { ...common, sku: { name: true }, properties: { publicIPAllocationMethod: true } },
  },
  'Microsoft.Network/natGateways': {
    apiVersion: '2024-05-01',
    source: templates('microsoft.network/natgateways'),
    required: ['name', 'location', 'sku.name'],
    shape: { ...common, sku: { name: true }, properties: { publicIpAddresses: subResource } },
  },
  'Microsoft.Network/virtualNetworks': {
    apiVersion: '2024-05-01',
    source: templates('microsoft.network/virtualnetworks'),
    required: ['name', 'location', 'properties.addressSpace.addressPrefixes'],
    shape: {
      ...common,
      properties: {
        addressSpace: { addressPrefixes: true },
        subnets: {
          name: true,
          properties: {
            addressPrefix: true,
            defaultOutboundAccess: true,
            natGateway: subResource,
            routeTable: subResource,
            networkSecurityGroup: subResource,
            delegations: { name: true, properties: { serviceName: true } },
          },
        },
      },
    },
  },
  'Microsoft.Network/virtualNetworks/subnets': {
    apiVersion: '2024-05-01',
    source: templates('microsoft.network/virtualnetworks/subnets'),
    required: ['name', 'parent'],
    shape: common,
  },
  'Microsoft.Network/privateEndpoints': {
    apiVersion: '2024-05-01',
    source: templates('microsoft.network/privateendpoints'),
    required: ['name', 'location', 'properties.subnet', 'properties.privateLinkServiceConnections'],
    shape: {
      ...common,
      properties: {
        subnet: subResource,
        privateLinkServiceConnections: {
          name: true,
          properties: { privateLinkServiceId: true, groupIds: true },
        },
      },
    },
  },
  'Microsoft.Network/privateEndpoints/privateDnsZoneGroups': {
    apiVersion: '2024-05-01',
    source: templates('microsoft.network/privateendpoints/privatednszonegroups'),
    required: ['name', 'parent', 'properties.privateDnsZoneConfigs'],
    shape: {
      ...common,
      properties: { privateDnsZoneConfigs: { name: true, properties: { privateDnsZoneId: true } } },
    },
  },
  'Microsoft.Network/privateDnsZones': {
    apiVersion: '2020-06-01',
    source: templates('microsoft.network/privatednszones'),
    required: ['name', 'location'],
    shape: common,
  },
  'Microsoft.Network/privateDnsZones/virtualNetworkLinks': {
    apiVersion: '2020-06-01',
    source: templates('microsoft.network/privatednszones/virtualnetworklinks'),
    required: ['name', 'parent', 'location', 'properties.virtualNetwork'],
    shape: { ...common, properties: { registrationEnabled: true, virtualNetwork: subResource } },
  },
  'Microsoft.ContainerRegistry/registries': {
    apiVersion: '2025-04-01',
    source: types('containerregistry', 'Microsoft.ContainerRegistry', '2025-04-01'),
    required: ['name', 'location', 'sku.name'],
    shape: {
      ...common,
      sku: { name: true },
      properties: {
        adminUserEnabled: true,
        anonymousPullEnabled: true,
        publicNetworkAccess: true,
        networkRuleBypassOptions: true,
      },
    },
  },
  'Microsoft.KeyVault/vaults': {
    apiVersion: '2024-11-01',
    source: types('keyvault', 'Microsoft.KeyVault', '2024-11-01'),
    required: ['name', 'location', 'properties.tenantId', 'properties.sku.family', 'properties.sku.name'],
    shape: {
      ...common,
      properties: {
        tenantId: true,
        sku: { family: true, name: true },
        enableRbacAuthorization: true,
        enableSoftDelete: true,
        softDeleteRetentionInDays: true,
        publicNetworkAccess: true,
        networkAcls,
      },
    },
  },
  'Microsoft.KeyVault/vaults/secrets': {
    apiVersion: '2024-11-01',
    source: types('keyvault', 'Microsoft.KeyVault', '2024-11-01'),
    required: ['name', 'parent', 'properties.value'],
    shape: { ...common, properties: { value: true } },
  },
  'Microsoft.CognitiveServices/accounts': {
    apiVersion: '2025-06-01',
    source: types('cognitiveservices', 'Microsoft.CognitiveServices', '2025-06-01'),
    required: ['name', 'location', 'kind', 'sku.name'],
    shape: {
      ...common,
      kind: true,
      sku: { name: true },
      properties: {
        customSubDomainName: true,
        disableLocalAuth: true,
        publicNetworkAccess: true,
        networkAcls: { defaultAction: true },
      },
    },
  },
  'Microsoft.CognitiveServices/accounts/deployments': {
    apiVersion: '2025-06-01',
    source: types('cognitiveservices', 'Microsoft.CognitiveServices', '2025-06-01'),
    required: ['name', 'parent', 'sku.name', 'properties.model.name'],
    shape: {
      ...common,
      sku: { name: true, capacity: true },
      properties: { model: { format: true, name: true, version: true }, versionUpgradeOption: true },
    },
  },
  'Microsoft.ContainerInstance/containerGroupProfiles': {
    apiVersion: '2025-09-01',
    source: types('containerinstance', 'Microsoft.ContainerInstance', '2025-09-01'),
    required: ['name', 'properties.containers', 'properties.osType'],
    shape: {
      ...common,
      properties: {
        sku: true,
        osType: true,
        restartPolicy: true,
        ipAddress: { type: true, ports },
        imageRegistryCredentials: { server: true, identity: true },
        containers: {
          name: true,
          properties: { image: true, ports, environmentVariables: { name: true, value: true }, resources },
        },
      },
    },
  },
  'Microsoft.StandbyPool/standbyContainerGroupPools': {
    apiVersion: '2025-03-01',
    source: types('standbypool', 'Microsoft.StandbyPool', '2025-03-01'),
    required: [
      'name',
      'location',
      'properties.elasticityProfile.maxReadyCapacity',
      'properties.containerGroupProperties.containerGroupProfile.id',
    ],
    shape: {
      ...common,
      properties: {
        elasticityProfile: { maxReadyCapacity: true, refillPolicy: true },
        containerGroupProperties: { containerGroupProfile: { id: true }, subnetIds: subResource },
      },
    },
  },
  'Microsoft.Web/serverfarms': {
    apiVersion: '2024-04-01',
    source: types('web', 'Microsoft.Web', '2024-04-01'),
    required: ['name', 'location', 'sku.name', 'properties.reserved'],
    shape: { ...common, kind: true, sku: { tier: true, name: true }, properties: { reserved: true } },
  },
  'Microsoft.Web/sites': {
    apiVersion: '2024-04-01',
    source: types('web', 'Microsoft.Web', '2024-04-01'),
    required: [
      'name',
      'location',
      'properties.serverFarmId',
      'properties.functionAppConfig.deployment.storage.type',
      'properties.functionAppConfig.deployment.storage.value',
      'properties.functionAppConfig.runtime.name',
      'properties.functionAppConfig.runtime.version',
    ],
    shape: {
      ...common,
      kind: true,
      identity: { type: true, userAssignedIdentities: true },
      properties: {
        serverFarmId: true,
        httpsOnly: true,
        publicNetworkAccess: true,
        virtualNetworkSubnetId: true,
        keyVaultReferenceIdentity: true,
        siteConfig: { minTlsVersion: true },
        functionAppConfig: {
          deployment: {
            storage: {
              type: true,
              value: true,
              authentication: { type: true, userAssignedIdentityResourceId: true },
            },
          },
          runtime: { name: true, version: true },
          scaleAndConcurrency: {
            instanceMemoryMB: true,
            maximumInstanceCount: true,
            alwaysReady: { name: true, instanceCount: true },
            triggers: { http: { perInstanceConcurrency: true } },
          },
        },
      },
    },
  },
  'Microsoft.Web/sites/config': {
    apiVersion: '2024-04-01',
    source: types('web', 'Microsoft.Web', '2024-04-01'),
    required: ['name', 'parent'],
    shape: { ...common, properties: true },
  },
  'Microsoft.Web/sites/basicPublishingCredentialsPolicies': {
    apiVersion: '2024-04-01',
    source: types('web', 'Microsoft.Web', '2024-04-01'),
    required: ['name', 'parent', 'properties.allow'],
    shape: { ...common, properties: { allow: true } },
  },
  'Microsoft.OperationalInsights/workspaces': {
    apiVersion: '2023-09-01',
    source: types('operationalinsights', 'Microsoft.OperationalInsights', '2023-09-01'),
    required: ['name'],
    shape: { ...common, properties: { sku: { name: true }, retentionInDays: true } },
  },
  'Microsoft.OperationalInsights/workspaces/savedSearches': {
    apiVersion: '2020-08-01',
    source: types('operationalinsights', 'Microsoft.OperationalInsights', '2020-08-01'),
    required: ['name', 'parent', 'properties.category', 'properties.displayName', 'properties.query'],
    shape: { ...common, properties: { category: true, displayName: true, query: true, version: true } },
  },
  'Microsoft.Insights/components': {
    apiVersion: '2020-02-02',
    source: types('applicationinsights', 'Microsoft.Insights', '2020-02-02'),
    required: ['name', 'location', 'kind', 'properties.Application_Type'],
    shape: {
      ...common,
      kind: true,
      properties: { Application_Type: true, WorkspaceResourceId: true, DisableLocalAuth: true },
    },
  },
  'Microsoft.Insights/workbooks': {
    apiVersion: '2023-06-01',
    source: types('applicationinsights', 'Microsoft.Insights', '2023-06-01'),
    required: [
      'name',
      'location',
      'properties.displayName',
      'properties.category',
      'properties.serializedData',
    ],
    shape: {
      ...common,
      kind: true,
      properties: { displayName: true, category: true, sourceId: true, serializedData: true },
    },
  },
  'Microsoft.Insights/actionGroups': {
    apiVersion: '2023-01-01',
    source: templates('microsoft.insights/actiongroups'),
    required: ['name', 'location', 'properties.groupShortName', 'properties.enabled'],
    shape: {
      ...common,
      properties: {
        groupShortName: true,
        enabled: true,
        emailReceivers: { name: true, emailAddress: true, useCommonAlertSchema: true },
      },
    },
  },
  'Microsoft.Insights/scheduledQueryRules': {
    apiVersion: '2022-06-15',
    source: templates('microsoft.insights/scheduledqueryrules'),
    required: ['name', 'location', 'properties.scopes', 'properties.criteria'],
    shape: {
      ...common,
      kind: true,
      properties: {
        displayName: true,
        description: true,
        severity: true,
        enabled: true,
        scopes: true,
        evaluationFrequency: true,
        windowSize: true,
        autoMitigate: true,
        skipQueryValidation: true,
        criteria: {
          allOf: {
            query: true,
            timeAggregation: true,
            operator: true,
            threshold: true,
            failingPeriods: { numberOfEvaluationPeriods: true, minFailingPeriodsToAlert: true },
          },
        },
        actions: { actionGroups: true },
      },
    },
  },
};
