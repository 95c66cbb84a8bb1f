import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { generateKeyPair, generateSecret, UnsecuredJWT } from 'jose';

import { ApiError } from '../../shared/api/error.ts';
import { isToken } from '../../shared/callers/caller.ts';
import { readEntraSettings } from '../../shared/callers/entra-settings.ts';
import { entraTokens } from '../../shared/callers/entra-tokens.ts';
import { REFRESH_MS, STALE_MS } from '../../shared/callers/signing-keys.ts';
import { type IdentityProvider, startIdentityProvider, TENANT } from '../support/identity-provider.ts';

const APP = '33333333-3333-4333-8333-333333333333';
const USER = '22222222-2222-4222-8222-222222222222';
const GROUP = '44444444-4444-4444-8444-444444444444';

describe('tokens of Entra ID', () => {
  let provider: IdentityProvider;
  before(async () => {
    provider = await startIdentityProvider();
  });
  after(() => provider[Symbol.asyncDispose]());

  function verifier(
    callers = `app:${APP}=team-a`,
    now: () => number = Date.now,
    authority = provider.authority,
  ) {
    const settings = readEntraSettings({
      ENTRA_AUTHORITY: authority,
      ENTRA_TENANTS: TENANT,
      ENTRA_AUDIENCES: 'https://ai.azure.com,api://hourglass',
      ENTRA_CALLERS: callers,
    });
    return entraTokens(settings!, now);
  }

  const refusal = (status: number, words: RegExp) => (error: unknown) =>
    error instanceof ApiError && error.status === status && words.test(error.message);

  it('of an application, a managed identity or a user make its project and role', async () => {
    const tokens = verifier(`app:${APP}=team-a,oid:${USER}=team-a/admin,group:${GROUP}=team-b/reader`);
    const { project, role, key } = await tokens.authenticate(await provider.token());
    assert.deepEqual([project, role], ['team-a', 'admin']);
    assert.match(key, /^[0-9a-f]{16}$/);
    const member = { azp: undefined, oid: 'another', groups: ['x', GROUP.toUpperCase()] };
    const second = await tokens.authenticate(await provider.token(member));
    assert.deepEqual([second.project, second.role], ['team-b', 'reader']);
    const ofVersion1 = {
      iss: `https://sts.windows.net/${TENANT}/`,
      azp: undefined,
      appid: APP,
      oid: 'another',
    };
    const third = await tokens.authenticate(await provider.token(ofVersion1));
    assert.deepEqual([third.project, third.role], ['team-a', 'user']);
  });

  it('open the project that the door names to those whose entry allows it, and no other', async () => {
    const tokens = verifier(`app:${APP}=*,group:${GROUP}=team-b`);
    const token = await provider.token();
    assert.equal((await tokens.authenticate(token, 'research')).project, 'research');
    assert.equal((await tokens.authenticate(token)).project, APP);
    const member = await provider.token({ azp: 'another', groups: [GROUP] });
    assert.equal((await tokens.authenticate(member, 'team-b')).project, 'team-b');
    await assert.rejects(tokens.authenticate(member, 'research'), refusal(403, /project 'research'/));
  });

  it('give each caller a project of its own where all are welcome', async () => {
    const tokens = verifier('app:*=*');
    assert.equal((await tokens.authenticate(await provider.token())).project, APP);
    await assert.rejects(tokens.authenticate(await provider.token(), 'team-a'), refusal(403, /team-a/));
  });

  it('take the strongest role of several entries for one project', async () => {
    const tokens = verifier(`tid:${TENANT}=team-a/reader,role:Writers=team-a/user`);
    assert.equal((await tokens.authenticate(await provider.token())).role, 'reader');
    assert.equal((await tokens.authenticate(await provider.token({ roles: ['Writers'] }))).role, 'user');
  });

  const minute = 60;
  const seconds = () => Math.floor(Date.now() / 1000);
  const wrong: [string, () => Promise<string>, number, RegExp][] = [
    ['expired', () => provider.token({ exp: seconds() - 2 * minute }), 401, /expired/],
    ['from the future', () => provider.token({ nbf: seconds() + 2 * minute }), 401, /not valid yet/],
    ['for another audience', () => provider.token({ aud: 'https://graph.microsoft.com' }), 401, /audience/],
    ['without an audience', () => provider.token({ aud: undefined }), 401, /'?aud'?|audience/],
    ['of another issuer', () => provider.token({ iss: 'https://evil.example.com' }), 401, /issuer/],
    ['without an end', () => provider.token({ exp: undefined }), 401, /'exp'/],
    ['of another tenant', () => provider.token({ tid: GROUP }), 401, /tenant/],
    ['without a tenant', () => provider.token({ tid: undefined }), 401, /tenant/],
    ['of nobody here', () => provider.token({ azp: 'x', oid: 'y' }), 403, /does not belong to any project/],
    [
      'with too many groups to hold',
      () => provider.token({ azp: 'x', _claim_names: { groups: 'src1' } }),
      403,
      /use an app role/,
    ],
    [
      'signed by a stranger',
      async () => provider.token({}, { key: (await generateKeyPair('RS256')).privateKey }),
      401,
      /signature/,
    ],
    [
      'signed with another algorithm',
      async () =>
        provider.token({}, { key: (await generateKeyPair('ES256')).privateKey, algorithm: 'ES256' }),
      401,
      /kind that is not accepted/,
    ],
    [
      'signed with a shared secret',
      async () => provider.token({}, { key: (await generateSecret('HS256')) as never, algorithm: 'HS256' }),
      401,
      /kind that is not accepted/,
    ],
    [
      'that nobody signed',
      async () => new UnsecuredJWT({ tid: TENANT, aud: 'https://ai.azure.com', azp: APP }).encode(),
      401,
      /refused/,
    ],
    ['whose text was changed', async () => (await provider.token()).replace(/\.\w/, '.f'), 401, /refused/],
    ['that is no token', async () => 'eyJ.x.y', 401, /cannot be read/],
    ['longer than any', () => provider.token({ groups: Array(600).fill(GROUP) }), 401, /longer than/],
  ];
  for (const [what, token, status, words] of wrong) {
    it(`${what}: ${status}`, async () => {
      await assert.rejects(verifier().authenticate(await token()), refusal(status, words));
    });
  }

  it('of 8 KB are read', async () => {
    const groups = Array.from({ length: 150 }, (_, i) => GROUP.replace(/\d{4}$/, String(1000 + i)));
    const token = await provider.token({ groups });
    assert.ok(token.length > 8000);
    assert.equal((await verifier().authenticate(token)).project, 'team-a');
  });

  it('are good a minute before and after their time: clocks differ', async () => {
    const late = await provider.token({ exp: seconds() - minute / 2 });
    const early = await provider.token({ nbf: seconds() + minute / 2 });
    await verifier().authenticate(late);
    await verifier().authenticate(early);
  });

  it('are told from keys by their shape', async () => {
    assert.ok(isToken(await provider.token()));
    for (const key of ['KEY', 'sk-eyJ.abc', 'hg-3.4.5', 'eyJhbGciOiJ']) assert.ok(!isToken(key));
  });
});

describe('the keys of a tenant', () => {
  const callers = `app:${APP}=team-a`;
  async function scene() {
    const provider = await startIdentityProvider();
    let now = Date.now();
    const settings = readEntraSettings({
      ENTRA_AUTHORITY: `${provider.authority}/`,
      ENTRA_TENANTS: TENANT,
      ENTRA_AUDIENCES: 'https://ai.azure.com',
      ENTRA_CALLERS: callers,
    })!;
    return {
      provider,
      tokens: entraTokens(settings, () => now),
      pass: (ms: number) => {
        now += ms;
      },
      lasting: () => provider.token({ exp: Math.floor(Date.now() / 1000) + 7 * 86_400 }),
      [Symbol.asyncDispose]: () => provider[Symbol.asyncDispose](),
    };
  }

  it('are asked for once, however many tokens come', async () => {
    await using here = await scene();
    const token = await here.lasting();
    await Promise.all(Array.from({ length: 20 }, () => here.tokens.authenticate(token)));
    await here.tokens.authenticate(token);
    assert.ok(here.provider.asked() <= 1);
  });

  it('are looked for again when they have changed, and a withdrawn one is forgotten', async () => {
    await using here = await scene();
    const old = await here.lasting();
    await here.tokens.authenticate(old);
    await here.provider.rotate();
    here.pass(REFRESH_MS + 1);
    const young = await here.lasting();
    await here.tokens.authenticate(young);
    await here.tokens.authenticate(old);
    here.provider.withdraw();
    here.pass(REFRESH_MS + 1);
    await here.tokens.authenticate(young);
    await assert.rejects(here.tokens.authenticate(old), /signature/);
  });

  it('that are known serve for a day while the provider is away; without any, callers are asked to come back', async () => {
    await using here = await scene();
    const token = await here.lasting();
    await here.tokens.authenticate(token);
    here.provider.answering = false;
    here.pass(REFRESH_MS + 1);
    await here.tokens.authenticate(token);
    here.pass(STALE_MS);
    await assert.rejects(
      here.tokens.authenticate(token),
      (error) =>
        error instanceof ApiError && error.status === 503 && error.headers?.['retry-after'] !== undefined,
    );
  });

  it('are not asked for again for each token with a made-up key', async () => {
    await using here = await scene();
    await here.tokens.authenticate(await here.lasting());
    const asked = here.provider.asked();
    await here.provider.rotate();
    here.provider.answering = true;
    const strange = await here.lasting();
    for (let i = 0; i < 5; i++) await assert.rejects(here.tokens.authenticate(strange), /signature/);
    assert.equal(here.provider.asked(), asked);
  });
});

describe('the settings of callers', () => {
  const given = {
    ENTRA_AUTHORITY: 'https://login.microsoftonline.com',
    ENTRA_TENANTS: TENANT,
    ENTRA_AUDIENCES: 'api://hourglass',
    ENTRA_CALLERS: `app:${APP}=team-a`,
  };
  const wrong: [string, Partial<typeof given>, RegExp][] = [
    ['a tenant by its name', { ENTRA_TENANTS: 'contoso.com' }, /ENTRA_TENANTS: 'contoso.com'/],
    ['no tenant', { ENTRA_TENANTS: '' }, /ENTRA_TENANTS: not set/],
    ['no audience', { ENTRA_AUDIENCES: '' }, /ENTRA_AUDIENCES: not set/],
    ['no caller', { ENTRA_CALLERS: ' , ' }, /ENTRA_CALLERS: not set/],
    ['an unknown claim', { ENTRA_CALLERS: 'email:a@b.c=team-a' }, /one of the claims app, oid/],
    ['a name of Object’s', { ENTRA_CALLERS: 'constructor:x=team-a' }, /one of the claims/],
    ['an unknown role', { ENTRA_CALLERS: `app:${APP}=team-a/owner` }, /'owner' is not a role/],
    ['a strange project', { ENTRA_CALLERS: `app:${APP}=team.a` }, /'team.a' is not the name/],
    ['everybody in one project', { ENTRA_CALLERS: 'app:*=team-a' }, /project of its own/],
    ['any tenant', { ENTRA_CALLERS: 'tid:*=*' }, /only app and oid/],
  ];
  for (const [what, setting, words] of wrong) {
    it(`refuse ${what}`, () => {
      assert.throws(() => readEntraSettings({ ...given, ...setting }), words);
    });
  }

  it('are none where nothing is set', () => {
    assert.equal(
      readEntraSettings({ ...given, ENTRA_TENANTS: '', ENTRA_AUDIENCES: '', ENTRA_CALLERS: '' }),
      undefined,
    );
  });
});
