// Logout, as openid-client and a receiver of logout tokens see it, and Access behind it. Numbers in names are the contract's checks.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, beforeEach, describe, test } from 'node:test';
import { createRemoteJWKSet, customFetch, jwtVerify } from 'jose';
import * as client from 'openid-client';
import { Browser } from './lib/browser.mjs';
import { Gatehouse } from './lib/server.mjs';

const redirectUri = 'https://rp.example/cb';
const goodbye = 'https://rp.example/bye';
const event = 'http://schemas.openid.net/event/backchannel-logout';
let server, provider, other, receiver, posts, answer, origin, app;

const listen = async (handler) => {
  const made = createServer(handler);
  await new Promise((done) => made.listen(0, '127.0.0.1', done));
  return made;
};

before(async () => {
  receiver = await listen(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    posts.push({ method: request.method, type: request.headers['content-type'], form: new URLSearchParams(body) });
    response.writeHead(answer).end();
  });
  origin = await listen((request, response) => response.end('hello'));
  server = await Gatehouse.start();
  const fields = {
    invalidation_flow: await server.flow('default-invalidation-flow'),
    redirect_uris: [{ matching_mode: 'strict', url: redirectUri }, { matching_mode: 'strict', url: goodbye, redirect_uri_type: 'logout' }],
    logout_uri: `http://127.0.0.1:${receiver.address().port}/backchannel`,
  };
  provider = await server.provider('app1', fields);
  other = await server.provider('app2', { ...fields, logout_uri: '' });
  app = await server.publish('wiki', `http://127.0.0.1:${origin.address().port}`, [{ name: 'all', decision: 'allow', precedence: 1, include: [{ everyone: {} }] }]);
});
beforeEach(() => { posts = []; answer = 200; });
after(async () => {
  await server?.stop();
  receiver?.close();
  origin?.close();
});

const configure = (slug, { client_id: id, client_secret: secret }) =>
  client.discovery(new URL(`${server.urls.identity}/application/o/${slug}/`), id, undefined, client.ClientSecretPost(secret));

/** Waits until `fact` holds, and returns it. */
async function soon(fact, limit, what) {
  for (const end = performance.now() + limit; ; ) {
    const found = await fact();
    if (found) return found;
    assert.ok(performance.now() < end, `${what} not within ${limit} ms`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

async function signIn(config, user, browser = new Browser()) {
  const verifier = client.randomPKCECodeVerifier();
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri, scope: 'openid email offline_access', code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', state: 's',
  });
  const outside = (at) => at.startsWith('https://rp.example/');
  const asked = await browser.go(url.href, { until: (at) => outside(at) || new URL(at).pathname.startsWith('/if/flow/') });
  const back = outside(asked.url) ? asked.url : (await browser.go(await browser.signIn(asked.url, user.username, user.password), { until: outside })).url;
  return { tokens: await client.authorizationCodeGrant(config, new URL(back), { pkceCodeVerifier: verifier, expectedState: 's', idTokenExpected: true }), browser };
}

/** The one logout token that came, verified as a relying party does. */
async function verified(config, claims) {
  const [post] = await soon(() => posts.length > 0 && posts, 5000, 'a logout token');
  assert.equal(post.method, 'POST');
  assert.match(post.type, /^application\/x-www-form-urlencoded/);
  assert.deepEqual([...post.form.keys()], ['logout_token']);
  const { issuer, jwks_uri: jwks } = config.serverMetadata();
  const { payload } = await jwtVerify(post.form.get('logout_token'), createRemoteJWKSet(new URL(jwks), { [customFetch]: fetch }), {
    issuer, audience: config.clientMetadata().client_id, typ: 'logout+jwt', algorithms: ['RS256'], maxTokenAge: '1 minute',
  });
  assert.deepEqual(payload.events, { [event]: {} });
  assert.equal(payload.nonce, undefined);
  assert.equal(payload.sid, claims.sid);
  assert.equal(payload.sub, claims.sub);
  assert.ok(payload.jti);
}

describe('logout', () => {
  test('48 end-session lands on the registered URI with state, and the receiver gets a logout token with the same sid', async () => {
    const config = await configure('app1', provider);
    const { tokens, browser } = await signIn(config, await server.user('alice'));
    const url = client.buildEndSessionUrl(config, { post_logout_redirect_uri: goodbye, id_token_hint: tokens.id_token, state: 'a b' });
    const end = await browser.go(url.href, { until: (at) => at.startsWith('https://rp.example/') });
    assert.equal(end.url, `${goodbye}?state=a%20b`);
    await verified(config, tokens.claims());
    await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), { error: 'invalid_grant' });
  });

  test('48 an unregistered URI and the hint of another client are refused with 400', async () => {
    const config = await configure('app1', provider);
    const { tokens, browser } = await signIn(config, await server.user('bob'));
    const unregistered = client.buildEndSessionUrl(config, { post_logout_redirect_uri: 'https://rp.example/other', id_token_hint: tokens.id_token });
    assert.equal((await browser.fetch(unregistered.href)).status, 400);
    const foreign = client.buildEndSessionUrl(await configure('app2', other), { post_logout_redirect_uri: goodbye, id_token_hint: tokens.id_token });
    assert.equal((await browser.fetch(foreign.href)).status, 400);
    assert.equal((await client.refreshTokenGrant(config, tokens.refresh_token)).token_type, 'bearer');
  });

  test('48 an administrator who ends the session triggers it too', async () => {
    const config = await configure('app1', provider);
    const { tokens } = await signIn(config, await server.user('carol'));
    const { results } = await server.v3('GET', '/core/authenticated_sessions/?user__username=carol');
    await server.v3('DELETE', `/core/authenticated_sessions/${results[0].uuid}/`);
    await verified(config, tokens.claims());
  });

  test('48 so do a deactivation, a new password and the end of the user', async () => {
    const config = await configure('app1', provider);
    for (const [name, act] of Object.entries({
      dora: ({ pk }) => server.v3('PATCH', `/core/users/${pk}/`, { is_active: false }),
      emil: ({ pk }) => server.v3('POST', `/core/users/${pk}/set_password/`, { password: 'another long password' }, 204),
      fred: ({ pk }) => server.v3('DELETE', `/core/users/${pk}/`),
    })) {
      posts = [];
      const user = await server.user(name);
      const { tokens } = await signIn(config, user);
      await act(user);
      await verified(config, tokens.claims());
    }
  });

  test('who is deactivated or signs out at Identity is out of the apps within seconds', async () => {
    for (const [name, act] of Object.entries({
      gina: (browser, { pk }) => server.v3('PATCH', `/core/users/${pk}/`, { is_active: false }),
      hugo: (browser) => browser.walkFlow(`${server.urls.identity}/if/flow/default-invalidation-flow/`, {}),
    })) {
      const user = await server.user(name);
      const browser = new Browser();
      assert.equal(await (await browser.open(app.url, user.username, user.password)).response.text(), 'hello');
      await act(browser, user);
      await soon(async () => (await browser.fetch(app.url)).status === 302, 5000, `${name} out of the app`);
    }
  });

  test('S09 who leaves a group, or gets another address, is judged anew within seconds, without a word', async () => {
    const group = await server.v3('POST', '/core/groups/', { name: 'staff' });
    const user = await server.user('jane', { groups: [group.pk] });
    const [method] = await server.v4('GET', '/access/identity_providers');
    const include = [{ oidc: { claim_name: 'groups', claim_value: 'staff', identity_provider_id: method.id } }];
    const staff = await server.publish('staff', `http://127.0.0.1:${origin.address().port}`, [{ name: 'staff', decision: 'allow', precedence: 1, include }]);
    const browser = new Browser();
    const look = async () => {
      const { response, url } = await browser.go(staff.url);
      return { status: response.status, url, text: await response.text() };
    };
    const member = (action) => server.v3('POST', `/core/groups/${group.pk}/${action}_user/`, { pk: user.pk }, 204);
    assert.equal(await (await browser.open(staff.url, user.username, user.password)).response.text(), 'hello');

    await member('remove');
    const denied = await soon(async () => { const seen = await look(); return seen.text !== 'hello' && seen; }, 5000, 'the denial');
    assert.equal(denied.status, 403);
    await member('add');
    await soon(async () => (await look()).text === 'hello', 5000, 'the app again');

    await server.v3('PATCH', `/core/users/${user.pk}/`, { email: 'jane@new.example' });
    await soon(async () => {
      await look();
      return (await (await browser.fetch(`${staff.url}/cdn-cgi/access/get-identity`)).json()).email === 'jane@new.example';
    }, 5000, 'the new address');
  });

  test('kill -9 between the end of a session and delivery loses no logout token', async () => {
    const config = await configure('app1', provider);
    const user = await server.user('ivy');
    const { tokens } = await signIn(config, user);
    answer = 503;
    await server.v3('PATCH', `/core/users/${user.pk}/`, { is_active: false });
    await server.kill();
    posts = [];
    answer = 200;
    await server.launch();
    await soon(() => posts.length > 0, 40000, 'the logout token'); // whoever died with it had 30 seconds
    posts = posts.slice(-1);
    await verified(config, tokens.claims());
  });
});
