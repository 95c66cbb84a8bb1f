import type { z } from 'zod';

import { countCodePoints } from './code-points.ts';

/** One refusal of a request, in the API's words. */
export interface Refusal {
  readonly message: string;
  readonly param: string | null;
  readonly code: string;
}

/** The message of a whole number's own issues: the library calls what it expected there a number. */
export const INTEGER = 'integer';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/**
 * Turns what the schema found wrong into the API's message, `param` and `code`. Of several findings the
 * unknown fields win: a misspelt name is also the reason why the right one is missing.
 */
export function refusalOf(issues: readonly Issue[]): Refusal {
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];
  if (!issue) return { message: 'Invalid request.', param: null, code: 'invalid_value' };
  return refuse(issue, []);
}

function refuse(issue: Issue, parents: Path): Refusal {
  const path = [...parents, ...issue.path];
  const param = paramOf(path);
  switch (issue.code) {
    case 'unrecognized_keys': {
      const unknown = paramOf([...path, issue.keys[0] ?? '']);
      return {
        message: `Unknown parameter: '${unknown}'.${issue.message}`.trimEnd(),
        param: unknown,
        code: 'unknown_parameter',
      };
    }
    case 'invalid_type':
      return invalidType(param, issue.input, [article(issue.message === INTEGER ? INTEGER : issue.expected)]);
    case 'invalid_value':
      return invalidValue(param, issue.input, issue.values);
    case 'invalid_union':
      return invalidUnion(issue, path);
    case 'too_big':
      return outOfRange(param, issue, Number(issue.maximum), 'maximum');
    case 'too_small':
      return outOfRange(param, issue, Number(issue.minimum), 'minimum');
    case 'invalid_format':
      return invalidFormat(param, issue);
    case 'custom':
      return { message: issue.message, param, code: String(issue.params?.code ?? 'invalid_value') };
    default:
      return { message: `Invalid value for '${param}'.`, param, code: 'invalid_value' };
  }
}

/** `tools[0].function.name`; null for the request itself. */
export function paramOf(path: Path): string | null {
  let param = '';
  for (const part of path) {
    if (typeof part === 'number') param += `[${part}]`;
    else param += param === '' ? String(part) : `.${String(part)}`;
  }
  return param === '' ? null : param;
}

const missing = (param: string | null): Refusal => ({
  message: `Missing required parameter: '${param}'.`,
  param,
  code: 'missing_required_parameter',
});

function invalidType(param: string | null, input: unknown, expected: readonly string[]): Refusal {
  if (input === undefined) return missing(param);
  const place = param === null ? 'the request body' : `'${param}'`;
  const wanted = expected.length > 1 ? `one of ${listed(expected, 'or')}` : expected[0];
  return {
    message: `Invalid type for ${place}: expected ${wanted}, but got ${kindOf(input)} instead.`,
    param,
    code: 'invalid_type',
  };
}

function invalidValue(param: string | null, input: unknown, values: readonly unknown[]): Refusal {
  const supported = values.map((value) => (typeof value === 'string' ? `'${value}'` : String(value)));
  if (typeof input !== typeof values[0]) return invalidType(param, input, supported);
  return {
    message: `Invalid value: ${shown(input)}. Supported ${
      supported.length === 1 ? 'value is' : 'values are'
    }: ${listed(supported, 'and')}.`,
    param,
    code: 'invalid_value',
  };
}

/** Follows the alternative that the caller meant: the one whose own type fits. */
function invalidUnion(issue: Extract<Issue, { code: 'invalid_union' }>, path: Path): Refusal {
  const param = paramOf(path);
  if (issue.discriminator !== undefined && 'options' in issue) {
    const value = (issue.input as Record<string, unknown>)[issue.discriminator];
    return invalidValue(param, value, issue.options ?? []);
  }
  const alternatives = issue.errors;
  const fitting = alternatives.find(
    (errors) => !errors.some(({ path: at, code }) => at.length === 0 && isTypeError(code)),
  );
  if (fitting) {
    const inner = fitting.find(({ code }) => code === 'unrecognized_keys') ?? fitting[0];
    if (inner) return refuse(inner, path);
  }
  const errors = alternatives.flatMap((list) => list.filter(({ path: at }) => at.length === 0));
  const values = errors.flatMap((error) => (error.code === 'invalid_value' ? error.values : []));
  if (typeof issue.input === 'string' && values.length > 0) return invalidValue(param, issue.input, values);
  const expected = errors.flatMap((error) => {
    if (error.code === 'invalid_type') return [article(error.expected)];
    return error.code === 'invalid_value' ? error.values.map((value) => `'${String(value)}'`) : [];
  });
  return invalidType(param, issue.input, [...new Set(expected)]);
}

const isTypeError = (code: Issue['code']): boolean => code === 'invalid_type' || code === 'invalid_value';

function outOfRange(
  param: string | null,
  issue: Extract<Issue, { code: 'too_big' | 'too_small' }>,
  limit: number,
  side: 'maximum' | 'minimum',
): Refusal {
  const { input } = issue;
  const where = side === 'maximum' ? 'above_max' : 'below_min';
  const refused = (message: string, code: string): Refusal => ({
    message: `Invalid '${param}': ${message}`,
    param,
    code,
  });
  if (typeof input === 'number') {
    const kind = issue.origin === 'int' ? 'integer' : 'decimal';
    const sign = side === 'maximum' ? '<=' : '>=';
    return refused(
      `${kind} ${side === 'maximum' ? 'above maximum' : 'below minimum'} value. Expected a value ${sign} ${limit}, but got ${input} instead.`,
      `${kind}_${where}_value`,
    );
  }
  if (issue.origin === 'key' && typeof input === 'string') {
    return refused(
      `property name too long. Expected a property name with maximum length ${limit}, but got one with length ${countCodePoints(input)} instead.`,
      'property_name_above_max_length',
    );
  }
  if (issue.origin === 'object') {
    return refused(
      `too many properties. Expected an object with at most ${limit} properties, but got an object with ${Object.keys(input ?? {}).length} properties instead.`,
      'object_above_max_properties',
    );
  }
  const kind = typeof input === 'string' ? 'string' : 'array';
  const length = typeof input === 'string' ? countCodePoints(input) : Array.isArray(input) ? input.length : 0;
  const a = article(kind);
  if (length === 0) {
    return refused(
      `empty ${kind}. Expected ${a} with minimum length ${limit}, but got an empty ${kind} instead.`,
      `empty_${kind}`,
    );
  }
  return refused(
    `${kind} too ${side === 'maximum' ? 'long' : 'short'}. Expected ${a} with ${side} length ${limit}, but got ${a} with length ${length} instead.`,
    `${kind}_${where}_length`,
  );
}

function invalidFormat(param: string | null, issue: Extract<Issue, { code: 'invalid_format' }>): Refusal {
  if (issue.format === 'regex') {
    const pattern = String(issue.pattern).replace(/^\/(.*)\/[a-z]*$/, '$1');
    return {
      message: `Invalid '${param}': string does not match pattern. Expected a string that matches the pattern '${pattern}'.`,
      param,
      code: 'invalid_value',
    };
  }
  return {
    message: `Invalid '${param}'. Expected a valid ${issue.format.toUpperCase()}, but got a value with an invalid format.`,
    param,
    code: `invalid_${issue.format}`,
  };
}

const LONGEST_SHOWN_VALUE = 100;

function shown(input: unknown): string {
  if (typeof input !== 'string') return String(input);
  const points = [...input.slice(0, 2 * LONGEST_SHOWN_VALUE)].slice(0, LONGEST_SHOWN_VALUE).join('');
  return points.length < input.length ? `'${points}…'` : `'${input}'`;
}

/** `'a', 'b', and 'c'`, with `word` before the last. */
function listed(items: readonly string[], word: 'and' | 'or'): string {
  if (items.length <= 2) return items.join(` ${word} `);
  return `${items.slice(0, -1).join(', ')}, ${word} ${items.at(-1)}`;
}

const names: Readonly<Record<string, string>> = { int: 'integer', record: 'object' };

function article(expected: string): string {
  const name = names[expected] ?? expected;
  if (name === 'null') return name;
  return /^[aeiou]/.test(name) ? `an ${name}` : `a ${name}`;
}

function kindOf(input: unknown): string {
  if (input === null) return 'null';
  if (Array.isArray(input)) return 'an array';
  if (typeof input === 'number') return Number.isInteger(input) ? 'an integer' : 'a decimal number';
  return article(typeof input);
}
