// The only shared memory. Tables, queues and containers are made by the app itself at its start.
param location string
param tags object
@minLength(13)
param token string
param sku string
param storagePrefix string
param eventLogDays int
param privateNetwork bool
param createPrivateDnsZones bool
param endpointSubnetId string
param vnetId string
param appPrincipalId string

var deploymentContainerName = 'app-package'

resource account 'Microsoft.Storage/storageAccounts@2026-06-01' = {
  name: 'st${token}'
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: sku }
  properties: {
    allowSharedKeyAccess: false
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: privateNetwork ? 'Disabled' : 'Enabled'
    networkAcls: {
      defaultAction: privateNetwork ? 'Deny' : 'Allow'
      bypass: 'None'
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2026-06-01' = {
  parent: account
  name: 'default'
  properties: {
    // A way back from an accident. A file deleted through the API is deleted for callers at once all the same.
    deleteRetentionPolicy: { enabled: true, days: 7 }
    containerDeleteRetentionPolicy: { enabled: true, days: 7 }
  }
}

resource deploymentContainer 'Microsoft.Storage/storageAccounts/blobServices/containers@2026-06-01' = {
  parent: blobs
  name: deploymentContainerName
  properties: { publicAccess: 'None' }
}

// Event logs are append blobs that exist to resume a stream.
// https://learn.microsoft.com/azure/storage/blobs/lifecycle-management-policy-structure
resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2026-06-01' = {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'event-logs'
          enabled: true
          type: 'Lifecycle'
          definition: {
            filters: {
              blobTypes: ['appendBlob']
              prefixMatch: ['${storagePrefix}-events/']
            }
            actions: {
              baseBlob: {
                delete: { daysAfterModificationGreaterThan: eventLogDays }
              }
            }
          }
        }
      ]
    }
  }
  dependsOn: [blobs]
}

// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/storage
var roles = [
  { key: 'blob', id: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b' } // Storage Blob Data Owner: the host's leases need it
  { key: 'queue', id: '974c5e8b-45b9-4653-ba55-5f855dd0fb88' } // Storage Queue Data Contributor
  { key: 'table', id: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3' } // Storage Table Data Contributor
]

resource assignments 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for role in roles: {
  name: guid(account.id, appPrincipalId, role.id)
  scope: account
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role.id)
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}]

// One after the other: an account refuses a second change while one is being made.
@batchSize(1)
module endpoints 'private-endpoint.bicep' = [for service in ['blob', 'queue', 'table']: if (privateNetwork) {
  name: 'endpoint-${service}'
  params: {
    location: location
    tags: tags
    name: '${account.name}-${service}'
    subnetId: endpointSubnetId
    vnetId: vnetId
    targetId: account.id
    groupId: service
    zoneName: 'privatelink.${service}.${environment().suffixes.storage}'
    createZone: createPrivateDnsZones
  }
  dependsOn: [lifecycle, deploymentContainer]
}]

output name string = account.name
output deploymentContainer string = deploymentContainer.name
