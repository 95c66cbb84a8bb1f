import { registerHooks } from 'node:module';

import type {
  CoreApi,
  FunctionCallback,
  FunctionMetadata,
  HookCallback,
  ProgrammingModel,
} from './core-api.ts';
import type { HostLog } from './log.ts';

export interface RegisteredFunction {
  readonly metadata: FunctionMetadata;
  readonly callback: FunctionCallback;
}

/** Everything that the app's files registered while they were imported. */
export interface AppRegistry {
  readonly functions: ReadonlyMap<string, RegisteredFunction>;
  /** The library's model. @throws when no function was registered. */
  model(): ProgrammingModel;
  /** Runs the hooks of that name one after the other, in the order of their registration. */
  runHooks(name: string, context: Record<string, unknown>): Promise<void>;
}

const CORE_SPECIFIER = '@azure/functions-core';
const CORE_URL = 'hourglass-host:functions-core';
const coreSymbol = Symbol.for('hourglass.functions-core');

/**
 * Makes `require('@azure/functions-core')` succeed in this process, as inside a real Functions worker.
 * Call once, before anything imports `@azure/functions`: the library looks only once.
 */
export function injectCore(log: HostLog): AppRegistry {
  const functions = new Map<string, RegisteredFunction>();
  const hooks = new Map<string, HookCallback[]>();
  let programmingModel: ProgrammingModel | undefined;

  const core: CoreApi = {
    version: '3.12.0',
    hostVersion: '4.1042.0',
    setProgrammingModel: (model) => {
      programmingModel = model;
    },
    getProgrammingModel: () => programmingModel,
    registerFunction: (metadata, callback) => {
      if (functions.has(metadata.name)) {
        throw new Error(`A function with the name "${metadata.name}" has already been registered`);
      }
      functions.set(metadata.name, { metadata, callback });
      return { dispose: () => void functions.delete(metadata.name) };
    },
    registerHook: (name, callback) => {
      const list = hooks.get(name) ?? [];
      hooks.set(name, [...list, callback]);
      return {
        dispose: () => {
          hooks.set(
            name,
            (hooks.get(name) ?? []).filter((other) => other !== callback),
          );
        },
      };
    },
    log: (level, category, message) => log.write(level, category === 'user' ? 'app' : 'library', message),
  };
  Object.assign(globalThis, { [coreSymbol]: core });
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === CORE_SPECIFIER ? { url: CORE_URL, shortCircuit: true } : next(specifier, context),
    load: (url, context, next) =>
      url === CORE_URL
        ? {
            format: 'commonjs',
            source: `module.exports = globalThis[Symbol.for(${JSON.stringify(coreSymbol.description)})];`,
            shortCircuit: true,
          }
        : next(url, context),
  });

  return {
    functions,
    model: () => {
      if (!programmingModel) throw new Error('The app registered no function: nothing to host');
      return programmingModel;
    },
    runHooks: async (name, context) => {
      for (const hook of hooks.get(name) ?? []) await hook(context);
    },
  };
}
