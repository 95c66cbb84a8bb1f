/**
 * infra/main.parameters.json as `azd` reads it. Its rules, from
 * https://github.com/Azure/azure-dev, cli/azd/pkg/infra/provisioning/bicep/bicep_provider.go (`loadParameters`,
 * `ensureParameters`, `armParameterFileValue`):
 * - `${NAME}` and `${NAME=default}` are put in; a text that stays empty as its variable is not set is left out;
 * - a text for a boolean or a number is read as one; one for an array or object is read as JSON;
 * - what is empty then, and has no default in the template, is asked for (an error with `--no-prompt`).
 */
export interface TemplateParameter {
  /** As in an ARM template: string, securestring, int, bool, array, object, in any case. */
  readonly type: string;
  readonly defaultValue?: unknown;
}

export interface ResolvedParameters {
  readonly values: Readonly<Record<string, unknown>>;
  /** What azd asks for. */
  readonly asked: readonly string[];
  /** What azd, or Resource Manager after it, would stop at. */
  readonly problems: readonly string[];
}

export interface ParametersFile {
  readonly parameters: Readonly<Record<string, { readonly value: unknown }>>;
}

export function resolveAsAzd(
  file: ParametersFile,
  template: Readonly<Record<string, TemplateParameter>>,
  environment: Readonly<Record<string, string>>,
): ResolvedParameters {
  const values: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [name, { value }] of Object.entries(file.parameters)) {
    const parameter = template[name];
    if (!parameter) {
      problems.push(`${name}: main.bicep has no such parameter`);
      continue;
    }
    const { text, unset } =
      typeof value === 'string' ? substitute(value, environment) : { text: value, unset: false };
    if (typeof text !== 'string') values[name] = text;
    else if (text !== '' || !unset) read(name, parameter, text);
  }
  const asked = Object.entries(template)
    .filter(([name, { defaultValue }]) => values[name] === undefined && defaultValue === undefined)
    .map(([name]) => name);
  return { values, asked, problems };

  function read(name: string, { type, defaultValue }: TemplateParameter, text: string): void {
    switch (type.toLowerCase()) {
      case 'bool':
        if (!/^(1|t|true|0|f|false)$/i.test(text))
          problems.push(`${name}: "${text}" is neither true nor false`);
        else values[name] = /^(1|t)/i.test(text);
        return;
      case 'int':
        if (!/^[+-]?\d+$/.test(text)) problems.push(`${name}: "${text}" is no whole number`);
        else values[name] = Number(text);
        return;
      case 'array':
      case 'object':
        try {
          values[name] = JSON.parse(text);
        } catch {
          problems.push(`${name}: "${text}" is no JSON`);
        }
        return;
      default:
        // An empty text and no default: azd asks.
        if (text !== '' || typeof defaultValue === 'string') values[name] = text;
    }
  }
}

/** Shell-like: `=`, `:=` and `:-` give a default, which counts for an empty variable too. */
function substitute(text: string, environment: Readonly<Record<string, string>>) {
  let unset = false;
  const replaced = text.replace(/\$\{(\w+)(?::?[=-]([^}]*))?\}/g, (_, name: string, fallback?: string) => {
    const value = environment[name];
    if (value === undefined) unset = true;
    return value || fallback || '';
  });
  return { text: replaced, unset };
}
