import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';

import { armError, notFound, type ResourceAddress, showGroup, showOperation } from './arm-answers.ts';
import { makeBaseFolder } from './base-folder.ts';
import { defaultLimits, type SandboxLimits } from './bubblewrap.ts';
import { type Fault, Faults, type Refusal, refusalOf } from './faults.ts';
import { Group } from './group.ts';
import { readGroupBody } from './group-body.ts';
import { findIsolation, type Isolation } from './isolation.ts';
import { type PlaceLimits, Places } from './places.ts';
import { pythonRuntime } from './python-runtime.ts';
import { removeFolder } from './remove-folder.ts';
import { watchSandboxes } from './sandbox-watch.ts';
import { WarmPool } from './warm-pool.ts';

export interface EmulatorOptions {
  /** The Python that has the agent's modules; default /usr/bin/python3. */
  readonly python?: string;
  /** Sandboxes that wait for an owner; default 1. */
  readonly warm?: number;
  readonly isolation?: Isolation;
  readonly limits?: Partial<SandboxLimits>;
  /** Listening port; default any free one. */
  readonly port?: number;
}

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly apiVersion: string | null;
  readonly body: unknown;
  readonly status: number;
}

export interface ArmEmulator {
  /** What SESSION_ARM_ENDPOINT wants to know. */
  readonly url: string;
  /** The last requests, oldest first. */
  readonly requests: readonly RecordedRequest[];
  /** Lets the next `times` creations fail in this way. */
  fail(fault: Fault, times?: number): void;
  clearFaults(): void;
  /** From now on a resource group gives so much: several of them are several places of sessions. */
  limitPlace(resourceGroup: string, limits: PlaceLimits): void;
  /** The resource group of a live group. */
  placeOf(name: string): string | undefined;
  /** Live groups by name. */
  readonly groups: ReadonlyMap<string, Group>;
  /** As when Azure loses a group: gone without a trace. */
  vanish(name: string): Promise<void>;
  /** As when Azure moves a group: another address, another boot. */
  move(name: string): Promise<void>;
  /** Resolves when the warm sandboxes wait, their kernels warm. */
  warmed(): Promise<void>;
  /** Ends every sandbox and the server. */
  stop(): Promise<void>;
}

const PATH =
  /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/providers\/Microsoft\.ContainerInstance\/containerGroups(?:\/([^/]+))?$/i;
const OPERATION =
  /^\/subscriptions\/([^/]+)\/providers\/Microsoft\.ContainerInstance\/locations\/[^/]+\/operations\/([^/]+)$/i;
const MAX_RECORDED = 5000;

/**
 * A small Azure Resource Manager on loopback that knows container groups, each a sandbox around the real agent.
 * Groups live as long as this object.
 * @throws when sessions cannot be isolated here, saying what helps, or the port is taken
 */
export async function startArmEmulator(options: EmulatorOptions = {}): Promise<ArmEmulator> {
  const isolation = findIsolation(options.isolation);
  const limits = { ...defaultLimits, ...options.limits };
  const python = pythonRuntime(options.python ?? '/usr/bin/python3');
  const baseFolder = makeBaseFolder();
  const pool = new WarmPool({ isolation, python, limits, baseFolder }, options.warm ?? 1);
  const stopWatching = watchSandboxes(pool, limits);
  const groups = new Map<string, Group>();
  const operations = new Map<string, { address: ResourceAddress; group: Group }>();
  const faults = new Faults();
  const places = new Places();
  const placeOf = new Map<string, string>();
  const inPlace = (resourceGroup: string) =>
    [...groups].filter(([name]) => placeOf.get(name) === resourceGroup.toLowerCase());
  const requests: RecordedRequest[] = [];

  const server = createServer((incoming, outgoing) => {
    handle(incoming, outgoing).catch((error: unknown) => {
      answer(
        outgoing,
        500,
        armError('InternalServerError', error instanceof Error ? error.message : String(error)),
      );
    });
  });

  async function handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? '/', `http://${incoming.headers.host ?? 'localhost'}`);
    const method = incoming.method ?? 'GET';
    const body = method === 'PUT' ? await json(incoming).catch(() => undefined) : undefined;
    const { status, headers, content } = await respond(method, url, body);
    const apiVersion = url.searchParams.get('api-version');
    requests.push({ method, path: url.pathname, apiVersion, body, status });
    if (requests.length > MAX_RECORDED) requests.shift();
    answer(outgoing, status, content, headers);
  }

  async function respond(method: string, url: URL, body: unknown): Promise<Answer> {
    if (!url.searchParams.has('api-version')) {
      return {
        status: 400,
        content: armError(
          'MissingApiVersionParameter',
          'The api-version query parameter (?api-version=) is required for all requests.',
        ),
      };
    }
    const operation = OPERATION.exec(url.pathname);
    if (operation) {
      const known = operations.get(operation[2] ?? '');
      if (!known) return { status: 404, content: armError('NotFound', 'The operation was not found.') };
      return { status: 200, content: showOperation(known.address, known.group) };
    }
    const found = PATH.exec(url.pathname);
    if (!found)
      return {
        status: 404,
        content: armError('InvalidResourceType', `The path ${url.pathname} is not known here.`),
      };
    const [, subscription = '', resourceGroup = '', name] = found;
    const { down, answerMs } = places.of(resourceGroup);
    if (answerMs) await delay(answerMs);
    if (down) return { status: 503, content: armError('ServiceUnavailable', 'The service is unavailable.') };
    if (name === undefined) {
      if (method !== 'GET')
        return { status: 405, content: armError('MethodNotAllowed', `${method} is not allowed here.`) };
      const value = inPlace(resourceGroup).map(([each, group]) =>
        showGroup({ subscription, resourceGroup, name: each }, group),
      );
      return { status: 200, content: { value } };
    }
    const address = { subscription, resourceGroup, name };
    const known = groups.get(name);
    const group = placeOf.get(name) === resourceGroup.toLowerCase() ? known : undefined;
    switch (method) {
      case 'GET':
        return group
          ? { status: 200, content: showGroup(address, group) }
          : { status: 404, content: notFound(address) };
      case 'PUT':
        return create(address, group, url, body);
      case 'DELETE':
        if (!group) return { status: 204 };
        groups.delete(name);
        await group.end();
        return { status: 200, content: showGroup(address, group) };
      default:
        return { status: 405, content: armError('MethodNotAllowed', `${method} is not allowed here.`) };
    }
  }

  async function create(
    address: ResourceAddress,
    existing: Group | undefined,
    url: URL,
    value: unknown,
  ): Promise<Answer> {
    const body = readGroupBody(value);
    if ('problem' in body) return { status: 400, content: armError('InvalidRequestContent', body.problem) };
    const fault = faults.take();
    const refusal = fault && refusalOf(fault, body.request.location);
    if (refusal) return refused(refusal);
    const { resourceGroup } = address;
    const full =
      !existing && places.refusal(resourceGroup, inPlace(resourceGroup).length, body.request.location);
    if (full) return refused(full);
    const group = new Group(body);
    groups.set(address.name, group);
    placeOf.set(address.name, resourceGroup.toLowerCase());
    // As in Azure, the same request again restarts the group: https://learn.microsoft.com/azure/container-instances/container-instances-update
    await existing?.end();
    void group.provision(pool, fault);
    const operation = randomUUID();
    operations.set(operation, { address, group });
    const version = url.searchParams.get('api-version');
    const path = `/subscriptions/${address.subscription}/providers/Microsoft.ContainerInstance/locations/${body.request.location}/operations/${operation}?api-version=${version}`;
    return {
      status: existing ? 200 : 201,
      headers: { 'azure-asyncoperation': `${url.origin}${path}` },
      content: showGroup(address, group),
    };
  }

  const endSandboxes = async () => {
    stopWatching();
    await pool.stop();
    await removeFolder(baseFolder).catch((error: Error) => console.error(`[sessions] ${error.message}`));
  };
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening').catch(async (error: unknown) => {
    await endSandboxes();
    throw error;
  });
  const named = (name: string): Group => {
    const group = groups.get(name);
    if (!group) throw new Error(`there is no container group ${name}`);
    return group;
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    groups,
    fail: (fault, times) => faults.add(fault, times),
    clearFaults: () => faults.clear(),
    limitPlace: (resourceGroup, limits) => places.limit(resourceGroup, limits),
    placeOf: (name) => (groups.has(name) ? placeOf.get(name) : undefined),
    vanish: async (name) => {
      const group = named(name);
      groups.delete(name);
      await group.end();
    },
    move: (name) => named(name).move(pool),
    warmed: () => pool.ready(),
    stop: async () => {
      await Promise.all([...groups.values()].map((group) => group.end()));
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await Promise.all([closed, endSandboxes()]);
    },
  };
}

interface Answer {
  readonly status: number;
  readonly content?: unknown;
  readonly headers?: Record<string, string>;
}

const refused = ({ status, code, message, headers }: Refusal): Answer => ({
  status,
  content: armError(code, message),
  ...(headers ? { headers } : {}),
});

function answer(
  outgoing: ServerResponse,
  status: number,
  content?: unknown,
  headers?: Record<string, string>,
): void {
  outgoing.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  outgoing.end(content === undefined ? undefined : JSON.stringify(content));
}
