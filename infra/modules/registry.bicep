// Holds the session image. No admin user, no anonymous pull; the session identity may pull and nobody else may anything.
param location string
param tags object
@minLength(13)
param token string
@allowed(['Basic', 'Standard', 'Premium'])
param sku string
param publicNetworkAccess string
param privateEndpoint bool
param trustedServices bool
param createPrivateDnsZones bool
param endpointSubnetId string
param vnetId string
param pullPrincipalId string
@description('Regions of other places of sessions; none where the registry is not Premium.')
param replicaLocations string[]

resource registry 'Microsoft.ContainerRegistry/registries@2025-11-01' = {
  name: 'cr${token}'
  location: location
  tags: tags
  sku: { name: sku }
  properties: {
    adminUserEnabled: false
    anonymousPullEnabled: false
    publicNetworkAccess: publicNetworkAccess
    // Container Instances pulls as a trusted service when the registry is closed.
    // https://learn.microsoft.com/azure/container-instances/using-azure-container-registry-mi
    // The way in for `sessionImagePull` = platform; by the private endpoint, nobody needs one.
    networkRuleBypassOptions: trustedServices ? 'AzureServices' : 'None'
  }
}

// AcrPull. https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/containers
resource pull 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(registry.id, pullPrincipalId, 'AcrPull')
  scope: registry
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '7f951dda-4ed3-4680-a7ca-43fe172d538d')
    principalId: pullPrincipalId
    principalType: 'ServicePrincipal'
  }
}

module endpoint 'private-endpoint.bicep' = if (privateEndpoint) {
  name: 'endpoint-registry'
  params: {
    location: location
    tags: tags
    name: registry.name
    subnetId: endpointSubnetId
    vnetId: vnetId
    targetId: registry.id
    groupId: 'registry'
    zoneName: 'privatelink${environment().suffixes.acrLoginServer}'
    createZone: createPrivateDnsZones
  }
}

// A copy in each region that pulls from it: faster there, and no traffic between regions. Premium only.
@batchSize(1)
resource replicas 'Microsoft.ContainerRegistry/registries/replications@2025-11-01' = [for region in replicaLocations: {
  parent: registry
  name: region
  location: region
  tags: tags
}]

output id string = registry.id
output name string = registry.name
output loginServer string = registry.properties.loginServer
