import { parseArgs } from 'node:util';

import { digest, keyId } from '../shared/callers/api-keys.ts';
import { isRole, PROJECT_NAME, roles } from '../shared/callers/caller.ts';
import { newKey } from '../shared/callers/stored-keys.ts';
import { DAY, SECOND, systemClock } from '../shared/clock.ts';
import { settings } from '../shared/config.ts';
import type { CallerKeyStore } from '../shared/store/caller-keys.ts';
import { openStorageAccount } from '../shared/store/connection.ts';
import { ensureStorage, openStores } from '../shared/store/stores.ts';

/**
 * `npm run key -- new PROJECT [--role user] [--days N] [--store]`: a new key, and its entry for `API_KEYS`; with
 * `--store` it is put into storage instead, and good at once. `npm run key -- list`, `npm run key -- end ID`: the
 * keys in storage. Storage is named as for the app: AzureWebJobsStorage, or AzureWebJobsStorage__accountName and
 * whoever is signed in; STORAGE_PREFIX where it is not the default.
 */
const usage =
  'npm run key -- new PROJECT [--role reader|user|admin] [--days N] [--store]\nnpm run key -- list\nnpm run key -- end ID\n';

class UsageError extends Error {}

const print = (line: string) => void process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      role: { type: 'string', default: 'user' },
      days: { type: 'string' },
      store: { type: 'boolean', default: false },
    },
  });
  const [what, name] = positionals;
  if (what === 'new' && name !== undefined) return create(name, values);
  if (what === 'list') return list(await storedKeys());
  if (what === 'end' && name !== undefined) return end(await storedKeys(), name);
  throw new UsageError(usage);
}

async function storedKeys(): Promise<CallerKeyStore> {
  const given = Object.entries(process.env).filter(([, value]) => value !== '');
  const storage = settings
    .pick({
      AzureWebJobsStorage: true,
      AzureWebJobsStorage__accountName: true,
      AzureWebJobsStorage__blobServiceUri: true,
      AzureWebJobsStorage__queueServiceUri: true,
      AzureWebJobsStorage__tableServiceUri: true,
      AzureWebJobsStorage__clientId: true,
      AZURE_CLIENT_ID: true,
      STORAGE_PREFIX: true,
    })
    .parse(Object.fromEntries(given));
  if (!storage.AzureWebJobsStorage && !storage.AzureWebJobsStorage__accountName)
    throw new UsageError('Name the storage: AzureWebJobsStorage, or AzureWebJobsStorage__accountName');
  const account = await openStorageAccount(storage);
  await ensureStorage(account);
  return openStores(account, systemClock).callerKeys;
}

async function create(project: string, wish: { role: string; days?: string; store: boolean }): Promise<void> {
  if (!PROJECT_NAME.test(project)) {
    throw new UsageError(
      `'${project}' is not the name of a project: letters, digits, '-' and '_', at most 64`,
    );
  }
  if (!isRole(wish.role)) throw new UsageError(`'${wish.role}' is not a role: ${roles.join(', ')}`);
  const days = wish.days === undefined ? undefined : Number(wish.days);
  if (days !== undefined && !(Number.isInteger(days) && days > 0 && days <= 3650))
    throw new UsageError(`--days ${wish.days}: a whole number from 1 to 3650`);
  const key = newKey();
  const hash = digest(key);
  const now = Date.now();
  const endsAt = days === undefined ? undefined : now + days * DAY;
  if (wish.store) {
    await (await storedKeys()).insert(hash.toString('hex'), {
      id: keyId(hash),
      project,
      role: wish.role,
      created_at: Math.floor(now / SECOND),
      expires_at: endsAt === undefined ? null : Math.floor(endsAt / SECOND),
    });
    print(
      `key    ${key}\nid     ${keyId(hash)}\n\nIt is in storage and good at once. It is shown only here.`,
    );
    return;
  }
  const role = wish.role === 'user' ? '' : `/${wish.role}`;
  const day = endsAt === undefined ? '' : `@${new Date(endsAt).toISOString().slice(0, 10)}`;
  print(`key    ${key}\nentry  ${project}${role}${day}:sha256:${hash.toString('hex')}\n`);
  print('Add the entry to API_KEYS; give the key to the caller. It is shown only here.');
}

async function list(keys: CallerKeyStore): Promise<void> {
  const all = await keys.list();
  if (all.length === 0) print('There are no keys in storage.');
  for (const { id, project, role, expires_at, lastUsed } of all) {
    const ends = expires_at === null ? 'no end' : `ends ${new Date(expires_at * SECOND).toISOString()}`;
    print(`${id}  ${project}/${role}  ${ends}  ${lastUsed ? `last used ${lastUsed}` : 'never used'}`);
  }
}

async function end(keys: CallerKeyStore, id: string): Promise<void> {
  if (!/^[0-9a-f]{16}$/.test(id) || !(await keys.remove(id))) throw new UsageError(`There is no key ${id}.`);
  print(`Key ${id} is refused by all instances within a minute.`);
}

try {
  await main();
} catch (error) {
  const expected =
    error instanceof UsageError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
  process.stderr.write(`${expected ? (error as Error).message : String(error)}\n`);
  process.exit(expected ? 2 : 1);
}
// Connections that are kept alive would hold the process for seconds.
process.exit();
