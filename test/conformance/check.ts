import { type OperationName, operations } from '../../shared/operations/all.ts';
import type { OpenApi } from './api.ts';
import type { Row } from './scene/row.ts';
import type { Target } from './scene/target.ts';

/** Why a row cannot be checked against a target; undefined when it can. */
export function reasonToSkip(row: Row, target: Target): string | undefined {
  for (const need of row.needs ?? []) {
    if (need === 'scripted model' && !target.script) return 'decides what the model says (a scripted model)';
    if (need === 'second key' && !target.secondKey) return 'needs the key of a second project (--second-key)';
  }
  return undefined;
}

/** The longest life of a run is ten minutes. */
export const ROW_MS = 15 * 60_000;

/** The target has stopped answering: what other rows would find says nothing. */
export class Silent extends Error {}

/**
 * Checks one behaviour, and every answer it met against the schemas.
 * @throws when the target does not behave so; {@link Silent} when that is not known after `limitMs`
 */
export async function checkRow(
  open: OpenApi,
  row: Row,
  target: Target,
  limitMs: number = ROW_MS,
): Promise<void> {
  const limit = Promise.withResolvers<never>();
  const timer = setTimeout(() => limit.reject(new Silent(`no end after ${limitMs / 1000} s`)), limitMs);
  try {
    await Promise.race([check(open, row, target), limit.promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function check({ api, problems }: OpenApi, row: Row, target: Target): Promise<void> {
  await target.script?.reset();
  try {
    await row.run(api);
  } catch (error) {
    const wrong = await problems();
    if (wrong.length === 0) throw error;
    throw new Error(`${String(error)}\nAnswers against the schemas:\n${wrong.join('\n')}`, { cause: error });
  }
  const wrong = await problems();
  if (wrong.length > 0) throw new Error(`Answers against the schemas:\n${wrong.join('\n')}`);
}

/** Always refused: models belong to whoever runs the deployment. */
const refused: readonly OperationName[] = ['deleteModel'];

/** Operations that no row has seen done: of this API's, and of the public document's where it is at hand. */
export function unseenOperations({ api, documented }: OpenApi): string[] {
  const unseen = Object.entries(operations)
    .filter(([name]) => !api.done.has(name as OperationName) && !refused.includes(name as OperationName))
    .map(([name]) => name);
  const known = new Set(Object.values(operations).map(({ method, path }) => `${method} ${path}`));
  return [...unseen, ...documented.filter((operation) => !known.has(operation))];
}
