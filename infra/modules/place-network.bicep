// The network of one more place of sessions, peered with the app's, and the identity by which its groups pull their image.
// https://learn.microsoft.com/azure/virtual-network/virtual-network-peering-overview
param location string
param tags object
param token string
@description('A /21 that overlaps with no other place and no peered network.')
param addressPrefix string
param appVnetId string
param appPrefix string
param denyPlatformServices bool
param pullByPrivateEndpoint bool
param createPrivateDnsZones bool
param registryId string
param registryName string

var sessionPrefix = cidrSubnet(addressPrefix, 22, 0)
var registryPrefix = cidrSubnet(addressPrefix, 24, 4)

resource pull 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-pull-${token}'
  location: location
  tags: tags
}

module sessionSecurity 'session-security.bicep' = {
  name: 'session-security'
  params: {
    location: location
    tags: tags
    name: 'nsg-sessions-${token}'
    appPrefix: appPrefix
    sessionPrefix: sessionPrefix
    registryPrefix: registryPrefix
    denyPlatformServices: denyPlatformServices
    pullByPrivateEndpoint: pullByPrivateEndpoint
  }
}

resource plainSecurity 'Microsoft.Network/networkSecurityGroups@2026-03-01' = {
  name: 'nsg-plain-${token}'
  location: location
  tags: tags
  properties: { securityRules: [] }
}

resource vnet 'Microsoft.Network/virtualNetworks@2026-03-01' = {
  name: 'vnet-${token}'
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: [addressPrefix] }
    subnets: [
      {
        name: 'registry'
        properties: {
          addressPrefix: registryPrefix
          defaultOutboundAccess: false
          networkSecurityGroup: { id: plainSecurity.id }
        }
      }
      {
        name: 'sessions'
        properties: {
          addressPrefix: sessionPrefix
          defaultOutboundAccess: false
          networkSecurityGroup: { id: sessionSecurity.outputs.id }
          delegations: [
            { name: 'sessions', properties: { serviceName: 'Microsoft.ContainerInstance/containerGroups' } }
          ]
        }
      }
    ]
  }
}

// The other half is made in the app's group (peering.bicep): a peering works when both are there.
resource toApp 'Microsoft.Network/virtualNetworks/virtualNetworkPeerings@2026-03-01' = {
  parent: vnet
  name: 'app'
  properties: {
    remoteVirtualNetwork: { id: appVnetId }
    allowVirtualNetworkAccess: true
    allowForwardedTraffic: false
    allowGatewayTransit: false
    useRemoteGateways: false
  }
}

module endpoint 'private-endpoint.bicep' = if (pullByPrivateEndpoint) {
  name: 'endpoint-registry'
  params: {
    location: location
    tags: tags
    name: '${registryName}-${token}'
    subnetId: '${vnet.id}/subnets/registry'
    vnetId: vnet.id
    targetId: registryId
    groupId: 'registry'
    zoneName: 'privatelink${environment().suffixes.acrLoginServer}'
    createZone: createPrivateDnsZones
  }
  dependsOn: [toApp]
}

output vnetId string = vnet.id
output vnetName string = vnet.name
output sessionSubnetId string = '${vnet.id}/subnets/sessions'
output pullIdentityId string = pull.id
output pullIdentityName string = pull.name
output pullPrincipalId string = pull.properties.principalId
