import { PassThrough, type Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { Busboy, type BusboyInstance } from '@fastify/busboy';
import { z } from 'zod';

import { badRequest } from '../api/error.ts';
import { validate } from '../api/validate.ts';
import { type BodySource, bodyChunks } from './body.ts';
import { digestOf } from './form-digest.ts';
import { formFields } from './form-fields.ts';

export interface FilePart {
  readonly filename: string;
  readonly mimeType: string;
  /**
   * The file's bytes. Ends only when the whole form has arrived and its fields are valid, otherwise breaks
   * off with the refusal: what a receiver commits at the end is never half of a request.
   */
  readonly content: Readable;
}

interface Form<S extends z.ZodObject> {
  /** Name of the part that carries the bytes. */
  readonly file: string;
  readonly fields?: S;
}

/**
 * The parser never answers when it skips a part (one without a name) that fills its buffer and ends in the same
 * write. So the buffer is larger than what is written before the parser's next turn.
 */
const PIECE_BYTES = 256 * 1024;
const BUFFER_BYTES = 4 * PIECE_BYTES;
const LIMITS = { fieldNameSize: 200, fieldSize: 4096, fields: 20, parts: 22, headerPairs: 50 };
/** Bytes of a form that are no file's: fields, heads of parts, what stands before and after them, and what is still buffered. */
const OVERHEAD_BYTES = 4 * 1024 * 1024;
const NAME_WITHOUT_A_NAME = 'upload';

/**
 * Reads a multipart form as a stream; the fields may come after the file.
 * @param receive takes the file's bytes while they arrive
 * @throws {ApiError} 400 for a broken form, and whatever `receive` throws
 */
export async function readForm<S extends z.ZodObject, T>(
  request: BodySource,
  form: Form<S>,
  receive: (part: FilePart) => Promise<T>,
): Promise<{ fields: z.output<S>; received: T }> {
  const busboy = open(request, form.file);
  const digest = digestOf(request);
  const fields: [name: string, value: string][] = [];
  const content = new PassThrough();
  let received: Promise<T> | undefined;
  let fileBytes = 0;

  const parsed = new Promise<void>((resolve, reject) => {
    busboy.on('field', (name, value, nameTruncated, valueTruncated) => {
      if (nameTruncated || valueTruncated) reject(badRequest(`The form field '${name}' is too long.`, name));
      fields.push([name, value]);
      digest?.field(name, value);
    });
    busboy.on('file', (name, stream, filename, _encoding, mimeType) => {
      stream.on('error', reject);
      const second = received !== undefined;
      if (name !== form.file || second) {
        stream.resume();
        reject(
          name === form.file
            ? badRequest(`There is more than one '${name}'.`, name)
            : badRequest(`Unknown parameter: '${name}'.`, name, 'unknown_parameter'),
        );
        return;
      }
      received = receive({ filename: filename ?? NAME_WITHOUT_A_NAME, mimeType, content });
      received.catch(reject);
      if (digest) {
        digest.file(name, filename ?? NAME_WITHOUT_A_NAME);
        stream.on('data', (bytes: Uint8Array) => digest.content(bytes));
      }
      stream.on('data', (chunk: Buffer) => {
        fileBytes += chunk.length;
      });
      stream.pipe(content, { end: false });
    });
    for (const limit of ['partsLimit', 'filesLimit', 'fieldsLimit'] as const) {
      busboy.on(limit, () => reject(badRequest('The form has too many parts.')));
    }
    busboy.on('error', (error) => reject(brokenForm(String(error))));
    busboy.on('finish', resolve);
    pump(request, busboy, () => fileBytes).catch(reject);
  });

  try {
    await parsed;
    if (received === undefined) {
      throw badRequest(
        `Missing required parameter: '${form.file}'.`,
        form.file,
        'missing_required_parameter',
      );
    }
    const valid = validate(form.fields ?? z.strictObject({}), formFields(fields)) as z.output<S>;
    content.end();
    return { fields: valid, received: await received };
  } catch (error) {
    // Nobody may be listening yet or any more: the refusal below is what counts.
    content.on('error', () => {});
    content.destroy(error as Error);
    busboy.destroy();
    await received?.catch(() => {});
    throw error;
  }
}

const brokenForm = (reason: string) =>
  badRequest(`We could not parse the multipart form of your request: ${reason.replace(/^Error: /, '')}.`);

function open(request: BodySource, file: string): BusboyInstance {
  const contentType = request.headers.get('content-type') ?? '';
  if (!/^multipart\/form-data\b/i.test(contentType)) {
    throw badRequest(
      `Invalid content type: expected multipart/form-data, but got ${contentType === '' ? 'none' : `'${contentType.slice(0, 100)}'`}.`,
    );
  }
  try {
    return new Busboy({
      headers: { 'content-type': contentType },
      limits: LIMITS,
      fileHwm: BUFFER_BYTES,
      isPartAFile: (name, _type, filename) => name === file || filename !== undefined,
    });
  } catch (error) {
    throw brokenForm((error as Error).message);
  }
}

async function pump(request: BodySource, busboy: BusboyInstance, fileBytes: () => number): Promise<void> {
  let bytes = 0;
  for await (const chunk of bodyChunks(request)) {
    for (let from = 0; from < chunk.length; from += PIECE_BYTES) {
      if (busboy.destroyed) return;
      bytes += Math.min(PIECE_BYTES, chunk.length - from);
      if (bytes - fileBytes() > OVERHEAD_BYTES) throw brokenForm('there is too much around its file');
      if (!busboy.write(chunk.subarray(from, from + PIECE_BYTES))) await takenUp(busboy);
      await nextTurn();
    }
  }
  if (!busboy.destroyed) busboy.end();
}

const takenUp = (busboy: BusboyInstance): Promise<void> =>
  new Promise((resolve) => {
    const go = () => {
      busboy.off('drain', go).off('close', go);
      resolve();
    };
    busboy.on('drain', go).on('close', go);
  });
