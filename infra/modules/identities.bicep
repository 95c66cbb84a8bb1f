// Two identities: the app's, and the one by which container groups pull their image. The second can pull from one
// registry and nothing else, because code that users send may obtain its tokens inside a session.
param location string
param tags object
param token string

resource app 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-app-${token}'
  location: location
  tags: tags
}

resource pull 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-pull-${token}'
  location: location
  tags: tags
}

output appIdentityId string = app.id
output appPrincipalId string = app.properties.principalId
output appClientId string = app.properties.clientId
output pullIdentityId string = pull.id
output pullIdentityName string = pull.name
output pullPrincipalId string = pull.properties.principalId
