import { pipeline, type Readable, Transform } from 'node:stream';
import { pipeline as pipelinePromise } from 'node:stream/promises';

import { MINUTE } from '../clock.ts';
import {
  type AgentConnection,
  AgentUnreachable,
  answered,
  asSessionError,
  callForJson,
  openCall,
  parse,
  readSmall,
  refusal,
  SMALL_ANSWER_BYTES,
} from './agent-http.ts';
import { type AgentFile, agentFile, agentFiles, isSafePath } from './agent-wire.ts';
import { SessionError, type SessionFile } from './session.ts';

/** A list of 10,000 files with long names fits; a flood does not. */
const MAX_LIST_BYTES = 16 * 1024 * 1024;
/** The other end of a file's stream may be slow storage: more patience than with a heartbeat. */
const FILE_IDLE_MS = 2 * MINUTE;

export const toSessionFile = (file: AgentFile): SessionFile => ({
  path: file.path,
  bytes: file.bytes,
  mtime: file.mtime_ns,
});

const filePath = (path: string): string => `/v1/files/${path.split('/').map(encodeURIComponent).join('/')}`;

/** Streams `content`, which must be exactly `bytes` long, to `path` below the data folder. */
export async function putFile(
  connection: AgentConnection,
  path: string,
  content: Readable,
  bytes: number,
  signal?: AbortSignal,
): Promise<SessionFile> {
  if (!isSafePath(path)) throw new SessionError('rejected', `Not a usable file name: ${path.slice(0, 200)}`);
  const outgoing = openCall(connection, {
    method: 'PUT',
    path: filePath(path),
    headers: { 'content-length': bytes, 'content-type': 'application/octet-stream' },
    idleMs: FILE_IDLE_MS,
    signal,
    ownConnection: true,
  });
  let contentError: Error | undefined;
  const sized = exactly(bytes, (message) => new Error(message));
  content.once('error', (error) => {
    contentError = error;
  });
  sized.once('error', (error) => {
    contentError ??= error;
  });
  // The agent may answer early (disk full) and stop reading: then its answer counts, not the broken pipe.
  const sending = pipelinePromise(content, sized, outgoing).catch(() => undefined);
  try {
    const answer = await answered(outgoing, signal);
    const body = await readSmall(answer, SMALL_ANSWER_BYTES, signal);
    if (answer.statusCode !== 201) throw refusal(answer.statusCode ?? 0, body);
    await sending;
    const stored = parse(body, agentFile);
    if (stored.path !== path || stored.bytes !== bytes) {
      throw new SessionError('misbehaved', 'The session stored another file than it was given.');
    }
    return toSessionFile(stored);
  } catch (error) {
    outgoing.destroy();
    content.destroy();
    if (contentError && error instanceof AgentUnreachable) throw contentError;
    throw asSessionError(error);
  }
}

/** Streams the file; fails unless it is exactly as long as it was said to be. */
export async function getFile(
  connection: AgentConnection,
  file: SessionFile,
  signal?: AbortSignal,
): Promise<Readable> {
  const outgoing = openCall(connection, {
    method: 'GET',
    path: filePath(file.path),
    idleMs: FILE_IDLE_MS,
    signal,
    ownConnection: true,
  });
  outgoing.end();
  try {
    const answer = await answered(outgoing, signal);
    if (answer.statusCode !== 200) {
      throw refusal(answer.statusCode ?? 0, await readSmall(answer, SMALL_ANSWER_BYTES, signal));
    }
    if (answer.headers['content-length'] !== String(file.bytes)) {
      outgoing.destroy();
      throw new SessionError('rejected', `The file ${file.path} changed while it was being read.`);
    }
    const sized = exactly(file.bytes, (message) => new SessionError('misbehaved', message));
    return pipeline(answer, sized, () => outgoing.destroy());
  } catch (error) {
    throw asSessionError(error);
  }
}

export async function listFiles(connection: AgentConnection, signal?: AbortSignal): Promise<SessionFile[]> {
  try {
    const call = { method: 'GET', path: '/v1/files', maxBytes: MAX_LIST_BYTES, signal } as const;
    return (await callForJson(connection, call, agentFiles)).files.map(toSessionFile);
  } catch (error) {
    throw asSessionError(error);
  }
}

/** Passes exactly `bytes` bytes through, else fails with the error that `describe` makes. */
function exactly(bytes: number, describe: (message: string) => Error): Transform {
  let passed = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      passed += chunk.length;
      if (passed > bytes) callback(describe(`more than the announced ${bytes} bytes arrived`));
      else callback(null, chunk);
    },
    flush(callback) {
      callback(passed === bytes ? null : describe(`${passed} bytes arrived instead of ${bytes}`));
    },
  });
}
