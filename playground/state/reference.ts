import { signal } from '@preact/signals';

/** As much of the OpenAPI document as the reference shows. */
export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly summary: string;
  readonly group: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly place: string;
    readonly required: boolean;
  }[];
  readonly body: unknown;
}

export const reference = signal<readonly Operation[] | undefined>(undefined);
export const referenceFailed = signal(false);

interface Document {
  readonly paths?: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, unknown>> };
}

interface Described {
  readonly summary?: string;
  readonly parameters?: readonly {
    readonly name?: string;
    readonly in?: string;
    readonly required?: boolean;
  }[];
  readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly schema?: unknown }>> };
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

export async function readReference(): Promise<void> {
  try {
    const response = await fetch('/openapi.json');
    reference.value = operationsOf((await response.json()) as Document);
  } catch {
    referenceFailed.value = true;
  }
}

/** Pure. */
export function operationsOf({ paths = {} }: Document): Operation[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const described = item[method];
      if (!described) return [];
      const content = Object.values(described.requestBody?.content ?? {})[0];
      return [
        {
          method: method.toUpperCase(),
          path,
          summary: described.summary ?? '',
          group: groupOf(path),
          parameters: (described.parameters ?? []).map(({ name = '', in: place = '', required = false }) => ({
            name,
            place,
            required,
          })),
          body: content?.schema,
        },
      ];
    }),
  );
}

/** `/threads/{thread_id}/runs/{run_id}` belongs to the runs. */
function groupOf(path: string): string {
  const names = path
    .split('/')
    .filter((part) => part !== '' && !part.startsWith('{') && !/^v\d+$/.test(part));
  const nested = ['steps', 'runs', 'messages'].find((name) => names.includes(name));
  return (nested ?? names[0] ?? '').replaceAll('_', ' ');
}
