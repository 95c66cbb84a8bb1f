import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';

import { type IdentityProvider, startIdentityProvider, TENANT } from '../support/identity-provider.ts';
import { api, echo, refusal as read } from './endpoint-scene.ts';

const refusal = async (answer: Response): Promise<Record<string, unknown>> => read(answer);
const APP = '33333333-3333-4333-8333-333333333333';
const NOW = Date.parse('2027-03-31T12:00:00Z');

describe('callers with keys', { concurrency: true }, () => {
  const hash = createHash('sha256').update('HASHED-0123456789').digest('hex');
  const { call } = api(echo, {
    clock: { now: () => NOW },
    callers: {
      API_KEYS: [
        'team-a/reader:READER-0123456789',
        `team-b/admin:sha256:${hash}`,
        `sha256:${createHash('sha256').update('ALONE-0123456789').digest('hex')}`,
        'team-c@2027-03-31:TODAY-0123456789',
        'team-c@2027-03-30:YESTERDAY-0123456789',
      ].join(','),
    },
  });
  const as = (key: string, init: RequestInit = {}) => ({
    ...init,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
  });
  const create = { method: 'POST', body: JSON.stringify({ model: 'm' }) };

  it('read with the role of a reader, and nothing else', async () => {
    assert.equal((await call('/v1/assistants/asst_1', as('READER-0123456789'))).status, 200);
    const { status, code } = await refusal(await call('/v1/assistants', as('READER-0123456789', create)));
    assert.deepEqual([status, code], [403, 'insufficient_role']);
  });

  it('are known by a hash alone, with and without a project', async () => {
    const answer = await call('/v1/assistants', as('HASHED-0123456789', create));
    assert.equal(((await answer.json()) as { project: string }).project, 'team-b');
    assert.equal((await call('/v1/assistants', as('ALONE-0123456789', create))).status, 200);
    assert.equal((await call('/v1/assistants', as(`sha256:${hash}`, create))).status, 401);
  });

  it('are served on their last day, and not after it', async () => {
    assert.equal((await call('/v1/assistants/asst_1', as('TODAY-0123456789'))).status, 200);
    const { status, code } = await refusal(await call('/v1/assistants/asst_1', as('YESTERDAY-0123456789')));
    assert.deepEqual([status, code], [401, 'invalid_api_key']);
  });
});

describe('callers with tokens', () => {
  let provider: IdentityProvider;
  before(async () => {
    provider = await startIdentityProvider();
  });
  after(() => provider[Symbol.asyncDispose]());

  const entra = (keys: string) => ({
    API_KEYS: keys,
    ENTRA_AUTHORITY: provider.authority,
    ENTRA_TENANTS: TENANT,
    ENTRA_AUDIENCES: 'https://ai.azure.com',
    ENTRA_CALLERS: `app:${APP}=team-a/reader`,
  });
  const real = { now: () => Date.now() };

  it('are served at every door, beside those with keys', async () => {
    const { call } = api(echo, { callers: entra('team-b:KEY-B-0123456789'), clock: real });
    const headers = { authorization: `Bearer ${await provider.token()}` };
    for (const path of [
      '/v1/assistants/asst_1',
      '/openai/assistants/asst_1?api-version=2024-05-01-preview',
    ]) {
      const answer = await call(path, { headers });
      assert.equal(((await answer.json()) as { project: string }).project, 'team-a');
    }
    const byKey = await call('/v1/assistants/asst_1', {
      headers: { authorization: 'Bearer KEY-B-0123456789' },
    });
    assert.equal(((await byKey.json()) as { project: string }).project, 'team-b');
  });

  it('have their role', async () => {
    const { call } = api(echo, { callers: entra(''), clock: real });
    const headers = { authorization: `Bearer ${await provider.token()}`, 'content-type': 'application/json' };
    const { status, code } = await refusal(
      await call('/v1/assistants', { method: 'POST', body: '{"model":"m"}', headers }),
    );
    assert.deepEqual([status, code], [403, 'insufficient_role']);
  });

  it('are told why a token is refused, and nothing of the token', async () => {
    const { call } = api(echo, { callers: entra(''), clock: real });
    const token = await provider.token({ aud: 'another' });
    const answer = await call('/v1/assistants', { headers: { authorization: `Bearer ${token}` } });
    assert.equal(answer.headers.get('www-authenticate'), 'Bearer error="invalid_token"');
    const { status, code, message } = await refusal(answer);
    assert.deepEqual([status, code], [401, 'invalid_token']);
    assert.match(String(message), /audience/);
    assert.ok(!String(message).includes(token.slice(-20)));
  });

  it('are the only ones where no key is set', async () => {
    const { call } = api(echo, { callers: entra(''), clock: real });
    const { status, message } = await refusal(await call('/v1/assistants'));
    assert.equal(status, 401);
    assert.match(String(message), /Send an access token of Entra ID/);
  });
});
