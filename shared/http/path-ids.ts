import { type NamedKind, notFound } from '../api/error.ts';
import { isPlausibleId } from '../ids.ts';

/** What the parameters of paths name; a model's name is no id. */
const kinds: Readonly<Record<string, NamedKind>> = {
  assistant_id: 'assistant',
  thread_id: 'thread',
  message_id: 'message',
  run_id: 'run',
  step_id: 'run step',
  file_id: 'file',
  upload_id: 'upload',
  vector_store_id: 'vector store',
  batch_id: 'vector store file batch',
};

/**
 * What cannot be an id is not looked for: storage never sees quotes, control characters or slashes in a key.
 * @throws {ApiError} 404
 */
export function requirePlausibleIds(params: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(params)) {
    const kind = kinds[name];
    if (kind && !isPlausibleId(value)) throw notFound(kind, value);
  }
}
