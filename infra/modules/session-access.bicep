// The role of session-role.bicep, given to the app. Apart from it and last in a deployment: a role that was just defined is
// not known everywhere for a while, and an assignment that comes too early fails (RoleDefinitionDoesNotExist).
param roleId string
param appPrincipalId string

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(resourceGroup().id, appPrincipalId, roleId)
  properties: {
    roleDefinitionId: roleId
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}
