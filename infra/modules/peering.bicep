// The app's half of the peering with the network of a place of sessions.
param vnetName string
param place string
param placeVnetId string

resource vnet 'Microsoft.Network/virtualNetworks@2026-03-01' existing = {
  name: vnetName
}

resource toPlace 'Microsoft.Network/virtualNetworks/virtualNetworkPeerings@2026-03-01' = {
  parent: vnet
  name: 'sessions-${place}'
  properties: {
    remoteVirtualNetwork: { id: placeVnetId }
    allowVirtualNetworkAccess: true
    allowForwardedTraffic: false
    allowGatewayTransit: false
    useRemoteGateways: false
  }
}
