/** The port to container groups: the four things that sessions need of Azure Container Instances. */
export interface GroupRequest {
  readonly name: string;
  readonly threadId: string;
  readonly token: string;
  /** Unix milliseconds; the agent ends itself then. */
  readonly deadline: number;
}

export interface GroupView {
  readonly name: string;
  /** `ended`: its container stopped; `failed`: it never came up, or broke. */
  readonly state: 'creating' | 'running' | 'ended' | 'failed';
  /** `http://10.1.2.4:8080`, once known. */
  readonly address: string | undefined;
  /** Unix milliseconds, from the group's tag. */
  readonly deadline: number | undefined;
  /** What Azure says about it, for messages. */
  readonly detail: string;
}

export interface ContainerGroups {
  /**
   * Asks for a group and returns once the request is accepted; it is ready when its agent answers.
   * The same request again restarts the group and loses all that is in it, so a caller that does not know
   * what became of a request looks with `get` before it repeats it
   * (https://learn.microsoft.com/azure/container-instances/container-instances-update).
   * @throws {GroupError}
   */
  create(request: GroupRequest, signal: AbortSignal): Promise<void>;
  /** undefined when there is none. @throws {GroupError} */
  get(name: string, signal?: AbortSignal): Promise<GroupView | undefined>;
  /** Returns once the deletion is accepted; a group that is not there is deleted already. @throws {GroupError} */
  delete(name: string, signal?: AbortSignal): Promise<void>;
  /** All groups of this installation, in any state. @throws {GroupError} */
  list(signal?: AbortSignal): AsyncIterable<GroupView>;
}

/**
 * `busy`: quota, capacity, throttling or an outage: waiting may help. `failed`: the group itself came to
 * nothing: another one may do better. `refused`: it will be refused again (rights, a wrong setting).
 */
export class GroupError extends Error {
  readonly code: 'busy' | 'failed' | 'refused';
  readonly retryAfterMs: number | undefined;
  constructor(code: GroupError['code'], message: string, options?: ErrorOptions & { retryAfterMs?: number }) {
    super(message, options);
    this.name = 'GroupError';
    this.code = code;
    this.retryAfterMs = options?.retryAfterMs;
  }
}
