// What the standby pool service needs outside the sessions' resource group, as narrow as its documentation allows.
// https://learn.microsoft.com/azure/container-instances/container-instances-standby-pool-configure-permissions
param vnetName string
param sessionSubnetName string
param pullIdentityName string
param registryName string
param providerObjectId string

resource vnet 'Microsoft.Network/virtualNetworks@2026-03-01' existing = {
  name: vnetName
}

resource sessionSubnet 'Microsoft.Network/virtualNetworks/subnets@2026-03-01' existing = {
  parent: vnet
  name: sessionSubnetName
}

resource pull 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: pullIdentityName
}

resource registry 'Microsoft.ContainerRegistry/registries@2025-11-01' existing = {
  name: registryName
}

resource useSubnet 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(sessionSubnet.id, providerObjectId, 'Network Contributor')
  scope: sessionSubnet
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '4d97b98b-1d4f-4787-a291-c67834d212e7')
    principalId: providerObjectId
    principalType: 'ServicePrincipal'
  }
}

resource useIdentity 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(pull.id, providerObjectId, 'Managed Identity Operator')
  scope: pull
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'f1a07417-d97a-45cb-824c-7a7467783830')
    principalId: providerObjectId
    principalType: 'ServicePrincipal'
  }
}

resource pullImage 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(registry.id, providerObjectId, 'AcrPull')
  scope: registry
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '7f951dda-4ed3-4680-a7ca-43fe172d538d')
    principalId: providerObjectId
    principalType: 'ServicePrincipal'
  }
}
