// Secrets that no identity can replace: the API keys that callers hold, and the key of a model outside Azure.
param location string
param tags object
param token string
@secure()
param apiKeys string
@secure()
param openAiApiKey string
// Said apart: what is computed from a secret counts as one.
param hasOpenAiApiKey bool
param privateNetwork bool
param createPrivateDnsZones bool
param endpointSubnetId string
param vnetId string
param appPrincipalId string

resource vault 'Microsoft.KeyVault/vaults@2026-05-15' = {
  name: 'kv-${token}'
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 7
    publicNetworkAccess: privateNetwork ? 'Disabled' : 'Enabled'
    networkAcls: {
      defaultAction: privateNetwork ? 'Deny' : 'Allow'
      // Resource Manager writes the secrets below also when the vault is closed.
      bypass: 'AzureServices'
    }
  }
}

resource apiKeysSecret 'Microsoft.KeyVault/vaults/secrets@2026-05-15' = {
  parent: vault
  name: 'api-keys'
  properties: { value: apiKeys }
}

resource openAiApiKeySecret 'Microsoft.KeyVault/vaults/secrets@2026-05-15' = if (hasOpenAiApiKey) {
  parent: vault
  name: 'openai-api-key'
  properties: { value: openAiApiKey }
}

// Key Vault Secrets User. https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/security
resource read 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, appPrincipalId, 'Key Vault Secrets User')
  scope: vault
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '4633458b-17de-408a-b874-0445c86b69e6')
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

module endpoint 'private-endpoint.bicep' = if (privateNetwork) {
  name: 'endpoint-vault'
  params: {
    location: location
    tags: tags
    name: vault.name
    subnetId: endpointSubnetId
    vnetId: vnetId
    targetId: vault.id
    groupId: 'vault'
    zoneName: 'privatelink.vaultcore.azure.net'
    createZone: createPrivateDnsZones
  }
}

// With the version: a reference without one is looked up again within 24 hours only, which is too late for a key that
// leaked. A new version changes the setting, and a changed setting restarts the app.
// https://learn.microsoft.com/azure/app-service/app-service-key-vault-references#understand-rotation
output name string = vault.name
output apiKeysReference string = '@Microsoft.KeyVault(SecretUri=${apiKeysSecret.properties.secretUriWithVersion})'
output openAiApiKeyReference string = hasOpenAiApiKey ? '@Microsoft.KeyVault(SecretUri=${openAiApiKeySecret!.properties.secretUriWithVersion})' : ''
