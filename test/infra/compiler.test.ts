import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { checkTemplates, EXAMPLE_ENVIRONMENT } from '../../infra/compile/check.ts';
import { findBicepCompiler, NO_COMPILER } from '../../infra/compile/compiler.ts';
import { planDeployment } from '../../infra/compile/plan.ts';
import { CONTAINER_GROUPS_API_VERSION } from '../../shared/sessions/arm-api.ts';
import { sessionPlaces } from '../../shared/sessions/place-settings.ts';
import { infra } from './bicep.ts';

const compiler = findBicepCompiler();
const variable = (name: string) => `\${${name}}`;

suite('the Bicep compiler', { skip: compiler ? false : NO_COMPILER }, () => {
  const found = compiler as NonNullable<typeof compiler>;

  test('takes every template and the parameters, with their types, without a warning', () => {
    assert.deepEqual(checkTemplates(found, infra), []);
  });

  test('is asked in a way that brings out what is wrong', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'hourglass-infra-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    await cp(join(infra, 'bicepconfig.json'), join(folder, 'bicepconfig.json'));
    await writeFile(
      join(folder, 'main.bicep'),
      `param unused string
@allowed(['a', 'b'])
param choice string
param region string = resourceGroup().location
resource network 'Microsoft.Network/virtualNetworks@2020-06-01' = {
  name: 'v'
  location: 'westeurope'
  properties: { adressSpace: {} }
}
`,
    );
    const parameters = { choice: { value: variable('CHOICE=c') }, gone: { value: variable('GONE') } };
    await writeFile(join(folder, 'main.parameters.json'), JSON.stringify({ parameters }));
    const problems = checkTemplates(found, folder).join('\n');
    for (const sign of [
      /no-unused-params/,
      /no-hardcoded-location/,
      /use-recent-api-versions/,
      /BCP089.*adressSpace/,
      /gone: main.bicep has no such parameter/,
      /unused: azd would ask/,
    ]) {
      assert.match(problems, sign);
    }
  });

  test('knows what the app sends for a session, under the api-version of the profile', async (t) => {
    const pool = await readFile(join(infra, 'modules/standby-pool.bicep'), 'utf8');
    assert.ok(pool.includes(`containerGroupProfiles@${CONTAINER_GROUPS_API_VERSION}'`));
    const folder = await mkdtemp(join(tmpdir(), 'hourglass-group-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const group = join(folder, 'group.bicep');
    await writeFile(
      group,
      `resource group 'Microsoft.ContainerInstance/containerGroups@${CONTAINER_GROUPS_API_VERSION}' = {
  name: 'hg-1'
  properties: {
    identityAcls: { defaultAccess: 'System' }
    standbyPoolProfile: { id: 'pool' }
    containerGroupProfile: { id: 'profile', revision: 1 }
    containers: [{ name: 'session', properties: { configMap: { keyValuePairs: { token: 'secret' } } } }]
  }
}
`,
    );
    assert.equal(found.run(['build', group, '--stdout']).stderr.trim(), '');
  });
});

suite('a deployment as the compiler predicts it', { skip: compiler ? false : NO_COMPILER }, () => {
  const found = compiler as NonNullable<typeof compiler>;
  const plans = new Map<string, ReturnType<typeof planDeployment>>();
  const plan = (changes: Record<string, unknown>) => {
    const key = JSON.stringify(changes);
    const planned = plans.get(key) ?? predict(changes);
    plans.set(key, planned);
    return planned;
  };
  const predict = (changes: Record<string, unknown>) =>
    planDeployment(found, infra, {
      environmentName: 'example',
      location: 'swedencentral',
      apiKeys: EXAMPLE_ENVIRONMENT.API_KEYS,
      chatModel: EXAMPLE_ENVIRONMENT.CHAT_MODEL,
      embeddingModel: EXAMPLE_ENVIRONMENT.EMBEDDING_MODEL,
      ...changes,
    });
  const named = (planned: ReturnType<typeof plan>, type: string) =>
    planned.predictedResources.filter((resource) => resource.type === type);

  test('makes both models, in the versions that were asked for', () => {
    const deployments = named(plan({}), 'Microsoft.CognitiveServices/accounts/deployments');
    assert.deepEqual(
      deployments.map(({ properties }) => properties?.model),
      [
        { format: 'OpenAI', name: 'a-chat-model', version: '2026-01-01' },
        { format: 'OpenAI', name: 'an-embedding-model', version: '1' },
      ],
    );
  });

  test('makes no account where an endpoint is brought', () => {
    const own = plan({
      chatModel: 'none',
      embeddingModel: 'my-embeddings',
      azureOpenAiEndpoint: 'https://x.openai.azure.com',
    });
    assert.deepEqual(named(own, 'Microsoft.CognitiveServices/accounts'), []);
    const settings = named(own, 'Microsoft.Web/sites/config')[0]?.properties as Record<string, string>;
    assert.equal(settings.EMBEDDING_MODEL, 'my-embeddings');
  });

  test('stops before anything is made where no model is chosen, or one without its version', () => {
    assert.throws(() => plan({ chatModel: 'none' }), /azureOpenAiEndpoint or openAiBaseUrl has to name/);
    assert.throws(() => plan({ chatModel: 'some-model' }), /chatModel is NAME@VERSION/);
  });

  test('a private network: the image by the registry’s endpoint, the app out by NAT; a public one: neither', () => {
    const closed = plan({ network: 'private' });
    const open = plan({});
    const rules = (planned: ReturnType<typeof plan>) =>
      named(planned, 'Microsoft.Network/networkSecurityGroups')
        .flatMap(({ properties }) => properties?.securityRules as { name: string; properties: Rule }[])
        .filter(({ properties }) => properties.direction === 'Outbound' && properties.access === 'Allow');
    assert.deepEqual(
      rules(closed).map(({ properties }) => [
        properties.destinationAddressPrefix,
        properties.destinationPortRange,
      ]),
      [['10.90.2.0/24', '443']],
    );
    assert.deepEqual(rules(open), []);
    const shape = (planned: ReturnType<typeof plan>) => ({
      nat: named(planned, 'Microsoft.Network/natGateways').length,
      sku: named(planned, 'Microsoft.ContainerRegistry/registries')[0]?.sku,
      routed: named(planned, 'Microsoft.Web/sites')[0]?.properties?.outboundVnetRouting,
    });
    const all = { allTraffic: true, applicationTraffic: true };
    assert.deepEqual(shape(closed), { nat: 1, sku: { name: 'Premium' }, routed: all });
    const privateOnly = { allTraffic: false, applicationTraffic: false };
    assert.deepEqual(shape(open), { nat: 0, sku: { name: 'Basic' }, routed: privateOnly });
    const mixed = plan({
      sessionImagePull: 'private-endpoint',
      appRouteTableId: '/subscriptions/s/routeTables/r',
    });
    assert.deepEqual(shape(mixed), { nat: 0, sku: { name: 'Premium' }, routed: all });
    assert.equal(rules(mixed).length, 1);
  });

  test('more places: groups, networks peered both ways, roles, copies of the image, and settings that the app reads', () => {
    const planned = plan({
      network: 'private',
      morePlaces: [
        { name: 'west', location: 'westus3', addressPrefix: '10.90.16.0/21', weight: 2 },
        { name: 'east', location: 'japaneast', addressPrefix: '10.90.24.0/21' },
      ],
    });
    const groups = named(planned, 'Microsoft.Resources/resourceGroups').map(({ name }) => name);
    assert.deepEqual(groups.slice(2).sort(), [
      'rg-example-east',
      'rg-example-east-sessions',
      'rg-example-west',
      'rg-example-west-sessions',
    ]);
    assert.equal(named(planned, 'Microsoft.Network/virtualNetworks/virtualNetworkPeerings').length, 4);
    const allowed = named(planned, 'Microsoft.Network/networkSecurityGroups')
      .flatMap(({ properties }) => properties?.securityRules as { name: string; properties: Rule }[])
      .filter(({ properties }) => properties.access === 'Allow')
      .map(
        ({ properties: rule }) =>
          `${rule.direction} ${rule.destinationAddressPrefix}:${rule.destinationPortRange}`,
      );
    assert.deepEqual(allowed, [
      'Inbound 10.90.4.0/22:8080',
      'Outbound 10.90.2.0/24:443',
      'Inbound 10.90.16.0/22:8080',
      'Outbound 10.90.20.0/24:443',
      'Inbound 10.90.24.0/22:8080',
      'Outbound 10.90.28.0/24:443',
    ]);
    const replicas = named(planned, 'Microsoft.ContainerRegistry/registries/replications');
    assert.deepEqual(replicas.map(({ location }) => location).sort(), ['japaneast', 'westus3']);
    const settings = named(planned, 'Microsoft.Web/sites/config')[0]?.properties as Record<string, string>;
    assert.deepEqual(
      sessionPlaces
        .parse(settings.SESSION_PLACES)
        .map(({ name, weight, location, resourceGroup }) => [name, weight, location, resourceGroup]),
      [
        ['home', 1, undefined, undefined],
        ['west', 2, 'westus3', 'rg-example-west-sessions'],
        ['east', 1, 'japaneast', 'rg-example-east-sessions'],
      ],
    );
  });
});

interface Rule {
  readonly direction: string;
  readonly access: string;
  readonly destinationAddressPrefix: string;
  readonly destinationPortRange: string;
}
