// What making a container group touches outside the sessions' resource group: it joins one subnet and carries one identity.
param token string
param vnetName string
param sessionSubnetName string
param pullIdentityName string
param appPrincipalId string

var groupId = resourceGroup().id

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

resource joinRole 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(resourceGroup().id, 'session-joiner')
  properties: {
    roleName: 'Hourglass session joiner ${token}'
    description: 'Puts container groups into the sessions subnet and gives them the identity that pulls their image.'
    type: 'CustomRole'
    assignableScopes: [groupId]
    permissions: [
      {
        actions: [
          'Microsoft.Network/virtualNetworks/subnets/read'
          'Microsoft.Network/virtualNetworks/subnets/join/action'
          'Microsoft.ManagedIdentity/userAssignedIdentities/read'
          'Microsoft.ManagedIdentity/userAssignedIdentities/assign/action'
        ]
        notActions: []
        dataActions: []
        notDataActions: []
      }
    ]
  }
}

resource joinSubnet 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(sessionSubnet.id, appPrincipalId, joinRole.id)
  scope: sessionSubnet
  properties: {
    roleDefinitionId: joinRole.id
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

resource assignIdentity 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(pull.id, appPrincipalId, joinRole.id)
  scope: pull
  properties: {
    roleDefinitionId: joinRole.id
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}
