import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';

import { MINUTE } from '../../shared/clock.ts';
import { armContainerGroups } from '../../shared/sessions/arm-container-groups.ts';
import { GroupError } from '../../shared/sessions/container-groups.ts';
import { armSettings } from '../support/sessions.ts';

const never = new AbortController().signal;
const wanted = { name: 'g', threadId: 't', token: 'x', deadline: Date.now() + 10 * MINUTE };

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
const error = (status: number, code: string, message: string): Answer => {
  return (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { code, message } }));
  };
};
const silence: Answer = () => undefined;

/** Azure as the test says; a creation and a deletion are followed by an operation at another address. */
async function azure(answer: Answer) {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    request.resume();
    seen.push(`${request.method} ${new URL(request.url ?? '', 'http://x').pathname.split('/').at(-2)}`);
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    seen,
    groups: armContainerGroups(armSettings(url), 500),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const accepting =
  (poll: Answer): Answer =>
  (request, response) => {
    if (request.method === 'GET') return poll(request, response);
    const operation = `http://${request.headers.host}/subscriptions/0/providers/Microsoft.ContainerInstance/locations/x/operations/1?api-version=2023-05-01`;
    response.writeHead(request.method === 'PUT' ? 201 : 202, {
      'content-type': 'application/json',
      'azure-asyncoperation': operation,
    });
    response.end(JSON.stringify({ name: 'g', properties: { provisioningState: 'Pending', containers: [] } }));
  };

describe('a request that Azure accepted counts, whatever becomes of questions about it:', () => {
  const polls: Record<string, Answer> = {
    'no right to ask': error(403, 'AuthorizationFailed', 'no authorization to read operations'),
    'an operation that nobody knows': error(404, 'NotFound', 'no such operation'),
    'an outage': error(500, 'InternalServerError', 'x'),
    silence,
  };
  for (const [name, poll] of Object.entries(polls)) {
    test(name, async () => {
      await using arm = await azure(accepting(poll));
      await arm.groups.create(wanted, never);
      await arm.groups.delete('g');
      assert.deepEqual(
        arm.seen,
        ['PUT containerGroups', 'DELETE containerGroups'],
        'they are not even asked',
      );
    });
  }
});

describe('a request that Azure did not carry out now', () => {
  const answers: Record<string, Answer> = {
    'because nothing answers': silence,
    'because the group is in transition': error(
      409,
      'ContainerGroupTransitioning',
      "The container group 'g' is still transitioning, please retry later.",
    ),
    'because of its registry': error(
      409,
      'RegistryErrorResponse',
      "An error response is received from the docker registry 'index.docker.io'. Please retry later.",
    ),
    'because of a conflict that passes': error(
      409,
      'Conflict',
      'The resource is being changed, please retry later.',
    ),
  };
  for (const [name, answer] of Object.entries(answers)) {
    test(`${name} may be repeated`, async () => {
      await using arm = await azure(answer);
      const busy = (thrown: unknown) => thrown instanceof GroupError && thrown.code === 'busy';
      await assert.rejects(arm.groups.create(wanted, never), busy);
      await assert.rejects(arm.groups.get('g'), busy);
      await assert.rejects(arm.groups.delete('g'), busy);
    });
  }

  test('because it may never do it is refused', async () => {
    await using arm = await azure(error(409, 'Conflict', 'Updating the network profile is not supported.'));
    const refused = (thrown: unknown) => thrown instanceof GroupError && thrown.code === 'refused';
    await assert.rejects(arm.groups.create(wanted, never), refused);
  });

  test('because it may not is told by its code: whose identity it was, and where, is not for the model', async () => {
    const text =
      "The client 'planted-id' does not have authorization over scope '/subscriptions/planted-id'.";
    await using arm = await azure(error(403, 'AuthorizationFailed', text));
    await assert.rejects(arm.groups.create(wanted, never), (thrown: Error) => {
      assert.equal(thrown.message, 'The container group could not be created: AuthorizationFailed');
      return true;
    });
  });
});
