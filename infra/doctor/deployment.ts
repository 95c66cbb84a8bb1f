import { type Config, ConfigError, readConfig } from '../../shared/config.ts';
import { az } from './az.ts';

/** One installation, as the Azure CLI finds it by the name that it was deployed under. */
export interface Deployment {
  readonly name: string;
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly app: {
    readonly name: string;
    readonly location: string;
    readonly url: string;
    readonly principalId: string;
  };
  readonly settings: Readonly<Record<string, string>>;
  /** The settings as the app reads them; secrets in a vault count as given. */
  readonly config: Config | undefined;
  readonly problems: readonly string[];
}

interface Site {
  readonly name: string;
  readonly location: string;
  readonly defaultHostName: string;
  readonly identity?: {
    readonly userAssignedIdentities?: Readonly<Record<string, { readonly principalId: string }>>;
  };
}

/** @throws {AzError} where there is none, or it may not be looked at */
export async function findDeployment(name: string): Promise<Deployment> {
  const resourceGroup = `rg-${name}`;
  const { id: subscriptionId } = await az<{ id: string }>('account', 'show');
  const sites = await az<Site[]>('functionapp', 'list', '--resource-group', resourceGroup);
  const [listed] = sites;
  if (!listed)
    throw new Error(`${resourceGroup} holds no function app: was \`azd provision\` run to its end?`);
  const site = await az<Site>(
    'functionapp',
    'show',
    '--name',
    listed.name,
    '--resource-group',
    resourceGroup,
  );
  const given = await az<{ name: string; value: string }[]>(
    ...[
      'functionapp',
      'config',
      'appsettings',
      'list',
      '--name',
      site.name,
      '--resource-group',
      resourceGroup,
    ],
  );
  const settings = Object.fromEntries(given.map((setting) => [setting.name, setting.value]));
  const [identity] = Object.values(site.identity?.userAssignedIdentities ?? {});
  return {
    name,
    subscriptionId,
    resourceGroup,
    app: {
      name: site.name,
      location: site.location.toLowerCase().replaceAll(' ', ''),
      url: `https://${site.defaultHostName}`,
      principalId: identity?.principalId ?? '',
    },
    settings,
    ...asRead(settings),
  };
}

/** What the vault holds is looked at on its own: here a text stands for it that is right in form. */
const IN_VAULT = 'doctor:a-text-that-stands-for-a-secret';

function asRead(settings: Readonly<Record<string, string>>) {
  const readable = Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [
      name,
      value.startsWith('@Microsoft.KeyVault(') ? IN_VAULT : value,
    ]),
  );
  try {
    return { config: readConfig(readable), problems: [] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { config: undefined, problems: error.problems };
  }
}
