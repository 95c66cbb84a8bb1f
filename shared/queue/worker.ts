import { consoleLog, errorFields, type LogFields, withoutContents } from '../log.ts';

/**
 * A queue function as the host may see it: what it throws brings the message back and is logged by the host,
 * so it says what failed and where, and quotes nothing. The host's line does not say what the message was about;
 * ours does.
 */
export const worker =
  (handle: (message: unknown) => Promise<void>) =>
  async (message: unknown): Promise<void> => {
    try {
      await handle(message);
    } catch (error) {
      consoleLog.error('a message could not be handled', { ...subjectOf(message), ...errorFields(error) });
      throw withoutContents(error);
    }
  };

const subjects = {
  runId: 'run',
  threadId: 'thread',
  storeId: 'store',
  fileId: 'file',
  batchId: 'batch',
  group: 'group',
  kind: 'kind',
  type: 'type',
};

/** The ids in a message. What somebody else put there is not repeated. */
function subjectOf(message: unknown): LogFields {
  if (typeof message !== 'object' || message === null) return {};
  const known = Object.entries(message).flatMap(([key, value]) => {
    const name = Object.entries(subjects).find(([field]) => field === key)?.[1];
    return name && typeof value === 'string' && /^[\w-]{1,80}$/.test(value) ? [[name, value]] : [];
  });
  return Object.fromEntries(known);
}
