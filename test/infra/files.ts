import { glob } from 'node:fs/promises';

import { type BicepFile, infra, readBicep } from './bicep.ts';

/** Every template of infra/, by its path. */
export async function allBicep(): Promise<ReadonlyMap<string, BicepFile>> {
  const paths: string[] = [];
  for await (const path of glob('**/*.bicep', { cwd: infra })) paths.push(path);
  const files = await Promise.all(paths.sort().map(readBicep));
  return new Map(files.map((file) => [file.path, file]));
}
