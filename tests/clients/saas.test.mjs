// Access as the OpenID provider of SaaS applications, as openid-client (a certified relying party), jose and the cloudflare SDK see it.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import Cloudflare from 'cloudflare';
import { createRemoteJWKSet, customFetch, decodeJwt, jwtVerify } from 'jose';
import * as client from 'openid-client';
import { Browser } from './lib/browser.mjs';
import { Gatehouse } from './lib/server.mjs';

const redirectUri = 'https://rp.example/cb';
const outside = (at) => at.startsWith('https://rp.example/');
const staff = [{ name: 'staff', decision: 'allow', precedence: 1, include: [{ email_domain: { domain: 'example.com' } }] }];
let server, alice, mallory, api, app, echo, linked;

before(async () => {
  echo = createServer((request, response) => response.end(JSON.stringify(request.headers)));
  await new Promise((done) => echo.listen(0, '127.0.0.1', done));
  server = await Gatehouse.start();
  alice = await server.user('alice');
  mallory = await server.user('mallory', { email: 'mallory@evil.example' });
  const [method] = await server.v4('GET', '/access/identity_providers');
  api = new Cloudflare({ apiToken: server.token, baseURL: `${server.urls.api}/client/v4`, fetch });
  app = await api.zeroTrust.access.applications.create({
    account_id: server.account, type: 'saas', name: 'Tracker', allowed_idps: [method.id], auto_redirect_to_identity: true, policies: staff,
    saas_app: {
      auth_type: 'oidc', redirect_uris: [redirectUri], scopes: ['openid', 'email', 'profile', 'groups'],
      grant_types: ['authorization_code', 'authorization_code_with_pkce', 'refresh_tokens'], allow_pkce_without_client_secret: true,
    },
  });
  linked = await server.publish('linked', `http://127.0.0.1:${echo.address().port}`, [
    { name: 'linked', decision: 'non_identity', precedence: 1, include: [{ linked_app_token: { app_uid: app.id } }] },
  ]);
});
after(async () => {
  await server?.stop();
  echo?.close();
});

const issuer = () => new URL(`${server.urls.access}/cdn-cgi/access/sso/oidc/${app.saas_app.client_id}`);
const configure = (auth = client.ClientSecretPost(app.saas_app.client_secret)) => client.discovery(issuer(), app.saas_app.client_id, undefined, auth);

async function authorize(config, { parameters = {}, browser = new Browser(), person = alice } = {}) {
  const verifier = client.randomPKCECodeVerifier();
  const [state, nonce] = [client.randomState(), client.randomNonce()];
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri, scope: 'openid email profile', state, nonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', ...parameters,
  });
  const asked = await browser.go(url.href, { until: (at) => outside(at) || new URL(at).pathname.startsWith('/if/flow/') });
  const end = asked.response || outside(asked.url) ? asked : await browser.go(await browser.signIn(asked.url, person.username, person.password), { until: outside });
  return { ...end, callback: new URL(end.url), checks: { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true }, browser };
}

describe('SaaS applications', () => {
  test('7 the client secret is there when the application is made, and never again', async () => {
    assert.match(app.saas_app.client_id, /^[0-9a-f]{64}$/);
    assert.ok(app.saas_app.client_secret);
    const read = await api.zeroTrust.access.applications.get(app.id, { account_id: server.account });
    assert.equal(read.saas_app.client_id, app.saas_app.client_id);
    assert.equal(read.saas_app.client_secret, undefined);
  });

  for (const [name, auth] of [['client_secret_basic', (secret) => client.ClientSecretBasic(secret)], ['client_secret_post', (secret) => client.ClientSecretPost(secret)], ['none', () => client.None()]]) {
    test(`a person signs in and the client renews, with ${name}`, async () => {
      const config = await configure(auth(app.saas_app.client_secret));
      assert.equal(config.serverMetadata().issuer, issuer().href);
      const { callback, checks } = await authorize(config);
      const tokens = await client.authorizationCodeGrant(config, callback, checks);
      assert.equal(tokens.claims().email, 'alice@example.com');
      assert.match(tokens.claims().sub, /^[0-9a-f-]{36}$/);
      const user = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
      assert.equal(user.email, 'alice@example.com');
      const renewed = await client.refreshTokenGrant(config, tokens.refresh_token);
      assert.notEqual(renewed.refresh_token, tokens.refresh_token);
      assert.equal(renewed.claims().sub, tokens.claims().sub);
      await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), { error: 'invalid_grant' });
      await assert.rejects(client.refreshTokenGrant(config, renewed.refresh_token), { error: 'invalid_grant' });
    });
  }

  test('jose verifies the ID token against the keys', async () => {
    const config = await configure();
    const { callback, checks } = await authorize(config);
    const { id_token } = await client.authorizationCodeGrant(config, callback, checks);
    const keys = createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri), { [customFetch]: fetch });
    const { protectedHeader } = await jwtVerify(id_token, keys, { issuer: issuer().href, audience: app.saas_app.client_id, algorithms: ['RS256'] });
    assert.equal(protectedHeader.alg, 'RS256');
  });

  test('a second sign-in asks nobody, and prompt=none says when somebody would have to be asked', async () => {
    const config = await configure();
    const { browser } = await authorize(config);
    const again = await authorize(config, { browser, parameters: { prompt: 'none' } });
    assert.ok(again.callback.searchParams.get('code'));
    const stranger = await authorize(config, { parameters: { prompt: 'none' } });
    assert.equal(stranger.callback.searchParams.get('error'), 'login_required');
  });

  test('whom the policies do not admit gets a page and the client nothing; it is in the log', async () => {
    const config = await configure();
    const refused = await authorize(config, { person: mallory });
    assert.equal(refused.response?.status, 403);
    assert.match(await refused.response.text(), /That account does not have access/);
    const log = await server.v4('GET', '/access/logs/access_requests?email=mallory@evil.example');
    assert.ok(log.some((entry) => entry.app_uid === app.id && !entry.allowed));
  });

  test('signing out ends what the client holds', async () => {
    const config = await configure();
    const { callback, checks, browser } = await authorize(config);
    const tokens = await client.authorizationCodeGrant(config, callback, checks);
    await browser.go(`${server.urls.access}/cdn-cgi/access/logout`);
    await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), { error: 'invalid_grant' });
    await assert.rejects(client.fetchUserInfo(config, tokens.access_token, decodeJwt(tokens.id_token).sub));
  });

  test('an access token opens the application that is linked, and nothing else does', async () => {
    const config = await configure();
    const { callback, checks } = await authorize(config);
    const tokens = await client.authorizationCodeGrant(config, callback, checks);
    const open = (token) => fetch(linked.url, { redirect: 'manual', headers: { authorization: `Bearer ${token}` } });
    const answer = await open(tokens.access_token);
    assert.equal(answer.status, 200);
    const seen = await answer.json();
    assert.equal(seen.authorization, undefined);
    assert.equal(decodeJwt(seen['cf-access-jwt-assertion']).common_name, app.saas_app.client_id);
    assert.notEqual((await open(tokens.id_token)).status, 200);
    await api.zeroTrust.access.applications.revokeTokens(app.id, { account_id: server.account });
    assert.notEqual((await open(tokens.access_token)).status, 200);
  });

  test('bookmarks and the launcher are applications too, and a zone has the same', async () => {
    const bookmark = await api.zeroTrust.access.applications.create({ account_id: server.account, type: 'bookmark', name: 'Handbook', domain: 'https://handbook.example/' });
    assert.equal(bookmark.domain, 'https://handbook.example/');
    const launcher = await api.zeroTrust.access.applications.create({ account_id: server.account, type: 'app_launcher', policies: staff, landing_page_design: { title: 'Hello' } });
    assert.equal(launcher.type, 'app_launcher');
    const browser = new Browser();
    const page = await browser.open(linked.url.replace('linked', 'access') + `/?login_method=${app.allowed_idps[0]}`, 'alice', alice.password);
    assert.match(await page.response.text(), /https:\/\/handbook\.example\//);
    const [zone] = (await api.zones.list()).result;
    const apps = await api.zeroTrust.access.applications.list({ zone_id: zone.id });
    assert.ok(apps.result.some((one) => one.id === bookmark.id));
  });
});
