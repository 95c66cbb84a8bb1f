// The right to call the models of one account.
param accountName string
param appPrincipalId string

resource account 'Microsoft.CognitiveServices/accounts@2026-07-01' existing = {
  name: accountName
}

// Cognitive Services OpenAI User.
// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/ai-machine-learning
resource use 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, appPrincipalId, 'Cognitive Services OpenAI User')
  scope: account
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '5e0bd9bd-7b93-4f28-af87-19fc36ad61bd')
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}
