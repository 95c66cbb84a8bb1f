// An Azure OpenAI account with a deployment for each model, reachable by identity only.
param location string
param networkLocation string
param tags object
param token string
@description('model: NAME@VERSION; capacity: thousands of tokens a minute.')
param deployments { model: string, capacity: int }[]
param deploymentSku string
param privateNetwork bool
param createPrivateDnsZones bool
param endpointSubnetId string
param vnetId string
param appPrincipalId string

resource account 'Microsoft.CognitiveServices/accounts@2026-07-01' = {
  name: 'oai-${token}'
  location: location
  tags: tags
  kind: 'OpenAI'
  sku: { name: 'S0' }
  properties: {
    customSubDomainName: 'oai-${token}'
    disableLocalAuth: true
    publicNetworkAccess: privateNetwork ? 'Disabled' : 'Enabled'
    networkAcls: { defaultAction: privateNetwork ? 'Deny' : 'Allow' }
  }
}

// One after the other: an account refuses a second change while a deployment is being made.
@batchSize(1)
resource deployment 'Microsoft.CognitiveServices/accounts/deployments@2026-07-01' = [for each in deployments: {
  parent: account
  name: split(each.model, '@')[0]
  sku: { name: deploymentSku, capacity: each.capacity }
  properties: {
    model: { format: 'OpenAI', name: split(each.model, '@')[0], version: split(each.model, '@')[1] }
    // On the day on which it would stop to answer.
    versionUpgradeOption: 'OnceCurrentVersionExpired'
  }
}]

module role 'openai-role.bicep' = {
  name: 'openai-account-role'
  params: {
    accountName: account.name
    appPrincipalId: appPrincipalId
  }
}

module endpoint 'private-endpoint.bicep' = if (privateNetwork) {
  name: 'endpoint-openai'
  params: {
    location: networkLocation
    tags: tags
    name: account.name
    subnetId: endpointSubnetId
    vnetId: vnetId
    targetId: account.id
    groupId: 'account'
    zoneName: 'privatelink.openai.azure.com'
    createZone: createPrivateDnsZones
  }
  dependsOn: [deployment]
}

output endpoint string = account.properties.endpoint
