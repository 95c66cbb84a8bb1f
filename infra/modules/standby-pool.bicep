// Warm container groups. A claim hands over token and deadline by a config map (docs/session-protocol.md), so an agent
// of the pool waits without a time limit of its own.
// https://learn.microsoft.com/azure/container-instances/container-instances-standby-pool-create
param location string
param tags object
param token string
param image string
param registryServer string
param pullIdentityId string
param sessionSubnetId string
param cpu int
param memoryGb int
param size int
param providerObjectId string
param appPrincipalId string

var groupId = resourceGroup().id

resource profile 'Microsoft.ContainerInstance/containerGroupProfiles@2026-07-01' = {
  name: 'session-${token}'
  location: location
  tags: tags
  properties: {
    sku: 'Standard'
    osType: 'Linux'
    restartPolicy: 'Never'
    ipAddress: {
      type: 'Private'
      ports: [{ port: 8080, protocol: 'TCP' }]
    }
    imageRegistryCredentials: [
      { server: registryServer, identity: pullIdentityId }
    ]
    containers: [
      {
        name: 'session'
        properties: {
          image: image
          ports: [{ port: 8080, protocol: 'TCP' }]
          environmentVariables: [
            { name: 'AGENT_UNCLAIMED_TTL_S', value: '0' }
            // A quarter of a GiB less than the container has, as shared/sessions/container-group-body.ts leaves it.
            { name: 'AGENT_MEMORY_BYTES', value: string(memoryGb * 1073741824 - 268435456) }
          ]
          resources: { requests: { cpu: cpu, memoryInGB: memoryGb } }
        }
      }
    ]
  }
}

resource pool 'Microsoft.StandbyPool/standbyContainerGroupPools@2026-04-01' = {
  name: 'pool-${token}'
  location: location
  tags: tags
  properties: {
    elasticityProfile: { maxReadyCapacity: size, refillPolicy: 'always' }
    containerGroupProperties: {
      containerGroupProfile: { id: profile.id }
      subnetIds: [{ id: sessionSubnetId }]
    }
  }
  dependsOn: [manageGroups]
}

var roles = [
  '5d977122-f97e-4b4d-a52f-6b43003ddb4d' // Azure Container Instances Contributor Role
  '39fcb0de-8844-4706-b050-c28ddbe3ff83' // Standby Container Group Pool Contributor
]

resource manageGroups 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for role in roles: {
  name: guid(resourceGroup().id, providerObjectId, role)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    principalId: providerObjectId
    principalType: 'ServicePrincipal'
  }
}]

// A claim names the pool and the profile, so the app must be allowed to see them.
resource claimRole 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(resourceGroup().id, 'session-claimant')
  properties: {
    roleName: 'Hourglass session claimant ${token}'
    description: 'Reads the standby pool of the Python sessions and its profile.'
    type: 'CustomRole'
    assignableScopes: [groupId]
    permissions: [
      {
        actions: [
          'Microsoft.ContainerInstance/containerGroupProfiles/read'
          'Microsoft.StandbyPool/standbyContainerGroupPools/read'
        ]
        notActions: []
        dataActions: []
        notDataActions: []
      }
    ]
  }
}

resource claim 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(resourceGroup().id, appPrincipalId, claimRole.id)
  properties: {
    roleDefinitionId: claimRole.id
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

output poolId string = pool.id
output profileId string = profile.id
