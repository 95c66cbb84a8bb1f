import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { literal, propertyOf } from './bicep.ts';
import { allBicep } from './files.ts';

/** https://learn.microsoft.com/azure/role-based-access-control/built-in-roles */
const BUILT_IN: Readonly<Record<string, string>> = {
  'b7e6dc6d-f1e8-4753-8033-0f276bb0955b': 'Storage Blob Data Owner',
  '974c5e8b-45b9-4653-ba55-5f855dd0fb88': 'Storage Queue Data Contributor',
  '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3': 'Storage Table Data Contributor',
  '7f951dda-4ed3-4680-a7ca-43fe172d538d': 'AcrPull',
  '5e0bd9bd-7b93-4f28-af87-19fc36ad61bd': 'Cognitive Services OpenAI User',
  '3913510d-42f4-4e42-8a64-420c390055eb': 'Monitoring Metrics Publisher',
  '4633458b-17de-408a-b874-0445c86b69e6': 'Key Vault Secrets User',
  '4d97b98b-1d4f-4787-a291-c67834d212e7': 'Network Contributor',
  'f1a07417-d97a-45cb-824c-7a7467783830': 'Managed Identity Operator',
  '5d977122-f97e-4b4d-a52f-6b43003ddb4d': 'Azure Container Instances Contributor Role',
  '39fcb0de-8844-4706-b050-c28ddbe3ff83': 'Standby Container Group Pool Contributor',
};

/** Who gets which role on what, in all of infra/. A new grant has to be written down here. */
const GRANTS: Readonly<Record<string, readonly string[]>> = {
  'modules/storage.bicep': [
    'Storage Blob Data Owner',
    'Storage Queue Data Contributor',
    'Storage Table Data Contributor',
  ],
  'modules/registry.bicep': ['AcrPull'],
  'modules/registry-pull.bicep': ['AcrPull'],
  'modules/openai-role.bicep': ['Cognitive Services OpenAI User'],
  'modules/monitoring.bicep': ['Monitoring Metrics Publisher'],
  'modules/key-vault.bicep': ['Key Vault Secrets User'],
  'modules/standby-access.bicep': ['Network Contributor', 'Managed Identity Operator', 'AcrPull'],
  'modules/standby-pool.bicep': [
    'Azure Container Instances Contributor Role',
    'Standby Container Group Pool Contributor',
  ],
};

/** https://learn.microsoft.com/azure/role-based-access-control/resource-provider-operations */
const CUSTOM: Readonly<Record<string, readonly string[]>> = {
  'modules/session-role.bicep': [
    'Microsoft.ContainerInstance/containerGroups/read',
    'Microsoft.ContainerInstance/containerGroups/write',
    'Microsoft.ContainerInstance/containerGroups/delete',
    'Microsoft.ContainerInstance/locations/operations/read',
    'Microsoft.ContainerInstance/locations/operationResults/read',
  ],
  'modules/subnet-role.bicep': [
    'Microsoft.Network/virtualNetworks/subnets/read',
    'Microsoft.Network/virtualNetworks/subnets/join/action',
    'Microsoft.ManagedIdentity/userAssignedIdentities/read',
    'Microsoft.ManagedIdentity/userAssignedIdentities/assign/action',
  ],
  'modules/standby-pool.bicep': [
    'Microsoft.ContainerInstance/containerGroupProfiles/read',
    'Microsoft.StandbyPool/standbyContainerGroupPools/read',
  ],
};

const files = await allBicep();
const GUID = /'([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})'/g;

suite('roles', () => {
  test('built-in roles are granted by their published ids, where this list says and nowhere else', () => {
    const granted: Record<string, string[]> = {};
    for (const [path, file] of files) {
      for (const [, id] of file.root.text.matchAll(GUID)) {
        assert.ok(BUILT_IN[id!], `${path}: ${id} is no role known here`);
        granted[path] = [...(granted[path] ?? []), BUILT_IN[id!]!];
      }
    }
    assert.deepEqual(granted, Object.fromEntries(Object.entries(GRANTS).sort()));
  });

  test('every grant names its kind of principal, so that a new identity is not looked up too early', () => {
    for (const file of files.values()) {
      for (const resource of file.resources) {
        if (resource.type !== 'Microsoft.Authorization/roleAssignments') continue;
        const kind = propertyOf(propertyOf(resource.body, 'properties')!, 'principalType');
        assert.equal(kind && literal(kind), 'ServicePrincipal', `${file.path}: ${resource.symbol}`);
      }
    }
  });

  test('custom roles allow what this list says: no wildcard, no right to write roles, keys or secrets', () => {
    const found: Record<string, string[]> = {};
    for (const [path, file] of files) {
      for (const { type, body } of file.resources) {
        if (type !== 'Microsoft.Authorization/roleDefinitions') continue;
        const actions = body.text.slice(body.text.indexOf('actions:'), body.text.indexOf('notActions:'));
        found[path] = [...actions.matchAll(/'([^']+)'/g)].map(([, action]) => action!);
      }
    }
    assert.deepEqual(found, Object.fromEntries(Object.entries(CUSTOM).sort()));
    for (const action of Object.values(CUSTOM).flat())
      assert.doesNotMatch(action, /\*|Authorization|listKeys|secrets/);
  });

  test('the identity that sessions carry may pull images and nothing else', () => {
    for (const [path, file] of files) {
      const uses = /principalId:\s*pullPrincipalId/.test(file.root.text);
      assert.equal(uses, ['modules/registry.bicep', 'modules/registry-pull.bicep'].includes(path), path);
    }
  });
});

suite('what must stay closed', () => {
  const text = (path: string) => files.get(path)!.root.text;

  test('storage has no shared keys, no public blobs, no plain http', () => {
    const storage = text('modules/storage.bicep');
    for (const line of [
      'allowSharedKeyAccess: false',
      'allowBlobPublicAccess: false',
      'supportsHttpsTrafficOnly: true',
      "publicAccess: 'None'",
    ]) {
      assert.ok(storage.includes(line), line);
    }
  });

  test('nothing asks Azure for a key', () => {
    for (const [path, file] of files)
      assert.doesNotMatch(file.root.text, /\blist(Keys|Secrets|Credentials)\b/i, path);
  });

  test('local authentication is off for the registry, the model and telemetry', () => {
    assert.match(text('modules/registry.bicep'), /adminUserEnabled: false/);
    assert.match(text('modules/openai.bicep'), /disableLocalAuth: true/);
    assert.match(text('modules/monitoring.bicep'), /DisableLocalAuth: true/);
    assert.match(text('modules/function-app.bicep'), /properties: \{ allow: false \}/);
  });

  test('sessions: in from the app on port 8080, everything else denied both ways, no way out', () => {
    const file = files.get('modules/session-security.bicep')!;
    const rules = [
      ...file.variables
        .get('sessionRules')!
        .text.matchAll(/name: '([^']+)'[\s\S]*?direction: '(\w+)'\s+access: '(\w+)'/g),
    ];
    assert.deepEqual(
      rules.map(([, name, direction, access]) => [name, direction, access]),
      [
        ['app-to-agent', 'Inbound', 'Allow'],
        ['nothing-else-in', 'Inbound', 'Deny'],
        ['nothing-out', 'Outbound', 'Deny'],
      ],
    );
    const pull = file.variables.get('pullRules')!.text;
    assert.equal(pull.match(/direction:/g)?.length, 1);
    assert.match(
      pull,
      /access: 'Allow'[\s\S]*destinationAddressPrefix: registryPrefix\s+destinationPortRange: '443'/,
    );
    for (const network of ['modules/network.bicep', 'modules/place-network.bicep']) {
      const text = files.get(network)!.root.text;
      const sessions = text.slice(text.indexOf("name: 'sessions'"));
      assert.match(
        sessions,
        /^[\s\S]{0,200}defaultOutboundAccess: false\s+networkSecurityGroup: \{ id: sessionSecurity\.outputs\.id \}/,
      );
      assert.doesNotMatch(sessions.slice(0, 600), /natGateway/);
    }
  });
});
