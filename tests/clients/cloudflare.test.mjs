// @ts-check
// Cloudflare's own SDK against our API v4: the checks of the contract (8.1) whose resources are policies and what stands around them.
// The file is compiled in strict TypeScript by its last test, so what it reads of each answer is what the SDK's types promise.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import Cloudflare from 'cloudflare';
import { Browser } from './lib/browser.mjs';
import { Gatehouse } from './lib/server.mjs';

/** @type {Gatehouse} */
let server;
/** @type {Cloudflare} */
let api;
/** @type {{ account_id: string }} */
let acct;
/** @type {import('node:http').Server} */
let origin;

/** @param {Partial<import('cloudflare').ClientOptions>} [options] */
const client = (options) => new Cloudflare({ apiToken: server.token, baseURL: `${server.urls.api}/client/v4`, ...options });

/**
 * @template T
 * @param {AsyncIterable<T>} pages
 * @returns {Promise<T[]>}
 */
async function all(pages) {
  const found = [];
  for await (const one of pages) {
    found.push(one);
    assert.ok(found.length < 1000, 'the list does not end');
  }
  return found;
}

/**
 * @param {Promise<unknown>} promise
 * @param {number} status
 * @param {number} code
 */
async function refused(promise, status, code) {
  await assert.rejects(promise, (/** @type {unknown} */ error) => {
    assert.ok(error instanceof Cloudflare.APIError, String(error));
    assert.equal(error.status, status, error.message);
    assert.equal(error.errors[0]?.code, code, error.message);
    return true;
  });
}

before(async () => {
  origin = createServer((_, response) => response.end('hello'));
  await new Promise((done) => origin.listen(0, '127.0.0.1', () => done(undefined)));
  server = await Gatehouse.start();
  await server.v4('GET', '/access/apps');
  acct = { account_id: server.account };
  api = client();
});
after(async () => {
  await server?.stop();
  origin?.close();
});

describe('cloudflare', () => {
  test('1 a token is verified, and a wrong one is an AuthenticationError', async () => {
    assert.equal((await api.user.tokens.verify())?.status, 'active');
    assert.equal((await api.accounts.tokens.verify(acct)).status, 'active');
    await refused(client({ apiToken: 'wrong' }).user.tokens.verify(), 401, 1000);
    await refused(client({ apiToken: 'wrong' }).zeroTrust.access.tags.create({ ...acct, name: 'x' }), 403, 10000);
  });

  test('2 the organization changes what is named', async () => {
    const changed = await api.zeroTrust.organizations.update({ ...acct, session_duration: '12h' });
    assert.equal(changed.session_duration, '12h');
    assert.equal((await api.zeroTrust.organizations.list(acct)).session_duration, '12h');
  });

  test('3 an identity provider never shows its secret', async () => {
    const made = await api.zeroTrust.identityProviders.create({
      ...acct, name: 'Other', type: 'oidc',
      config: {
        client_id: 'c', client_secret: 'very-secret', auth_url: 'https://idp.example.com/a', token_url: 'https://idp.example.com/t',
        certs_url: 'https://idp.example.com/k', scopes: ['openid', 'email'], claims: ['department'], email_claim_name: 'mail', pkce_enabled: true,
      },
    });
    const read = await api.zeroTrust.identityProviders.get(made.id ?? '', acct);
    assert.equal(read.type, 'oidc');
    assert.ok(!JSON.stringify([made, read]).includes('very-secret'));
    await api.zeroTrust.identityProviders.delete(made.id ?? '', acct);
  });

  test('4 groups, tags and custom pages: made, listed to the end, removed', async () => {
    const group = await api.zeroTrust.access.groups.create({ ...acct, name: 'Engines', include: [{ email_domain: { domain: 'example.com' } }] });
    assert.deepEqual((await all(api.zeroTrust.access.groups.list({ ...acct, search: 'engi' }))).map((g) => g.id), [group.id]);
    await api.zeroTrust.access.groups.delete(group.id ?? '', acct);
    assert.equal((await all(api.zeroTrust.access.groups.list(acct))).length, 0);

    await api.zeroTrust.access.tags.create({ ...acct, name: 'my tag' });
    assert.equal((await api.zeroTrust.access.tags.get('my tag', acct)).name, 'my tag');
    assert.deepEqual((await all(api.zeroTrust.access.tags.list(acct))).map((t) => t.name), ['my tag']);
    await api.zeroTrust.access.tags.delete('my tag', acct);

    const page = await api.zeroTrust.access.customPages.create({ ...acct, name: 'no', type: 'identity_denied', custom_html: '<h1>No</h1>' });
    assert.equal((await api.zeroTrust.access.customPages.get(page.uid ?? '', acct)).custom_html, '<h1>No</h1>');
    assert.equal((await all(api.zeroTrust.access.customPages.list(acct))).length, 1);
    await api.zeroTrust.access.customPages.delete(page.uid ?? '', acct);
  });

  test('lists are made, edited and named by policies', async () => {
    const list = await api.zeroTrust.gateway.lists.create({ ...acct, name: 'people', type: 'EMAIL', items: [{ value: 'Ada@example.com' }] });
    const id = list.id ?? '';
    await api.zeroTrust.gateway.lists.edit(id, { ...acct, append: [{ value: 'bob@example.com' }], remove: ['ada@example.com'] });
    assert.deepEqual((await all(api.zeroTrust.gateway.lists.items.list(id, acct))).flat().map((i) => i.value), ['bob@example.com']);
    const policy = await api.zeroTrust.access.policies.create({ ...acct, name: 'listed', decision: 'allow', include: [{ email_list: { id } }] });
    await refused(api.zeroTrust.gateway.lists.delete(id, acct), 409, 12132);
    await api.zeroTrust.access.policies.delete(policy.id ?? '', acct);
    await api.zeroTrust.gateway.lists.delete(id, acct);
  });

  test('6 an application: aud, defaults, conflict, policies that stay, a 404 afterwards', async () => {
    const made = await api.zeroTrust.access.applications.create({
      ...acct, type: 'self_hosted', domain: 'six.example.com',
      policies: [/** @type {any} */ ({ name: 'ada', decision: 'allow', precedence: 1, include: [{ email: { email: 'ada@example.com' } }] })], // the SDK's type forgot the name
    });
    assert.ok('aud' in made && made.id);
    assert.match(made.aud ?? '', /^[0-9a-f]{64}$/);
    let requests = 0;
    const counting = client({ fetch: (input, init) => { requests++; return fetch(input, init); } });
    await refused(counting.zeroTrust.access.applications.create({ ...acct, type: 'self_hosted', domain: 'six.example.com' }), 409, 11010);
    assert.equal(requests, 1, 'x-should-retry: false was not heard');
    const updated = await api.zeroTrust.access.applications.update(made.id, { ...acct, type: 'self_hosted', domain: 'six.example.com', name: 'Six' });
    assert.ok('policies' in updated);
    assert.equal(updated.policies?.length, 1);
    assert.equal((await all(api.zeroTrust.access.applications.list({ ...acct, domain: 'six.example.com', exact: true }))).length, 1);
    assert.equal((await api.zeroTrust.access.applications.delete(made.id, acct)).id, made.id);
    await refused(api.zeroTrust.access.applications.get(made.id, acct), 404, 11021);
  });

  test('8 what makes no sense is 12130', async () => {
    const policy = { name: 'p', decision: /** @type {const} */ ('allow'), include: [{ everyone: {} }] };
    // @ts-expect-error a selector that nobody knows
    await refused(api.zeroTrust.access.policies.create({ ...acct, ...policy, include: [{ nonsense: {} }] }), 400, 12130);
    await refused(api.zeroTrust.access.applications.create({ ...acct, type: 'self_hosted', domain: 'eight.example.com', policies: [{ ...policy, precedence: 1 }, { ...policy, precedence: 1 }] }), 400, 12130);
    await refused(api.zeroTrust.access.applications.create({ ...acct, type: 'self_hosted', domain: 'eight.example.com', tags: ['nowhere'] }), 400, 12130);
    await refused(api.zeroTrust.access.applications.create(/** @type {any} */ ({ ...acct, domain: 'eight.example.com' })), 400, 12130);
    await refused(api.zeroTrust.access.policies.create({ ...acct, ...policy, include: [{ device_posture: { integration_uid: 'x' } }] }), 400, 12130);
  });

  test('9 a reusable policy is shared, counted, and stays while linked', async () => {
    const policy = await api.zeroTrust.access.policies.create({ ...acct, name: 'shared', decision: 'allow', include: [{ email: { email: 'ada@example.com' } }] });
    const id = policy.id ?? '';
    const apps = [];
    for (const domain of ['nine-a.example.com', 'nine-b.example.com']) {
      apps.push(await api.zeroTrust.access.applications.create({ ...acct, type: 'self_hosted', domain, policies: [{ id, precedence: 1 }] }));
    }
    assert.equal((await api.zeroTrust.access.policies.get(id, acct)).app_count, 2);
    await refused(api.zeroTrust.access.policies.delete(id, acct), 409, 12132);
    for (const app of apps) await api.zeroTrust.access.applications.delete(app.id ?? '', acct);
    assert.equal((await api.zeroTrust.access.policies.delete(id, acct)).id, id);
  });

  test('10 14 a login and a refusal are in the log, and a policy test knows the people', async () => {
    const { port } = /** @type {import('node:net').AddressInfo} */ (origin.address());
    const alice = await server.user('alice');
    const bob = await server.user('bob');
    const app = await server.publish('ten', `http://127.0.0.1:${port}`, [{ name: 'alice', decision: 'allow', include: [{ email: { email: 'alice@example.com' } }] }]);
    await new Browser().open(app.url, 'alice', alice.password);
    await new Browser().open(app.url, 'bob', bob.password);

    const logins = await api.zeroTrust.access.logs.accessRequests.list({ ...acct, limit: 5, email: 'alice@example.com', emailOp: 'eq' });
    assert.deepEqual(logins.map((l) => [l.action, l.allowed, l.app_uid, l.user_email]), [['login', true, app.id, 'alice@example.com']]);
    const blocked = await api.zeroTrust.access.logs.accessRequests.list({ ...acct, limit: 5, email: 'bob@example.com', emailOp: 'eq' });
    assert.deepEqual(blocked.map((l) => [l.action, l.allowed]), [['login', false]]);
    assert.match(blocked[0]?.ray_id ?? '', /^[0-9a-f]{16}$/);

    const tested = await api.zeroTrust.access.applications.policyTests.create({
      ...acct, policies: [{ name: 'all', decision: 'allow', include: [{ email_domain: { domain: 'example.com' } }] }],
    });
    const result = await api.zeroTrust.access.applications.policyTests.get(tested.id ?? '', acct);
    assert.equal(result.status, 'complete');
    assert.equal(result.users_approved, 1, 'bob never had a session');
    const approved = await all(api.zeroTrust.access.applications.policyTests.users.list(tested.id ?? '', { ...acct, status: 'success' }));
    assert.deepEqual(approved.map((u) => u.email), ['alice@example.com']);
  });

  test('18 an account token does what its group says and nothing else', async () => {
    const groups = await all(api.accounts.tokens.permissionGroups.list(acct));
    assert.ok(groups.some((g) => g.name === 'SSO Connector Write'));
    const reading = groups.find((g) => g.name === 'Access: Apps and Policies Read');
    const made = await api.accounts.tokens.create({
      ...acct, name: 'reader',
      policies: [{ effect: 'allow', permission_groups: [{ id: reading?.id ?? '' }], resources: { [`com.cloudflare.api.account.${acct.account_id}`]: '*' } }],
    });
    const reader = client({ apiToken: made.value ?? '' });
    assert.equal((await reader.user.tokens.verify())?.id, made.id);
    await all(reader.zeroTrust.access.applications.list(acct));
    await refused(reader.zeroTrust.access.tags.create({ ...acct, name: 'x' }), 403, 10000);
    await refused(all(reader.zeroTrust.access.groups.list(acct)), 403, 10000);

    const value = await api.accounts.tokens.value.update(made.id ?? '', acct);
    await refused(reader.user.tokens.verify(), 401, 1000);
    assert.equal((await client({ apiToken: value }).user.tokens.verify())?.status, 'active');
    assert.equal((await api.accounts.tokens.delete(made.id ?? '', acct))?.id, made.id);
  });

  test('19 the legacy headers are an address and a key of the same person', async () => {
    const legacy = client({ apiToken: null, apiEmail: 'admin@example.com', apiKey: server.token });
    assert.equal((await legacy.accounts.get(acct)).id, acct.account_id);
    await refused(client({ apiToken: null, apiEmail: 'eve@example.com', apiKey: server.token }).accounts.get(acct), 403, 9103);
  });

  test('20 thirty of something are thirty, page by page', async () => {
    for (let n = 0; n < 30; n++) await api.zeroTrust.access.tags.create({ ...acct, name: `tag ${n}` });
    assert.equal((await all(api.zeroTrust.access.tags.list({ ...acct, per_page: 25 }))).length, 30);
    for (let n = 0; n < 30; n++) await api.zeroTrust.access.tags.delete(`tag ${n}`, acct);
  });

  test('all of this compiles in strict TypeScript against the types of the SDK', () => {
    const compiler = new URL('./node_modules/typescript/bin/tsc', import.meta.url).pathname;
    try {
      execFileSync(process.execPath, [compiler, '-p', new URL('.', import.meta.url).pathname], { encoding: 'utf8' });
    } catch (/** @type {any} */ error) {
      assert.fail(error.stdout);
    }
  });
});
