// The rules of a subnet of Python sessions: in from the app on one port, nothing else in, nothing out but, where asked for,
// to the registry's private endpoint. The same in every place of sessions.
param location string
param tags object
param name string
@description('Where the app calls from.')
param appPrefix string
param sessionPrefix string
param registryPrefix string
param denyPlatformServices bool
param pullByPrivateEndpoint bool

// Port 8080 is the session agent's (docs/session-protocol.md).
var sessionRules = [
  {
    name: 'app-to-agent'
    properties: {
      priority: 100
      direction: 'Inbound'
      access: 'Allow'
      protocol: 'Tcp'
      sourceAddressPrefix: appPrefix
      sourcePortRange: '*'
      destinationAddressPrefix: sessionPrefix
      destinationPortRange: '8080'
    }
  }
  {
    // Also what one session says to another: rules hold inside a subnet too.
    name: 'nothing-else-in'
    properties: {
      priority: 4000
      direction: 'Inbound'
      access: 'Deny'
      protocol: '*'
      sourceAddressPrefix: '*'
      sourcePortRange: '*'
      destinationAddressPrefix: '*'
      destinationPortRange: '*'
    }
  }
  {
    name: 'nothing-out'
    properties: {
      priority: 4000
      direction: 'Outbound'
      access: 'Deny'
      protocol: '*'
      sourceAddressPrefix: '*'
      sourcePortRange: '*'
      destinationAddressPrefix: '*'
      destinationPortRange: '*'
    }
  }
]

// The platform's own DNS and metadata services answer in spite of the rule above unless they are named.
// https://learn.microsoft.com/azure/virtual-network/service-tags-overview
var platformRules = [
  {
    name: 'no-platform-dns'
    properties: {
      priority: 200
      direction: 'Outbound'
      access: 'Deny'
      protocol: '*'
      sourceAddressPrefix: '*'
      sourcePortRange: '*'
      destinationAddressPrefix: 'AzurePlatformDNS'
      destinationPortRange: '*'
    }
  }
  {
    name: 'no-platform-metadata'
    properties: {
      priority: 210
      direction: 'Outbound'
      access: 'Deny'
      protocol: '*'
      sourceAddressPrefix: '*'
      sourcePortRange: '*'
      destinationAddressPrefix: 'AzurePlatformIMDS'
      destinationPortRange: '*'
    }
  }
]

// The image, by 443 and to the one subnet that holds nothing but the registry's endpoint. Code in a session may get as
// far as that endpoint: it answers to identities that may pull, and keeps nothing that is sent to it.
var pullRules = [
  {
    name: 'image-from-registry'
    properties: {
      priority: 110
      direction: 'Outbound'
      access: 'Allow'
      protocol: 'Tcp'
      sourceAddressPrefix: sessionPrefix
      sourcePortRange: '*'
      destinationAddressPrefix: registryPrefix
      destinationPortRange: '443'
    }
  }
]

resource sessionSecurity 'Microsoft.Network/networkSecurityGroups@2026-03-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    securityRules: concat(
      sessionRules,
      denyPlatformServices ? platformRules : [],
      pullByPrivateEndpoint ? pullRules : []
    )
  }
}

output id string = sessionSecurity.id
