import { notFound, type ObjectKind } from '../api/error.ts';
import { isPlausibleId } from '../ids.ts';
import type { OperationName } from '../operations/all.ts';
import type { Call } from './call.ts';

type Parameter = { [Name in OperationName]: keyof Call<Name>['params'] }[OperationName];

/** What the parameters of paths name. A model's name is no id. */
const kinds: Readonly<Record<Exclude<Parameter, 'model'>, ObjectKind>> = {
  assistant_id: 'assistant',
  thread_id: 'thread',
  message_id: 'message',
  run_id: 'run',
  step_id: 'step',
  file_id: 'file',
  upload_id: 'upload',
  vector_store_id: 'vectorStore',
  batch_id: 'fileBatch',
};

/**
 * What cannot be an id is not looked for: storage never sees quotes, control characters or slashes in a key.
 * @throws {ApiError} 404
 */
export function requirePlausibleIds(params: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(params)) {
    const kind = Object.hasOwn(kinds, name) ? kinds[name as keyof typeof kinds] : undefined;
    if (kind && !isPlausibleId(value)) throw notFound(kind, value);
  }
}
