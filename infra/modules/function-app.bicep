// The Function App on Flex Consumption.
// https://learn.microsoft.com/azure/azure-functions/functions-infrastructure-as-code
param location string
param tags object
param token string
param nodeVersion string
param instanceMemoryMB int
param maximumInstanceCount int
param httpConcurrency int
param alwaysReadyHttp int
param alwaysReadyRunWorker int
param appAccess string
param createPrivateDnsZones bool
param appSubnetId string
@description('All outgoing traffic through the network (a NAT gateway, a firewall), not only what goes to private addresses.')
param routeAll bool
param endpointSubnetId string
param vnetId string
param identityId string
param identityClientId string
param storageName string
param deploymentContainer string
@secure()
param insightsConnectionString string
param storagePrefix string
@secure()
param apiKeys string
@secure()
param openAiApiKey string
param openAiBaseUrl string
param azureOpenAiEndpoint string
param models string
param modelContextTokens string
param embeddingModel string
param playground string
param sessionResourceGroup string
param sessionImage string
param sessionSubnetId string
param registryServer string
param pullIdentityId string
param sessionCpu int
param sessionMemoryGb int
param homeWeight int
@description('As SESSION_PLACES wants them: shared/sessions/place-settings.ts.')
param morePlaces array
param standbyPoolId string
param containerGroupProfileId string

// The name that functions/run-worker.ts registers; test/infra holds the two together.
var runWorkerFunction = 'runWorker'

resource storage 'Microsoft.Storage/storageAccounts@2026-06-01' existing = {
  name: storageName
}

// An empty value counts as not set (shared/config.ts).
var settings = {
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  AzureWebJobsStorage__blobServiceUri: storage.properties.primaryEndpoints.blob
  AzureWebJobsStorage__queueServiceUri: storage.properties.primaryEndpoints.queue
  AzureWebJobsStorage__tableServiceUri: storage.properties.primaryEndpoints.table
  AZURE_CLIENT_ID: identityClientId
  APPLICATIONINSIGHTS_CONNECTION_STRING: insightsConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
  // The exporter's reports about itself would go to Microsoft, past any firewall's list.
  APPLICATION_INSIGHTS_NO_STATSBEAT: 'true'
  // The platform takes 210 MB at most, and the host holds a whole body in memory before the app hears of it: beyond
  // 100 MB callers are sent to /uploads. No `languageWorkers__node__arguments`: with them the host ends the worker
  // that it keeps warm, and starts another one (WebHostRpcWorkerChannelManager.UsePlaceholderChannel).
  FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '220200960'
  MAX_DIRECT_UPLOAD_BYTES: '104857600'
  STORAGE_PREFIX: storagePrefix
  API_KEYS: apiKeys
  OPENAI_BASE_URL: openAiBaseUrl
  OPENAI_API_KEY: openAiApiKey
  AZURE_OPENAI_ENDPOINT: azureOpenAiEndpoint
  MODELS: models
  MODEL_CONTEXT_TOKENS: modelContextTokens
  EMBEDDING_MODEL: embeddingModel
  PLAYGROUND: playground
  SESSION_SUBSCRIPTION_ID: subscription().subscriptionId
  SESSION_RESOURCE_GROUP: sessionResourceGroup
  SESSION_LOCATION: location
  SESSION_IMAGE: sessionImage
  SESSION_SUBNET_ID: sessionSubnetId
  SESSION_REGISTRY_SERVER: registryServer
  SESSION_REGISTRY_IDENTITY_ID: pullIdentityId
  SESSION_PLACES: empty(morePlaces) ? '' : string(concat([{ name: 'home', weight: homeWeight }], morePlaces))
  SESSION_CPU: string(sessionCpu)
  SESSION_MEMORY_GB: string(sessionMemoryGb)
  SESSION_STANDBY_POOL: standbyPoolId
  SESSION_CONTAINER_GROUP_PROFILE: containerGroupProfileId
}

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: 'plan-${token}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { tier: 'FlexConsumption', name: 'FC1' }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: 'func-${token}'
  location: location
  tags: union(tags, { 'azd-service-name': 'api' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    publicNetworkAccess: appAccess == 'private' ? 'Disabled' : 'Enabled'
    virtualNetworkSubnetId: appSubnetId
    // Off: private addresses (the sessions') are reached through the network, and all others from the app's own ones.
    // https://learn.microsoft.com/azure/app-service/overview-vnet-integration#routes
    outboundVnetRouting: { allTraffic: routeAll, applicationTraffic: routeAll }
    keyVaultReferenceIdentity: identityId
    siteConfig: { minTlsVersion: '1.2' }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${storage.properties.primaryEndpoints.blob}${deploymentContainer}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: { name: 'node', version: nodeVersion }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: concat(
          alwaysReadyHttp > 0 ? [{ name: 'http', instanceCount: alwaysReadyHttp }] : [],
          alwaysReadyRunWorker > 0 ? [{ name: 'function:${runWorkerFunction}', instanceCount: alwaysReadyRunWorker }] : []
        )
        triggers: { http: { perInstanceConcurrency: httpConcurrency } }
      }
    }
  }
}

// infra/settings.json: what an operator wants to set beyond the parameters, by the names of the README's table.
resource appSettings 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: app
  name: 'appsettings'
  properties: union(settings, loadJsonContent('../settings.json'))
}

// Publishing by user name and password: off, for FTP and for the deployment endpoint.
resource noFtpPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'ftp'
  properties: { allow: false }
  // One change of the app at a time: it answers others with 409.
  dependsOn: [appSettings]
}

resource noDeploymentPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'scm'
  properties: { allow: false }
  dependsOn: [noFtpPassword]
}

module endpoint 'private-endpoint.bicep' = if (appAccess == 'private') {
  name: 'endpoint-app'
  params: {
    location: location
    tags: tags
    name: app.name
    subnetId: endpointSubnetId
    vnetId: vnetId
    targetId: app.id
    groupId: 'sites'
    zoneName: 'privatelink.azurewebsites.net'
    createZone: createPrivateDnsZones
  }
  dependsOn: [noDeploymentPassword]
}

output name string = app.name
output url string = 'https://${app.properties.defaultHostName}'
