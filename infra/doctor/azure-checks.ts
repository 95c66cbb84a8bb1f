import { CONTAINER_GROUPS_API_VERSION } from '../../shared/sessions/arm-api.ts';
import { HOME } from '../../shared/sessions/place-settings.ts';
import { arm, az } from './az.ts';
import type { Deployment } from './deployment.ts';
import { type Check, type Finding, fail, pass, unknown } from './finding.ts';
import { probeGroup } from './probe-group.ts';

/** A place of sessions with nothing left open. */
export interface KnownPlace {
  readonly name: string;
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly location: string;
}

/** What can be told of a deployment by looking at it: read-only but for one probe group in each place, which goes. */
export function azureChecks(deployment: Deployment): readonly Check[] {
  const places = placesOf(deployment);
  return [
    { name: 'settings', run: async () => settings(deployment) },
    { name: 'secrets', run: () => secrets(deployment) },
    { name: 'roles', run: () => roles(deployment, places) },
    { name: 'session image', run: () => image(deployment) },
    ...places.map(
      (place): Check => ({
        name: `quota of ${place.name} (${place.location})`,
        run: () => groupQuota(place),
      }),
    ),
    { name: 'memory of Flex Consumption', run: () => flexMemory(deployment) },
    { name: 'model tokens', run: () => modelTokens(deployment) },
    ...places.map(
      (place): Check => ({
        name: `image pull in ${place.name}`,
        slow: true,
        run: () => probeGroup(deployment, place),
      }),
    ),
  ];
}

export function placesOf({ config, subscriptionId }: Deployment): KnownPlace[] {
  return (config?.SESSION_PLACES ?? []).map((place) => ({
    name: place.name,
    subscriptionId: place.subscriptionId ?? config?.SESSION_SUBSCRIPTION_ID ?? subscriptionId,
    resourceGroup: place.resourceGroup ?? config?.SESSION_RESOURCE_GROUP ?? '',
    location: place.location ?? config?.SESSION_LOCATION ?? '',
  }));
}

function settings({ problems, settings }: Deployment): Finding | Finding[] {
  if (problems.length > 0) {
    return problems.map((problem) =>
      fail(
        problem,
        'set it by its parameter (infra/main.parameters.json) or in infra/settings.json, then `azd provision`',
      ),
    );
  }
  return pass(`${Object.keys(settings).length} settings, as the app wants them`);
}

interface References {
  readonly value: readonly {
    readonly name: string;
    readonly properties: { readonly status: string; readonly details?: string };
  }[];
}

async function secrets({ subscriptionId, resourceGroup, app }: Deployment): Promise<Finding | Finding[]> {
  const { value } = await arm<References>(
    'get',
    `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.Web/sites/${app.name}/config/configreferences/appsettings?api-version=2025-03-01`,
  );
  const unresolved = value.filter(({ properties }) => properties.status !== 'Resolved');
  if (unresolved.length === 0) return pass(`${value.length} references to the vault are resolved`);
  return unresolved.map(({ name, properties }) =>
    fail(
      `${name}: ${properties.status}`,
      'Key Vault Secrets User for id-app-…, and the vault’s private endpoint in a private network; then restart the app',
    ),
  );
}

async function roles({ app }: Deployment, places: readonly KnownPlace[]): Promise<Finding> {
  const assigned = await az<{ roleDefinitionName: string; scope: string }[]>(
    ...['role', 'assignment', 'list', '--assignee', app.principalId, '--all'],
  );
  const has = (role: string, scope = '') =>
    assigned.some(
      ({ roleDefinitionName, scope: at }) =>
        roleDefinitionName.startsWith(role) && at.toLowerCase().endsWith(scope.toLowerCase()),
    );
  const wanted = [
    'Storage Blob Data Owner',
    'Storage Queue Data Contributor',
    'Storage Table Data Contributor',
    'Monitoring Metrics Publisher',
    'Hourglass session joiner',
  ];
  const missing = [
    ...wanted.filter((role) => !has(role)),
    ...places
      .filter(({ resourceGroup }) => !has('Hourglass session manager', `/resourceGroups/${resourceGroup}`))
      .map(({ resourceGroup }) => `Hourglass session manager on ${resourceGroup}`),
  ];
  return missing.length === 0
    ? pass(`the app has its roles, ${assigned.length} assignments`)
    : fail(
        `missing: ${missing.join(', ')}`,
        'run `azd provision` again (or `azd provision --no-state`); roles take minutes to count',
      );
}

async function image({ config, settings }: Deployment): Promise<Finding> {
  const [registry = '', reference = ''] = (config?.SESSION_IMAGE ?? settings.SESSION_IMAGE ?? '').split(
    /\/(.*)/s,
  );
  try {
    await az('acr', 'repository', 'show', '--name', registry.split('.')[0] ?? '', '--image', reference);
    return pass(`${reference} is in ${registry}`);
  } catch (error) {
    const remedy =
      'build it: `node infra/build-session-image.mjs`, or from inside where the registry is closed';
    return fail(`${reference} is not to be seen in ${registry} (${(error as Error).message})`, remedy);
  }
}

interface Usages {
  readonly value: readonly {
    readonly name: { readonly value: string };
    readonly currentValue: number;
    readonly limit: number;
  }[];
}

const SCARCE = 0.8;

async function groupQuota({ name, subscriptionId, location }: KnownPlace): Promise<Finding[]> {
  const { value } = await arm<Usages>(
    'get',
    `/subscriptions/${subscriptionId}/providers/Microsoft.ContainerInstance/locations/${location}/usages?api-version=${CONTAINER_GROUPS_API_VERSION}`,
  );
  const told = ['ContainerGroups', 'StandardCores'].map((kind) => {
    const usage = value.find((each) => each.name.value === kind);
    if (!usage) return unknown(`${kind}: Azure does not say`);
    const { currentValue, limit } = usage;
    const found = `${kind}: ${currentValue} of ${limit} in use`;
    return currentValue < limit * SCARCE
      ? pass(found)
      : fail(
          found,
          `ask for more (Azure portal → Quotas → Container Instances), or for another place${name === HOME ? ' (MORE_PLACES)' : ''}`,
        );
  });
  return [...told, unknown('creations: no API tells; 300 an hour and 100 in five minutes by default')];
}

async function flexMemory({ resourceGroup, app }: Deployment): Promise<Finding> {
  const { properties } = await az<{
    properties: {
      functionAppConfig?: {
        scaleAndConcurrency?: { maximumInstanceCount: number; instanceMemoryMB: number };
      };
    };
  }>(
    'resource',
    'show',
    '--resource-group',
    resourceGroup,
    '--name',
    app.name,
    '--resource-type',
    'Microsoft.Web/sites',
  );
  const scale = properties.functionAppConfig?.scaleAndConcurrency;
  if (!scale) return unknown('the app does not say how far it may grow');
  const asked = scale.maximumInstanceCount * scale.instanceMemoryMB;
  const found = `the app may grow to ${scale.maximumInstanceCount} × ${scale.instanceMemoryMB} MB; a region gives 512,000 MB by default, to all apps of the subscription`;
  return asked <= 512_000
    ? pass(found)
    : fail(found, 'a support request (Quota → Function or Web App), or MAXIMUM_INSTANCE_COUNT');
}

async function modelTokens({ resourceGroup, config }: Deployment): Promise<Finding[]> {
  const accounts = await az<{ name: string; location: string }[]>(
    ...['cognitiveservices', 'account', 'list', '--resource-group', resourceGroup],
  );
  const [account] = accounts;
  if (!account)
    return [
      unknown(`the model is elsewhere (${config?.AZURE_OPENAI_ENDPOINT ?? config?.OPENAI_BASE_URL ?? '?'})`),
    ];
  const deployments = await az<
    {
      name: string;
      sku: { capacity: number };
      properties: { provisioningState: string; model: { name: string; version: string } };
    }[]
  >(
    ...[
      'cognitiveservices',
      'account',
      'deployment',
      'list',
      '--name',
      account.name,
      '--resource-group',
      resourceGroup,
    ],
  );
  if (deployments.length === 0)
    return [fail(`${account.name} has no deployment`, 'CHAT_MODEL=NAME@VERSION, then `azd provision`')];
  return deployments.map(({ name, sku, properties: { provisioningState, model } }) => {
    const found = `${name} (${model.name} ${model.version}): ${sku.capacity},000 tokens a minute`;
    return provisioningState === 'Succeeded'
      ? pass(found)
      : fail(`${found}, ${provisioningState}`, 'another model or region: docs/deploy.md, step 2');
  });
}
