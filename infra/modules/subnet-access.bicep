// The role of subnet-role.bicep, given to the app; last in a deployment, as session-access.bicep says.
param roleId string
param vnetName string
param sessionSubnetName string
param pullIdentityName string
param appPrincipalId string

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

resource joinSubnet 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(sessionSubnet.id, appPrincipalId, roleId)
  scope: sessionSubnet
  properties: {
    roleDefinitionId: roleId
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource assignIdentity 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(pull.id, appPrincipalId, roleId)
  scope: pull
  properties: {
    roleDefinitionId: roleId
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}
