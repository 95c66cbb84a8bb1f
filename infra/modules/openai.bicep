// An Azure OpenAI account with one deployment, reachable by identity only.
param location string
param networkLocation string
param tags object
param token string
param modelName string
param modelVersion string
param deploymentSku string
param capacity int
param privateNetwork bool
param createPrivateDnsZones bool
param endpointSubnetId string
param vnetId string
param appPrincipalId string

resource account 'Microsoft.CognitiveServices/accounts@2025-06-01' = {
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

resource deployment 'Microsoft.CognitiveServices/accounts/deployments@2025-06-01' = {
  parent: account
  name: modelName
  sku: { name: deploymentSku, capacity: capacity }
  properties: {
    model: { format: 'OpenAI', name: modelName, version: modelVersion }
    versionUpgradeOption: 'NoAutoUpgrade'
  }
}

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
  // An account refuses a second change while a deployment is being made.
  dependsOn: [deployment]
}

output endpoint string = account.properties.endpoint
