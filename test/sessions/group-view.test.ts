import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerGroup } from '@azure/arm-containerinstance';

import { errorFields } from '../../shared/log.ts';
import { viewOf } from '../../shared/sessions/container-group-body.ts';
import { GroupError } from '../../shared/sessions/container-groups.ts';

/** As `az container show` prints it: events of the pull stand with the container. */
const pulling = {
  name: 'hg-1',
  provisioningState: 'Creating',
  instanceView: { state: 'Pending', events: [] },
  containers: [
    {
      name: 'agent',
      instanceView: {
        events: [
          { name: 'Pulling', message: 'pulling image "registry.example/hourglass-session@sha256:1"' },
          { name: 'Failed', message: 'Failed to pull image "registry.example/hourglass-session": 403' },
        ],
      },
    },
  ],
} as unknown as ContainerGroup;

test('an image that cannot be pulled is told as Azure tells it, and its event stands in the log', () => {
  const { state, detail } = viewOf(pulling);
  assert.equal(state, 'creating');
  assert.match(detail, /^provisioning Creating, state Pending, Pulling, Failed, .*Failed to pull image/);
  const { reason } = errorFields(new GroupError('busy', `The container group did not come up (${detail})`));
  assert.match(String(reason), /provisioning Creating, state Pending, Pulling, Failed, pulling image/);
});

test('a group without events is told by its states', () => {
  const { detail } = viewOf({ ...pulling, instanceView: { state: 'Running' }, containers: [] } as never);
  assert.equal(detail, 'provisioning Creating, state Running');
});
