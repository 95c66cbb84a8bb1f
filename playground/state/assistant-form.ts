import type OpenAI from 'openai';

type Assistant = OpenAI.Beta.Assistant;
type Parameters = OpenAI.Beta.AssistantCreateParams;
type Tool = OpenAI.Beta.AssistantTool;
type ResponseFormat = NonNullable<Parameters['response_format']>;

/** An assistant as its editor holds it: text where people type. */
export interface AssistantForm {
  readonly name: string;
  readonly description: string;
  readonly model: string;
  readonly instructions: string;
  readonly codeInterpreter: boolean;
  readonly codeFiles: readonly string[];
  readonly fileSearch: boolean;
  readonly vectorStore: string;
  /** Empty: as the API has it. */
  readonly maxResults: string;
  readonly scoreThreshold: string;
  /** The JSON of each function. */
  readonly functions: readonly string[];
  readonly temperature: string;
  readonly topP: string;
  readonly reasoningEffort: string;
  readonly responseFormat: 'auto' | 'text' | 'json_object' | 'json_schema';
  readonly jsonSchema: string;
  readonly metadata: readonly (readonly [name: string, value: string])[];
}

export const EXAMPLE_FUNCTION = `{
  "name": "get_weather",
  "description": "The weather at a place, now",
  "parameters": {
    "type": "object",
    "properties": {
      "city": { "type": "string", "description": "For example Oslo" },
      "unit": { "type": "string", "enum": ["celsius", "fahrenheit"] }
    },
    "required": ["city"]
  }
}`;

export const EXAMPLE_SCHEMA = `{
  "name": "answer",
  "strict": true,
  "schema": {
    "type": "object",
    "properties": { "answer": { "type": "string" } },
    "required": ["answer"],
    "additionalProperties": false
  }
}`;

export function emptyForm(model: string): AssistantForm {
  return {
    name: '',
    description: '',
    model,
    instructions: '',
    codeInterpreter: true,
    codeFiles: [],
    fileSearch: false,
    vectorStore: '',
    maxResults: '',
    scoreThreshold: '',
    functions: [],
    temperature: '',
    topP: '',
    reasoningEffort: '',
    responseFormat: 'auto',
    jsonSchema: EXAMPLE_SCHEMA,
    metadata: [],
  };
}

export function formOf(assistant: Assistant): AssistantForm {
  const search = assistant.tools.find((tool) => tool.type === 'file_search')?.file_search;
  const format = assistant.response_format;
  const type = typeof format === 'object' && format !== null ? format.type : 'auto';
  return {
    name: assistant.name ?? '',
    description: assistant.description ?? '',
    model: assistant.model,
    instructions: assistant.instructions ?? '',
    codeInterpreter: assistant.tools.some((tool) => tool.type === 'code_interpreter'),
    codeFiles: assistant.tool_resources?.code_interpreter?.file_ids ?? [],
    fileSearch: assistant.tools.some((tool) => tool.type === 'file_search'),
    vectorStore: assistant.tool_resources?.file_search?.vector_store_ids?.[0] ?? '',
    maxResults: textOf(search?.max_num_results),
    scoreThreshold: textOf(search?.ranking_options?.score_threshold),
    functions: assistant.tools.flatMap((tool) =>
      tool.type === 'function' ? [JSON.stringify(tool.function, undefined, 2)] : [],
    ),
    temperature: textOf(assistant.temperature),
    topP: textOf(assistant.top_p),
    reasoningEffort: textOf((assistant as { reasoning_effort?: string | null }).reasoning_effort),
    responseFormat: type,
    jsonSchema:
      typeof format === 'object' && format?.type === 'json_schema'
        ? JSON.stringify(format.json_schema, undefined, 2)
        : EXAMPLE_SCHEMA,
    metadata: Object.entries((assistant.metadata ?? {}) as Record<string, string>),
  };
}

const textOf = (value: unknown): string => (value === undefined || value === null ? '' : String(value));

/** What is wrong before it is sent, by field; the API judges the rest. Pure. */
export function flawsOf(form: AssistantForm): ReadonlyMap<string, string> {
  const flaws = new Map<string, string>();
  if (form.model.trim() === '') flaws.set('model', 'A model is needed.');
  for (const [index, text] of form.functions.entries()) {
    const flaw = functionFlaw(text);
    if (flaw) flaws.set(`function ${index}`, flaw);
  }
  if (form.responseFormat === 'json_schema') {
    const flaw = jsonFlaw(form.jsonSchema) ?? nameFlaw(JSON.parse(form.jsonSchema));
    if (flaw) flaws.set('jsonSchema', flaw);
  }
  return flaws;
}

/** Why a text is no function's description. Pure. */
export function functionFlaw(text: string): string | undefined {
  const flaw = jsonFlaw(text);
  if (flaw) return flaw;
  const value = JSON.parse(text) as Record<string, unknown>;
  const named = nameFlaw(value);
  if (named) return named;
  if (value.description !== undefined && typeof value.description !== 'string')
    return '"description" has to be a text.';
  const { parameters } = value;
  if (parameters === undefined || parameters === null) return undefined;
  if (typeof parameters !== 'object' || Array.isArray(parameters))
    return '"parameters" has to be a JSON Schema, an object.';
  const { type, properties, required } = parameters as Record<string, unknown>;
  if (type !== 'object') return '"parameters" needs "type": "object".';
  if (
    properties !== undefined &&
    (typeof properties !== 'object' || properties === null || Array.isArray(properties))
  ) {
    return '"properties" has to be an object.';
  }
  const names = Object.keys((properties ?? {}) as object);
  const unknown = Array.isArray(required)
    ? required.find((name) => !names.includes(String(name)))
    : undefined;
  return unknown === undefined
    ? undefined
    : `"required" names ${JSON.stringify(unknown)}, which is no property.`;
}

function jsonFlaw(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? undefined
      : 'This has to be an object: { … }.';
  } catch (error) {
    return `This is no JSON: ${error instanceof Error ? error.message : String(error)}.`;
  }
}

const nameFlaw = ({ name }: { name?: unknown }): string | undefined =>
  typeof name === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(name)
    ? undefined
    : '"name" is needed: 1 to 64 letters, digits, _ and -.';

/** What the API is asked for. A form with flaws has none. Pure. */
export function parametersOf(form: AssistantForm): Parameters {
  return {
    model: form.model.trim(),
    name: form.name.trim() || null,
    description: form.description.trim() || null,
    instructions: form.instructions || null,
    tools: toolsOf(form),
    tool_resources: {
      code_interpreter: { file_ids: form.codeInterpreter ? [...form.codeFiles] : [] },
      // A deployment without vector stores does not know the field's content.
      ...(form.fileSearch
        ? { file_search: { vector_store_ids: form.vectorStore ? [form.vectorStore] : [] } }
        : {}),
    },
    metadata: Object.fromEntries(form.metadata.filter(([name]) => name.trim() !== '')),
    response_format: formatOf(form),
    ...(form.temperature === '' ? {} : { temperature: Number(form.temperature) }),
    ...(form.topP === '' ? {} : { top_p: Number(form.topP) }),
    ...(form.reasoningEffort === '' ? {} : { reasoning_effort: form.reasoningEffort as 'low' }),
  };
}

function toolsOf(form: AssistantForm): Tool[] {
  const search = {
    ...(form.maxResults === '' ? {} : { max_num_results: Number(form.maxResults) }),
    ...(form.scoreThreshold === ''
      ? {}
      : { ranking_options: { score_threshold: Number(form.scoreThreshold) } }),
  };
  return [
    ...(form.codeInterpreter ? [{ type: 'code_interpreter' } as const] : []),
    ...(form.fileSearch
      ? [{ type: 'file_search' as const, ...(Object.keys(search).length > 0 ? { file_search: search } : {}) }]
      : []),
    ...form.functions.map((text) => ({ type: 'function' as const, function: JSON.parse(text) })),
  ];
}

function formatOf({ responseFormat, jsonSchema }: AssistantForm): ResponseFormat {
  if (responseFormat === 'auto') return 'auto';
  if (responseFormat !== 'json_schema') return { type: responseFormat };
  return { type: 'json_schema', json_schema: JSON.parse(jsonSchema) };
}
