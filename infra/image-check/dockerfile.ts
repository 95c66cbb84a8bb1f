/** The instructions of a Dockerfile, in the forms that session/Dockerfile uses. Anything else is an error. */

export type Instruction =
  | { readonly kind: 'FROM'; readonly image: string }
  | { readonly kind: 'ARG'; readonly name: string; readonly value: string }
  | { readonly kind: 'ENV'; readonly values: Readonly<Record<string, string>> }
  | { readonly kind: 'COPY'; readonly source: string; readonly target: string }
  | { readonly kind: 'RUN'; readonly script: string }
  | { readonly kind: 'WORKDIR'; readonly path: string }
  | { readonly kind: 'USER'; readonly name: string }
  | { readonly kind: 'EXPOSE'; readonly port: number }
  | { readonly kind: 'ENTRYPOINT'; readonly command: readonly string[] }
  | { readonly kind: 'HEALTHCHECK'; readonly command: readonly string[] };

/** How a container of the image runs. */
export interface ImageSettings {
  readonly env: Readonly<Record<string, string>>;
  readonly user: string;
  readonly workdir: string;
  readonly port: number;
  readonly entrypoint: readonly string[];
  readonly health: readonly string[];
}

/** @throws when there is an instruction, or a form of one, that the check would not execute as Docker does. */
export function parseDockerfile(text: string): Instruction[] {
  const given = new Map<string, string>();
  return logicalLines(text).map((line) => {
    const [, name = '', rest = ''] = /^(\S+)\s+([\s\S]*)$/.exec(line) ?? [];
    const instruction = parseInstruction(name, rest.trim(), line);
    if (instruction.kind === 'ARG') given.set(instruction.name, instruction.value);
    if (instruction.kind !== 'FROM') return instruction;
    const image = instruction.image.replace(/\$\{(\w+)\}/g, (_, key) => given.get(key) ?? unsupported(line));
    return { kind: 'FROM', image };
  });
}

/** Lines with their continuations; comments go, also those between continued lines. */
function logicalLines(text: string): string[] {
  const lines: string[] = [];
  let open = '';
  for (const line of text.split('\n')) {
    if (line.trimStart().startsWith('#') || (open === '' && line.trim() === '')) continue;
    open += line.endsWith('\\') ? `${line.slice(0, -1)}\n` : line;
    if (!line.endsWith('\\')) {
      lines.push(open);
      open = '';
    }
  }
  if (open !== '') throw new Error('The Dockerfile ends within an instruction.');
  return lines;
}

function parseInstruction(name: string, rest: string, line: string): Instruction {
  switch (name) {
    case 'FROM':
      return { kind: 'FROM', image: rest };
    case 'ARG': {
      const [key, value] = Object.entries(assignments(rest))[0] ?? unsupported(line);
      return { kind: 'ARG', name: key, value };
    }
    case 'ENV':
      return { kind: 'ENV', values: assignments(rest) };
    case 'COPY': {
      const [source, target, ...others] = rest.split(/\s+/);
      if (!source || !target || others.length > 0 || rest.startsWith('-')) unsupported(line);
      return { kind: 'COPY', source, target };
    }
    case 'RUN':
      if (rest.startsWith('[') || rest.startsWith('--')) unsupported(line);
      return { kind: 'RUN', script: rest.replaceAll('\n', ' ') };
    case 'WORKDIR':
      return { kind: 'WORKDIR', path: rest };
    case 'USER':
      return { kind: 'USER', name: rest };
    case 'EXPOSE':
      return { kind: 'EXPOSE', port: /^\d+$/.test(rest) ? Number(rest) : unsupported(line) };
    case 'ENTRYPOINT':
      return { kind: 'ENTRYPOINT', command: execForm(rest, line) };
    case 'HEALTHCHECK': {
      const command = /\bCMD\s+(\[[\s\S]*\])$/.exec(rest)?.[1];
      return { kind: 'HEALTHCHECK', command: execForm(command ?? unsupported(line), line) };
    }
    default:
      return unsupported(line);
  }
}

function unsupported(line: string): never {
  throw new Error(`The check of the image does not know this instruction of the Dockerfile: ${line}`);
}

function execForm(text: string, line: string): string[] {
  const value: unknown = text.startsWith('[') ? JSON.parse(text) : undefined;
  if (Array.isArray(value) && value.every((part) => typeof part === 'string')) return value;
  return unsupported(line);
}

function assignments(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  const rest = text.replace(/([A-Z_a-z]\w*)=(?:"([^"\\$]*)"|([^\s"\\$]*))/g, (_, name, quoted, plain) => {
    found[name] = quoted ?? plain;
    return '';
  });
  if (rest.trim() !== '') unsupported(text);
  return found;
}

/** What holds when the last instruction has been read. @throws when something is not said. */
export function imageSettings(instructions: readonly Instruction[]): ImageSettings {
  const last = <K extends Instruction['kind']>(kind: K) => {
    const found = instructions.findLast(
      (each): each is Extract<Instruction, { kind: K }> => each.kind === kind,
    );
    if (!found) throw new Error(`The Dockerfile has no ${kind}.`);
    return found;
  };
  const env: Record<string, string> = {};
  for (const each of instructions) if (each.kind === 'ENV') Object.assign(env, each.values);
  return {
    env,
    user: last('USER').name,
    workdir: last('WORKDIR').path,
    port: last('EXPOSE').port,
    entrypoint: last('ENTRYPOINT').command,
    health: last('HEALTHCHECK').command,
  };
}
