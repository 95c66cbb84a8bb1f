import type { AppRegistry, RegisteredFunction } from './app-registry.ts';
import type { CoreInvocationContext, InvocationRequest } from './core-api.ts';
import type { HostLog } from './log.ts';

export interface Invocations {
  /** Runs one function as the real worker does: hooks, handler, hooks, response. Rejects with what it threw. */
  invoke(fn: RegisteredFunction, request: InvocationRequest): Promise<void>;
  /** Names of the functions that are running now. */
  running(): readonly string[];
  /** Resolves when nothing runs. */
  idle(): Promise<void>;
}

export function createInvocations(app: AppRegistry, log: HostLog): Invocations {
  const running = new Map<string, { name: string; done: Promise<void> }>();

  const invoke = async (fn: RegisteredFunction, request: InvocationRequest): Promise<void> => {
    const name = fn.metadata.name;
    const core: CoreInvocationContext = {
      invocationId: request.invocationId,
      request,
      metadata: fn.metadata,
      log: (level, category, message) => log.write(level, category === 'user' ? name : 'library', message),
    };
    const model = app.model().getInvocationModel(core);
    const { context, inputs } = await model.getArguments();
    const hookData = {};

    core.state = 'preInvocationHooks';
    const before = { hookData, inputs, functionCallback: fn.callback, invocationContext: context };
    await app.runHooks('preInvocation', before);

    core.state = 'invocation';
    const outcome = await model.invokeFunction(context, before.inputs, before.functionCallback).then(
      (result) => ({ result, error: undefined }),
      (error: unknown) => ({ result: undefined, error: error ?? new Error('rejected without a reason') }),
    );

    core.state = 'postInvocationHooks';
    const after = { hookData, inputs: before.inputs, invocationContext: context, ...outcome };
    await app.runHooks('postInvocation', after);
    if (after.error !== undefined) throw after.error;
    await model.getResponse(context, after.result);
  };

  return {
    invoke: (fn, request) => {
      const done = invoke(fn, request).finally(() => running.delete(request.invocationId));
      running.set(request.invocationId, { name: fn.metadata.name, done });
      return done;
    },
    running: () => [...running.values()].map(({ name }) => name),
    idle: async () => {
      while (running.size > 0) await Promise.allSettled([...running.values()].map(({ done }) => done));
    },
  };
}
