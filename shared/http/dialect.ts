import { presentRun, type RunRecord } from '../api/run.ts';
import { type Include, type RunStep, shownStep } from '../api/run-step.ts';
import type { Present } from '../events/sse.ts';

/** The API's first version, as clients select it, or its second. */
export type Dialect = 'v1' | 'v2';

/** Azure's versions with assistants, before 2024-05-01-preview brought v2. */
const V1_API_VERSIONS = new Set(['2024-02-15-preview', '2024-03-01-preview', '2024-04-01-preview']);

/** Azure's version decides, as it did there: the official clients of today always send the header for v2. */
export function dialectOf(query: URLSearchParams, headers: Headers): Dialect {
  if (V1_API_VERSIONS.has(query.get('api-version') ?? '')) return 'v1';
  const beta = headers.get('openai-beta') ?? '';
  return /\bassistants=v1\b/.test(beta) && !/\bassistants=v2\b/.test(beta) ? 'v1' : 'v2';
}

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const rename = (from: string, to: string) => (tool: unknown) =>
  isObject(tool) && tool.type === from ? { ...tool, type: to } : tool;

/**
 * A v1 request in the words of v2: the tool `retrieval` is `file_search`, and an assistant's `file_ids` are
 * its code interpreter's. (A message's `file_ids` are understood everywhere, see `api/message.ts`.)
 */
export function fromV1(body: unknown, isAssistant: boolean): unknown {
  if (!isObject(body)) return body;
  const upgraded = withTextMetadata(body);
  if (Array.isArray(body.tools)) upgraded.tools = body.tools.map(rename('retrieval', 'file_search'));
  if (body.tool_choice !== undefined) {
    upgraded.tool_choice = rename('retrieval', 'file_search')(body.tool_choice);
  }
  if (isAssistant && 'file_ids' in body) {
    delete upgraded.file_ids;
    upgraded.tool_resources = { code_interpreter: { file_ids: body.file_ids ?? [] } };
  }
  return upgraded;
}

/**
 * v1 took numbers and booleans as metadata, and made the strings of them that its own language makes: ruby-openai's
 * recorded `{"modified": true}` came back as `"True"`. (v2 refuses them.)
 */
function withTextMetadata(body: Json): Json {
  const upgraded = { ...body };
  if (isObject(body.metadata)) {
    const texts = Object.entries(body.metadata).map(([name, value]) => [name, metadataText(value)]);
    upgraded.metadata = Object.fromEntries(texts);
  }
  for (const list of ['messages', 'additional_messages']) {
    const messages = body[list];
    if (Array.isArray(messages)) {
      upgraded[list] = messages.map((message: unknown) =>
        isObject(message) ? withTextMetadata(message) : message,
      );
    }
  }
  if (isObject(body.thread)) upgraded.thread = withTextMetadata(body.thread);
  return upgraded;
}

function metadataText(value: unknown): unknown {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return typeof value === 'number' ? String(value) : value;
}

/**
 * An answer in the words of v2, which are ours but for one: only v1 told what a citation quotes.
 */
export function toV2(answer: object): object {
  const object = answer as Json;
  if (object.object === 'list')
    return Array.isArray(object.data) ? { ...object, data: object.data.map(toV2) } : object;
  if (object.object === 'thread.message' && Array.isArray(object.content) && object.content.some(hasQuotes)) {
    return { ...object, content: object.content.map(withoutQuotes) };
  }
  if (
    object.object === 'thread.message.delta' &&
    isObject(object.delta) &&
    Array.isArray(object.delta.content)
  ) {
    if (!object.delta.content.some(hasQuotes)) return object;
    return { ...object, delta: { ...object.delta, content: object.delta.content.map(withoutQuotes) } };
  }
  return object;
}

const annotationsOf = (part: unknown): readonly unknown[] =>
  isObject(part) && isObject(part.text) && Array.isArray(part.text.annotations) ? part.text.annotations : [];

const hasQuotes = (part: unknown): boolean =>
  annotationsOf(part).some((note) => isObject(note) && isObject(note.file_citation));

const withoutQuotes = (part: unknown): unknown => {
  if (!isObject(part) || !isObject(part.text) || !hasQuotes(part)) return part;
  const annotations = annotationsOf(part).map((note) =>
    isObject(note) && isObject(note.file_citation)
      ? { ...note, file_citation: without(note.file_citation, ['quote']) }
      : note,
  );
  return { ...part, text: { ...part.text, annotations } };
};

/** An answer in the words of v1; the lists of it, too. Objects that v1 had in the same form pass through. */
export function toV1(answer: object): object {
  const object = answer as Json;
  switch (object.object) {
    case 'list':
      return Array.isArray(object.data) ? { ...object, data: object.data.map(toV1) } : object;
    case 'assistant':
      return withFileIds(object, codeInterpreterFiles(object.tool_resources));
    case 'thread':
      return without(object, ['tool_resources']);
    case 'thread.message':
      return without({ ...object, file_ids: attachedFiles(object.attachments) }, ['attachments']);
    case 'thread.run':
      return withFileIds(object, Array.isArray(object.file_ids) ? object.file_ids : []);
    case 'thread.run.step':
      return { ...object, step_details: stepDetails(object.step_details) };
    case 'thread.run.step.delta':
      return isObject(object.delta)
        ? { ...object, delta: { ...object.delta, step_details: stepDetails(object.delta.step_details) } }
        : object;
    default:
      return object;
  }
}

/** A run as the dialect shows it: v1 tells the files that the run's code is given. */
export const runPresenter = (dialect: Dialect) => (record: RunRecord) =>
  dialect === 'v1' ? withFilesOf(record)(presentRun(record)) : presentRun(record);

/** For a run's events. @param include what of its steps the caller asked for */
export const eventPresenter =
  (dialect: Dialect, include?: Include) =>
  (record: RunRecord): Present => {
    const withFiles = withFilesOf(record);
    return (answer) => {
      const shown = isStep(answer) ? shownStep(answer, include) : answer;
      if (dialect === 'v2') return toV2(shown);
      return toV1(isObject(shown) && shown.object === 'thread.run' ? withFiles(shown) : shown);
    };
  };

const isStep = (answer: object): answer is RunStep =>
  'object' in answer && answer.object === 'thread.run.step';

const withFilesOf =
  ({ work }: RunRecord) =>
  <T extends object>(run: T) => ({ ...run, file_ids: work.codeInterpreterFileIds });

/** A refusal names the fields as the caller wrote them. */
export const textToV1 = (text: string): string =>
  text
    .replaceAll('tool_resources.code_interpreter.file_ids', 'file_ids')
    .replaceAll("'file_search'", "'retrieval'");

function withFileIds(object: Json, fileIds: unknown[]): Json {
  const tools = Array.isArray(object.tools) ? object.tools.map(rename('file_search', 'retrieval')) : [];
  return without({ ...object, tools, file_ids: fileIds }, ['tool_resources']);
}

function codeInterpreterFiles(resources: unknown): unknown[] {
  const files =
    isObject(resources) && isObject(resources.code_interpreter) && resources.code_interpreter.file_ids;
  return Array.isArray(files) ? files : [];
}

const attachedFiles = (attachments: unknown): unknown[] =>
  Array.isArray(attachments) ? attachments.filter(isObject).map(({ file_id: id }) => id) : [];

function stepDetails(details: unknown): unknown {
  if (!isObject(details) || !Array.isArray(details.tool_calls)) return details;
  const calls = details.tool_calls.map((call: unknown) => {
    if (!isObject(call) || call.type !== 'file_search') return call;
    return without({ ...call, type: 'retrieval', retrieval: {} }, ['file_search']);
  });
  return { ...details, tool_calls: calls };
}

function without(object: Json, names: readonly string[]): Json {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}
