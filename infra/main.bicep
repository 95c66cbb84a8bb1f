// Everything that Hourglass needs in one subscription, read from top to bottom.
//
//   rg-NAME            the app, its storage, network, registry, monitoring
//   rg-NAME-sessions   nothing but container groups, so that the app's right to delete them stops there
//
// No shared keys anywhere: the app reaches storage, model, registry and Resource Manager by its own identity.
// `npm run bicep:check` has the real compiler judge it; test/infra holds what only this project knows.
targetScope = 'subscription'

@description('Short name of this installation; goes into every resource name.')
@minLength(1)
@maxLength(32)
param environmentName string

@description('Azure region of everything but, where set otherwise, the model.')
@minLength(1)
param location string

@description('Keys of the API: `project:KEY` entries separated by commas. Each project sees only its own objects.')
@secure()
@minLength(16)
param apiKeys string

// --- Network -------------------------------------------------------------------------------------------------

@description('private: storage, vault, registry and model get private endpoints and refuse the public network.')
@allowed(['public', 'private'])
param network string = 'public'

@description('private: the API itself is reachable through a private endpoint only.')
@allowed(['public', 'private'])
param appAccess string = 'public'

@description('false where a policy or a hub network owns the privatelink DNS zones.')
param createPrivateDnsZones bool = true

@description('Address space of the virtual network, at least a /20, that overlaps with no peered one; empty = 10.90.0.0/20.')
param vnetAddressPrefix string = ''

@description('true: the app reaches the internet through a NAT gateway with one fixed public address. By default in a private network, unless a route table leads elsewhere. Sessions never do.')
param natGateway bool = network == 'private' && empty(appRouteTableId)

@description('Resource id of a route table for the app\'s subnet, where all traffic must pass a firewall. Empty: none.')
param appRouteTableId string = ''

@description('false: leave the platform DNS and metadata services reachable from sessions (see docs/deploy.md).')
param denyPlatformServices bool = true

// --- App -----------------------------------------------------------------------------------------------------

@description('Prefix of tables, queues and containers.')
@minLength(1)
@maxLength(20)
param storagePrefix string = 'hourglass'

@description('Redundancy of the storage account; choose it before the first deployment.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param storageSku string = 'Standard_LRS'

@description('Days after which event logs (for resuming streams) are deleted.')
@minValue(1)
@maxValue(30)
param eventLogDays int = 1

@description('Node.js version of the app.')
@allowed(['24'])
param nodeVersion string = '24'

@description('Memory of one instance of the app, in MB.')
@allowed([2048, 4096])
param instanceMemoryMB int = 2048

@description('Instances the app may grow to, of each kind (HTTP, runs).')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 100

@description('Requests that one instance works on at a time; a streamed run holds one for as long as it streams.')
@minValue(1)
@maxValue(1000)
param httpConcurrency int = 64

@description('Instances that always wait for HTTP requests. 0 = scale to zero.')
@minValue(0)
@maxValue(100)
param alwaysReadyHttp int = 1

@description('Instances that always wait for queued runs. 0 = scale to zero: a run that nobody polls waits for a start.')
@minValue(0)
@maxValue(100)
param alwaysReadyRunWorker int = 1

@description('true: API keys and model keys live in Key Vault and the app settings only point there.')
param keyVault bool = true

// --- Model ---------------------------------------------------------------------------------------------------
// Without defaults: models retire, so a name that is written here would one day be one that nobody can deploy.
// What can be had: az cognitiveservices model list (docs/deploy.md, step 2).

@description('Chat model to deploy in an Azure OpenAI account made here, as NAME@VERSION; `none`: bring your own endpoint.')
@minLength(1)
param chatModel string

@description('Embedding model for file search, as NAME@VERSION beside the chat model, or the name of a deployment at your own endpoint; `none`: files are searched by words alone.')
@minLength(1)
param embeddingModel string

@description('Region of that account; empty = the region of everything else.')
param openAiLocation string = ''

@description('Kind of the deployments: where the models\' calls may be worked on.')
param openAiDeploymentSku string = 'GlobalStandard'

@description('Thousands of tokens a minute of the chat model.')
@minValue(1)
param openAiCapacity int = 50

@description('Thousands of tokens a minute of the embedding model.')
@minValue(1)
param embeddingCapacity int = 50

@description('Bring your own: endpoint of an existing Azure OpenAI or Foundry account.')
param azureOpenAiEndpoint string = ''

@description('Bring your own: its resource id, so that the app gets the role to call it. Empty: assign the role yourself.')
param azureOpenAiResourceId string = ''

@description('Bring your own: base URL of any other server that speaks Chat Completions.')
param openAiBaseUrl string = ''

@description('Key of that server.')
@secure()
param openAiApiKey string = ''

@description('Models (deployment names) that GET /models lists, separated by commas; empty = the one deployed here.')
param models string = ''

@description('Context sizes in tokens, `MODEL=TOKENS` separated by commas, `*` for all others; empty = 128,000 for all.')
param modelContextTokens string = ''

@description('The page for people at `/` of the API: on or off.')
@allowed(['on', 'off'])
param playground string = 'off'

// --- Sessions ------------------------------------------------------------------------------------------------

@description('Tag of the session image in the registry made here.')
param sessionImageTag string = 'latest'

@description('Cores of one Python session.')
@minValue(1)
@maxValue(31)
param sessionCpu int = 1

@description('Memory of one Python session, in GB.')
@minValue(1)
@maxValue(240)
param sessionMemoryGb int = 2

@description('More places for sessions, each a region or subscription with quotas of its own. addressPrefix: a /21; weight: share of new sessions, 1 where it is not said, 0 to drain it.')
param morePlaces sessionPlace[] = []

@description('Share of new sessions for the region of everything else, beside those of morePlaces.')
@minValue(0)
@maxValue(1000)
param homeWeight int = 1

@description('Warm container groups that Azure keeps ready. 0 = none: each session starts from nothing.')
@minValue(0)
@maxValue(2000)
param standbyPoolSize int = 0

@description('Object id of the service principal "Standby Pool Resource Provider" in this tenant; needed with a pool.')
param standbyPoolProviderObjectId string = ''

@description('How a session gets its image. private-endpoint: through the network, from a Premium registry, and nobody else can be reached from there. platform: Container Instances fetches it by a way of its own. Empty = by the network.')
@allowed(['', 'private-endpoint', 'platform'])
param sessionImagePull string = ''

@description('Basic does without private endpoints, which need Premium. Empty = by what is needed.')
param registrySku string = ''

@description('Enabled: the registry stays reachable in a private network, so that images can be built from outside. Empty = by the network.')
@allowed(['', 'Enabled', 'Disabled'])
param registryPublicNetworkAccess string = ''

type sessionPlace = {
  @minLength(1)
  @maxLength(15)
  @description('Small letters and digits, a letter first; not `home`, which is the one that is always there.')
  name: string
  location: string
  addressPrefix: string
  subscriptionId: string?
  weight: int?
}

// --- Operation -----------------------------------------------------------------------------------------------

@description('Addresses that alerts are sent to, separated by commas. Empty: alerts show in the portal only.')
param alertEmails string = ''

@description('Days that logs and telemetry are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = { 'azd-env-name': environmentName, application: 'hourglass' }
var privateNetwork = network == 'private'

// A model to deploy is NAME@VERSION; its deployment gets the NAME.
var deployChat = chatModel != 'none'
var deployEmbedding = contains(embeddingModel, '@')
var ownEndpoint = !empty(azureOpenAiEndpoint) || !empty(openAiBaseUrl)
var createOpenAi = deployChat
  ? contains(chatModel, '@')
      ? true
      : fail('chatModel is NAME@VERSION, or none: az cognitiveservices model list shows both')
  : !ownEndpoint
      ? fail('chatModel is none, so azureOpenAiEndpoint or openAiBaseUrl has to name a model server')
      : deployEmbedding
          ? fail('without a chat model no account is made here, so embeddingModel is the name of a deployment at your endpoint, or none')
          : false
var deployments = concat(
  deployChat ? [{ model: chatModel, capacity: openAiCapacity }] : [],
  deployEmbedding ? [{ model: embeddingModel, capacity: embeddingCapacity }] : []
)
// As the app asks for it; empty: none.
var embeddingModelName = embeddingModel == 'none' ? '' : split(embeddingModel, '@')[0]
var listedModels = !empty(models) ? models : createOpenAi ? split(chatModel, '@')[0] : ''
var closedRegistry = registryPublicNetworkAccess == 'Disabled' || (privateNetwork && empty(registryPublicNetworkAccess))
var imagePull = !empty(sessionImagePull) ? sessionImagePull : privateNetwork ? 'private-endpoint' : 'platform'
var pullByPrivateEndpoint = imagePull == 'private-endpoint'
var chosenRegistrySku = !empty(registrySku) ? registrySku : privateNetwork || pullByPrivateEndpoint ? 'Premium' : 'Basic'

// A scope is computed even for a module that its condition leaves out, so it must always be well formed.
var ownAccount = split(
  empty(azureOpenAiResourceId) ? '/subscriptions/${subscription().subscriptionId}/resourceGroups/rg-${environmentName}' : azureOpenAiResourceId,
  '/'
)

resource appGroup 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

resource sessionGroup 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-${environmentName}-sessions'
  location: location
  tags: tags
}

module identities 'modules/identities.bicep' = {
  name: 'identities'
  scope: appGroup
  params: {
    location: location
    tags: tags
    token: token
  }
}

module vnet 'modules/network.bicep' = {
  name: 'network'
  scope: appGroup
  params: {
    location: location
    tags: tags
    token: token
    addressPrefix: empty(vnetAddressPrefix) ? '10.90.0.0/20' : vnetAddressPrefix
    natGateway: natGateway
    appRouteTableId: appRouteTableId
    denyPlatformServices: denyPlatformServices
    pullByPrivateEndpoint: pullByPrivateEndpoint
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  scope: appGroup
  params: {
    location: location
    tags: tags
    token: token
    retentionDays: logRetentionDays
    appPrincipalId: identities.outputs.appPrincipalId
  }
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  scope: appGroup
  params: {
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    emails: empty(alertEmails) ? [] : split(alertEmails, ',')
  }
}

module workbook 'modules/workbook.bicep' = {
  name: 'workbook'
  scope: appGroup
  params: {
    location: location
    tags: tags
    workspaceName: monitoring.outputs.workspaceName
  }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  scope: appGroup
  params: {
    location: location
    tags: tags
    token: token
    sku: storageSku
    storagePrefix: storagePrefix
    eventLogDays: eventLogDays
    privateNetwork: privateNetwork
    createPrivateDnsZones: createPrivateDnsZones
    endpointSubnetId: vnet.outputs.endpointSubnetId
    vnetId: vnet.outputs.vnetId
    appPrincipalId: identities.outputs.appPrincipalId
  }
}

module registry 'modules/registry.bicep' = {
  name: 'registry'
  scope: appGroup
  params: {
    location: location
    tags: tags
    token: token
    sku: chosenRegistrySku
    publicNetworkAccess: closedRegistry ? 'Disabled' : 'Enabled'
    privateEndpoint: privateNetwork || pullByPrivateEndpoint
    trustedServices: !pullByPrivateEndpoint
    createPrivateDnsZones: createPrivateDnsZones
    endpointSubnetId: vnet.outputs.registrySubnetId
    vnetId: vnet.outputs.vnetId
    pullPrincipalId: identities.outputs.pullPrincipalId
    replicaLocations: chosenRegistrySku == 'Premium'
      ? filter(union(map(morePlaces, place => place.location), []), region => region != location)
      : []
  }
}

module vault 'modules/key-vault.bicep' = if (keyVault) {
  name: 'key-vault'
  scope: appGroup
  params: {
    location: location
    tags: tags
    token: token
    apiKeys: apiKeys
    openAiApiKey: openAiApiKey
    hasOpenAiApiKey: !empty(openAiApiKey)
    privateNetwork: privateNetwork
    createPrivateDnsZones: createPrivateDnsZones
    endpointSubnetId: vnet.outputs.endpointSubnetId
    vnetId: vnet.outputs.vnetId
    appPrincipalId: identities.outputs.appPrincipalId
  }
}

module openAi 'modules/openai.bicep' = if (createOpenAi) {
  name: 'openai'
  scope: appGroup
  params: {
    location: empty(openAiLocation) ? location : openAiLocation
    networkLocation: location
    tags: tags
    token: token
    deployments: deployments
    deploymentSku: openAiDeploymentSku
    privateNetwork: privateNetwork
    createPrivateDnsZones: createPrivateDnsZones
    endpointSubnetId: vnet.outputs.endpointSubnetId
    vnetId: vnet.outputs.vnetId
    appPrincipalId: identities.outputs.appPrincipalId
  }
}

module ownOpenAi 'modules/openai-role.bicep' = if (!createOpenAi && !empty(azureOpenAiResourceId)) {
  name: 'openai-role'
  scope: resourceGroup(ownAccount[2], ownAccount[4])
  params: {
    accountName: last(ownAccount)
    appPrincipalId: identities.outputs.appPrincipalId
  }
}

// Custom roles first, and their assignments last: in between they get known everywhere.
module sessionRole 'modules/session-role.bicep' = {
  name: 'session-role'
  scope: sessionGroup
  params: { token: token }
}

module sessionAccess 'modules/session-access.bicep' = {
  name: 'session-access'
  scope: sessionGroup
  params: {
    roleId: sessionRole.outputs.id
    appPrincipalId: identities.outputs.appPrincipalId
  }
  dependsOn: [app]
}

module subnetRole 'modules/subnet-role.bicep' = {
  name: 'subnet-role'
  scope: appGroup
  params: { token: token }
}

module subnetAccess 'modules/subnet-access.bicep' = {
  name: 'subnet-access'
  scope: appGroup
  dependsOn: [app]
  params: {
    roleId: subnetRole.outputs.id
    vnetName: vnet.outputs.vnetName
    sessionSubnetName: vnet.outputs.sessionSubnetName
    pullIdentityName: identities.outputs.pullIdentityName
    appPrincipalId: identities.outputs.appPrincipalId
  }
}

module places 'modules/place.bicep' = [for place in morePlaces: {
  name: 'place-${place.name}'
  scope: subscription(place.?subscriptionId ?? subscription().subscriptionId)
  params: {
    environmentName: environmentName
    place: place.name
    location: place.location
    tags: tags
    addressPrefix: place.addressPrefix
    appVnetId: vnet.outputs.vnetId
    appPrefix: vnet.outputs.appPrefix
    appPrincipalId: identities.outputs.appPrincipalId
    denyPlatformServices: denyPlatformServices
    pullByPrivateEndpoint: pullByPrivateEndpoint
    createPrivateDnsZones: createPrivateDnsZones
    registryId: registry.outputs.id
    registryName: registry.outputs.name
  }
}]

// One after the other: a network refuses a second change while one is being made.
@batchSize(1)
module peerings 'modules/peering.bicep' = [for (place, index) in morePlaces: {
  name: 'peering-${place.name}'
  scope: appGroup
  params: {
    vnetName: vnet.outputs.vnetName
    place: place.name
    placeVnetId: places[index].outputs.vnetId
  }
}]

module placePulls 'modules/registry-pull.bicep' = [for (place, index) in morePlaces: {
  name: 'registry-pull-${place.name}'
  scope: appGroup
  params: {
    registryName: registry.outputs.name
    pullPrincipalId: places[index].outputs.pullPrincipalId
  }
}]

var sessionImage = '${registry.outputs.loginServer}/hourglass-session:${sessionImageTag}'

module standbyPool 'modules/standby-pool.bicep' = if (standbyPoolSize > 0) {
  name: 'standby-pool'
  scope: sessionGroup
  params: {
    location: location
    tags: tags
    token: token
    image: sessionImage
    registryServer: registry.outputs.loginServer
    pullIdentityId: identities.outputs.pullIdentityId
    sessionSubnetId: vnet.outputs.sessionSubnetId
    cpu: sessionCpu
    memoryGb: sessionMemoryGb
    size: standbyPoolSize
    providerObjectId: standbyPoolProviderObjectId
    appPrincipalId: identities.outputs.appPrincipalId
  }
  dependsOn: [standbyAccess]
}

module standbyAccess 'modules/standby-access.bicep' = if (standbyPoolSize > 0) {
  name: 'standby-access'
  scope: appGroup
  params: {
    vnetName: vnet.outputs.vnetName
    sessionSubnetName: vnet.outputs.sessionSubnetName
    pullIdentityName: identities.outputs.pullIdentityName
    registryName: registry.outputs.name
    providerObjectId: standbyPoolProviderObjectId
  }
}

module app 'modules/function-app.bicep' = {
  name: 'function-app'
  scope: appGroup
  params: {
    location: location
    tags: tags
    token: token
    nodeVersion: nodeVersion
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    httpConcurrency: httpConcurrency
    alwaysReadyHttp: alwaysReadyHttp
    alwaysReadyRunWorker: alwaysReadyRunWorker
    appAccess: appAccess
    createPrivateDnsZones: createPrivateDnsZones
    appSubnetId: vnet.outputs.appSubnetId
    routeAll: privateNetwork || natGateway || !empty(appRouteTableId)
    endpointSubnetId: vnet.outputs.endpointSubnetId
    vnetId: vnet.outputs.vnetId
    identityId: identities.outputs.appIdentityId
    identityClientId: identities.outputs.appClientId
    storageName: storage.outputs.name
    deploymentContainer: storage.outputs.deploymentContainer
    insightsConnectionString: monitoring.outputs.connectionString
    storagePrefix: storagePrefix
    apiKeys: keyVault ? vault!.outputs.apiKeysReference : apiKeys
    openAiApiKey: empty(openAiApiKey) ? '' : keyVault ? vault!.outputs.openAiApiKeyReference : openAiApiKey
    openAiBaseUrl: openAiBaseUrl
    azureOpenAiEndpoint: createOpenAi ? openAi!.outputs.endpoint : azureOpenAiEndpoint
    models: listedModels
    modelContextTokens: modelContextTokens
    embeddingModel: embeddingModelName
    playground: playground
    sessionResourceGroup: sessionGroup.name
    sessionImage: sessionImage
    sessionSubnetId: vnet.outputs.sessionSubnetId
    registryServer: registry.outputs.loginServer
    pullIdentityId: identities.outputs.pullIdentityId
    sessionCpu: sessionCpu
    sessionMemoryGb: sessionMemoryGb
    homeWeight: homeWeight
    morePlaces: [for (place, index) in morePlaces: {
      name: place.name
      weight: place.?weight ?? 1
      location: place.location
      subscriptionId: places[index].outputs.subscriptionId
      resourceGroup: places[index].outputs.resourceGroup
      subnetId: places[index].outputs.subnetId
      registryIdentityId: places[index].outputs.registryIdentityId
    }]
    standbyPoolId: standbyPoolSize > 0 ? standbyPool!.outputs.poolId : ''
    containerGroupProfileId: standbyPoolSize > 0 ? standbyPool!.outputs.profileId : ''
  }
}

// What azd keeps in its environment, and what the build hook and docs/deploy.md use.
output AZURE_LOCATION string = location
output AZURE_RESOURCE_GROUP string = appGroup.name
output SESSION_RESOURCE_GROUP string = sessionGroup.name
output FUNCTION_APP_NAME string = app.outputs.name
output HOURGLASS_URL string = app.outputs.url
output STORAGE_ACCOUNT_NAME string = storage.outputs.name
output CONTAINER_REGISTRY_NAME string = registry.outputs.name
output SESSION_IMAGE_TAG string = sessionImageTag
output LOG_WORKSPACE_NAME string = monitoring.outputs.workspaceName
output KEY_VAULT_NAME string = keyVault ? vault!.outputs.name : ''
// Not MODELS: azd would read it back as that parameter and keep an old list.
output LISTED_MODELS string = listedModels
output EMBEDDING_MODEL_NAME string = embeddingModelName
