// What the app may do in the sessions' resource group: make, read and delete container groups. Nothing else there,
// and none of it elsewhere. The built-in contributor role would also let it run commands in containers.
param token string

var groupId = resourceGroup().id

resource role 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(resourceGroup().id, 'session-manager')
  properties: {
    roleName: 'Hourglass session manager ${token}'
    description: 'Makes, reads and deletes container groups in the resource group of the Python sessions.'
    type: 'CustomRole'
    assignableScopes: [groupId]
    permissions: [
      {
        actions: [
          'Microsoft.ContainerInstance/containerGroups/read'
          'Microsoft.ContainerInstance/containerGroups/write'
          'Microsoft.ContainerInstance/containerGroups/delete'
          'Microsoft.ContainerInstance/locations/operations/read'
          'Microsoft.ContainerInstance/locations/operationResults/read'
        ]
        notActions: []
        dataActions: []
        notDataActions: []
      }
    ]
  }
}

output id string = role.id
