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
          networkSecurityGroup: { id: sessionSecurity.outputs.id }
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
output appPrefix string = appPrefix
