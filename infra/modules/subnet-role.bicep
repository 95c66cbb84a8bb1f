// What making a container group touches outside the sessions' resource group: it joins one subnet and carries one identity.
param token string

var groupId = resourceGroup().id

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

output id string = joinRole.id
