// One more place where sessions live, in a region (and, if wanted, a subscription) with quotas of its own:
//
//   rg-NAME-PLACE            its network, peered with the app's, and its pull identity
//   rg-NAME-PLACE-sessions   nothing but container groups
//
// Taking a place away: weight 0, provision; when its last session has ended (an hour later at most), take it off the
// list, provision, and delete the two groups.
targetScope = 'subscription'

param environmentName string
param place string
param location string
param tags object
param addressPrefix string
param appVnetId string
param appPrefix string
param appPrincipalId string
param denyPlatformServices bool
param pullByPrivateEndpoint bool
param createPrivateDnsZones bool
param registryId string
param registryName string

var token = toLower(uniqueString(subscription().id, environmentName, place, location))

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-${environmentName}-${place}'
  location: location
  tags: tags
}

resource sessionGroup 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-${environmentName}-${place}-sessions'
  location: location
  tags: tags
}

module sessionRole 'session-role.bicep' = {
  name: 'session-role'
  scope: sessionGroup
  params: { token: token }
}

module subnetRole 'subnet-role.bicep' = {
  name: 'subnet-role'
  scope: group
  params: { token: token }
}

module network 'place-network.bicep' = {
  name: 'place-network'
  scope: group
  params: {
    location: location
    tags: tags
    token: token
    addressPrefix: addressPrefix
    appVnetId: appVnetId
    appPrefix: appPrefix
    denyPlatformServices: denyPlatformServices
    pullByPrivateEndpoint: pullByPrivateEndpoint
    createPrivateDnsZones: createPrivateDnsZones
    registryId: registryId
    registryName: registryName
  }
}

module sessionAccess 'session-access.bicep' = {
  name: 'session-access'
  scope: sessionGroup
  params: {
    roleId: sessionRole.outputs.id
    appPrincipalId: appPrincipalId
  }
  dependsOn: [network]
}

module subnetAccess 'subnet-access.bicep' = {
  name: 'subnet-access'
  scope: group
  params: {
    roleId: subnetRole.outputs.id
    vnetName: network.outputs.vnetName
    sessionSubnetName: 'sessions'
    pullIdentityName: network.outputs.pullIdentityName
    appPrincipalId: appPrincipalId
  }
}

output vnetId string = network.outputs.vnetId
output pullPrincipalId string = network.outputs.pullPrincipalId
output subscriptionId string = subscription().subscriptionId
output resourceGroup string = sessionGroup.name
output subnetId string = network.outputs.sessionSubnetId
output registryIdentityId string = network.outputs.pullIdentityId
