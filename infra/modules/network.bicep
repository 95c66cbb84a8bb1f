// Four subnets. `app` is where the Function App's outgoing calls come from; `endpoints` holds private endpoints;
// `sessions` holds the Python sessions, which may be called by the app on one port and may call nobody, but for the
// registry's private endpoint in `registry` where they pull their image by it.
// https://learn.microsoft.com/azure/container-instances/container-instances-virtual-network-concepts
param location string
param tags object
param token string
param addressPrefix string
param natGateway bool
param appRouteTableId string
param denyPlatformServices bool
param pullByPrivateEndpoint bool

var appPrefix = cidrSubnet(addressPrefix, 24, 0)
var endpointPrefix = cidrSubnet(addressPrefix, 24, 1)
var sessionPrefix = cidrSubnet(addressPrefix, 22, 1)
var registryPrefix = cidrSubnet(addressPrefix, 24, 2)

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
  name: 'nsg-sessions-${token}'
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

// Without rules of its own: the platform's defaults hold. Policies often want every subnet to have one.
resource plainSecurity 'Microsoft.Network/networkSecurityGroups@2026-03-01' = {
  name: 'nsg-plain-${token}'
  location: location
  tags: tags
  properties: { securityRules: [] }
}

resource outboundAddress 'Microsoft.Network/publicIPAddresses@2026-03-01' = if (natGateway) {
  name: 'pip-nat-${token}'
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: { publicIPAllocationMethod: 'Static' }
}

resource nat 'Microsoft.Network/natGateways@2026-03-01' = if (natGateway) {
  name: 'nat-${token}'
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: {
    publicIpAddresses: [{ id: outboundAddress.id }]
  }
}

resource vnet 'Microsoft.Network/virtualNetworks@2026-03-01' = {
  name: 'vnet-${token}'
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: [addressPrefix] }
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: appPrefix
          // Never Azure's default outbound access, which is for virtual machines: what leaves here leaves by the NAT
          // gateway or the route table, and without either nothing does (function-app.bicep, outboundVnetRouting).
          defaultOutboundAccess: false
          natGateway: natGateway ? { id: nat.id } : null
          routeTable: empty(appRouteTableId) ? null : { id: appRouteTableId }
          networkSecurityGroup: { id: plainSecurity.id }
          // https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan#virtual-network-integration
          delegations: [
            { name: 'functions', properties: { serviceName: 'Microsoft.App/environments' } }
          ]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: endpointPrefix
          defaultOutboundAccess: false
          networkSecurityGroup: { id: plainSecurity.id }
        }
      }
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
          networkSecurityGroup: { id: sessionSecurity.id }
          delegations: [
            { name: 'sessions', properties: { serviceName: 'Microsoft.ContainerInstance/containerGroups' } }
          ]
        }
      }
    ]
  }
}

output vnetId string = vnet.id
output vnetName string = vnet.name
output appSubnetId string = '${vnet.id}/subnets/app'
output endpointSubnetId string = '${vnet.id}/subnets/endpoints'
output registrySubnetId string = '${vnet.id}/subnets/registry'
output sessionSubnetId string = '${vnet.id}/subnets/sessions'
output sessionSubnetName string = 'sessions'
