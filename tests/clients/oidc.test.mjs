// Identity, as openid-client (a certified relying party) and jose see it. Numbers in names are the contract's checks.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import * as client from 'openid-client';
import { Browser } from './lib/browser.mjs';
import { Gatehouse } from './lib/server.mjs';

const redirectUri = 'https://rp.example/cb';
let server, alice, provider;

before(async () => {
  server = await Gatehouse.start();
  const { pk } = await server.v3('POST', '/core/groups/', { name: 'devs' });
  alice = await server.user('alice', { groups: [pk] });
  provider = await server.provider('app1');
});
after(() => server?.stop());

const issuer = (slug) => new URL(`${server.urls.identity}/application/o/${slug}/`);
const configure = (slug, { client_id: id, client_secret: secret }, auth = client.ClientSecretPost(secret)) =>
  client.discovery(issuer(slug), id, undefined, auth);

async function authorize(config, parameters = {}, browser = new Browser()) {
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const nonce = client.randomNonce();
  const wanted = {
    redirect_uri: redirectUri, scope: 'openid email profile', state, nonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', ...parameters,
  };
  const url = client.buildAuthorizationUrl(config, Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined)));
  const outside = (at) => at.startsWith('https://rp.example/');
  const asked = await browser.go(url.href, { until: (at) => outside(at) || new URL(at).pathname.startsWith('/if/flow/') });
  if (asked.response) return { ...asked, browser };
  const back = outside(asked.url) ? asked.url : (await browser.go(await browser.signIn(asked.url, 'alice', alice.password), { until: outside })).url;
  return { callback: new URL(back), checks: { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true }, browser };
}

describe('openid-client', () => {
  test('35 discovery gives the exact issuer, and the key of the id_token', async () => {
    const config = await configure('app1', provider);
    assert.equal(config.serverMetadata().issuer, issuer('app1').href);
    const { keys } = await (await fetch(config.serverMetadata().jwks_uri)).json();
    const { callback, checks } = await authorize(config);
    const tokens = await client.authorizationCodeGrant(config, callback, checks);
    assert.ok(keys.some((key) => key.kid === decodeProtectedHeader(tokens.id_token).kid && key.alg === 'RS256' && key.use === 'sig'));
  });

  test('36 authorization code with PKCE, state and nonce brings the documented claims', async () => {
    const config = await configure('app1', provider);
    const { callback, checks } = await authorize(config);
    const tokens = await client.authorizationCodeGrant(config, callback, checks);
    const claims = tokens.claims();
    assert.equal(claims.sub, alice.uid);
    assert.equal(claims.email, 'alice@example.com');
    assert.equal(claims.email_verified, false);
    assert.deepEqual(claims.groups, ['devs']);
    assert.equal(claims.acr, 'goauthentik.io/providers/oauth2/default');
    assert.deepEqual(claims.amr, ['pwd']);
    for (const name of ['auth_time', 'sid', 'jti']) assert.ok(claims[name], name);
    assert.equal(tokens.expires_in, 3600);
    assert.equal(tokens.refresh_token, undefined);
    assert.equal((await client.fetchUserInfo(config, tokens.access_token, claims.sub)).email, 'alice@example.com');
  });

  test('37 client_secret_basic with a secret that must be escaped, client_secret_post, and a public client with PKCE', async () => {
    const odd = await server.provider('app-odd', { client_secret: 'a%b:c+d e/f=g' });
    for (const auth of [client.ClientSecretBasic(odd.client_secret), client.ClientSecretPost(odd.client_secret)]) {
      const config = await configure('app-odd', odd, auth);
      const { callback, checks } = await authorize(config);
      assert.ok((await client.authorizationCodeGrant(config, callback, checks)).id_token);
    }

    const open = await server.provider('app-public', { client_type: 'public' });
    const config = await configure('app-public', open, client.None());
    const { callback, checks } = await authorize(config);
    assert.ok((await client.authorizationCodeGrant(config, callback, checks)).id_token);
    const without = await authorize(config, { code_challenge: undefined, code_challenge_method: undefined });
    assert.equal(without.callback?.searchParams.get('error') ?? String(without.response?.status), 'invalid_request');
  });

  test('38 no state sent, none returned', async () => {
    const config = await configure('app1', provider);
    const { callback, checks } = await authorize(config, { state: undefined });
    assert.equal(callback.searchParams.get('state'), null);
    assert.ok(await client.authorizationCodeGrant(config, callback, { ...checks, expectedState: undefined }));
  });

  test('39 a code works once, with its verifier, its client and the right secret', async () => {
    const config = await configure('app1', provider);
    const twice = await authorize(config);
    await client.authorizationCodeGrant(config, twice.callback, twice.checks);
    await refused(client.authorizationCodeGrant(config, twice.callback, twice.checks), 'invalid_grant');

    const wrong = await authorize(config);
    await refused(client.authorizationCodeGrant(config, wrong.callback, { ...wrong.checks, pkceCodeVerifier: client.randomPKCECodeVerifier() }), 'invalid_grant');

    const unchallenged = await authorize(config, { code_challenge: undefined, code_challenge_method: undefined });
    await refused(client.authorizationCodeGrant(config, unchallenged.callback, unchallenged.checks), 'invalid_grant');

    const secret = await authorize(config);
    const bad = await configure('app1', { ...provider, client_secret: 'not the secret' });
    await refused(client.authorizationCodeGrant(bad, secret.callback, secret.checks), 'invalid_client');

    const other = await server.provider('app-other');
    const otherConfig = await configure('app-other', other);
    const foreign = await authorize(config);
    foreign.callback.searchParams.set('iss', issuer('app-other').href);
    await refused(client.authorizationCodeGrant(otherConfig, foreign.callback, foreign.checks), 'invalid_grant');
  });

  test('40 a redirect URI that is not registered, or a client that is not, gets a page and no redirect', async () => {
    const pattern = await server.provider('app-pattern', { redirect_uris: [{ matching_mode: 'regex', url: 'https://rp\\.example/.*' }] });
    for (const [id, uri] of [
      [provider.client_id, `${redirectUri}/`], [provider.client_id, 'javascript:alert(1)'], [provider.client_id, `${redirectUri}?x`],
      [pattern.client_id, 'https://rpXexample/cb'], [pattern.client_id, 'https://evil.example/?https://rp.example/'], ['nobody', redirectUri],
    ]) {
      for (const prompt of ['none', 'login']) {
        const query = new URLSearchParams({ client_id: id, redirect_uri: uri, response_type: 'code', scope: 'openid', prompt });
        const response = await fetch(`${server.urls.identity}/application/o/authorize/?${query}`, { redirect: 'manual' });
        assert.equal(response.status, 400, `${id} ${uri}`);
        assert.equal(response.headers.get('location'), null);
        assert.match(response.headers.get('content-type'), /^text\/html/);
      }
    }
  });

  test('41 refresh tokens need offline_access and rotate; reuse ends the family', async () => {
    const config = await configure('app1', provider);
    const { callback, checks } = await authorize(config, { scope: 'openid email offline_access' });
    const first = await client.authorizationCodeGrant(config, callback, checks);
    const second = await client.refreshTokenGrant(config, first.refresh_token);
    assert.notEqual(second.refresh_token, first.refresh_token);
    assert.equal(second.claims().sub, first.claims().sub);
    assert.equal(second.claims().auth_time, first.claims().auth_time);
    await refused(client.refreshTokenGrant(config, first.refresh_token), 'invalid_grant');
    await refused(client.refreshTokenGrant(config, second.refresh_token), 'invalid_grant');
  });

  test('46 prompt=none signed out answers login_required; prompt=login and max_age=0 ask again', async () => {
    const config = await configure('app1', provider);
    const { callback } = await authorize(config, { prompt: 'none' });
    assert.equal(callback.searchParams.get('error'), 'login_required');

    const { browser } = await authorize(config);
    const silent = await authorize(config, { prompt: 'none' }, browser);
    assert.ok(silent.callback.searchParams.get('code'));
    for (const parameters of [{ prompt: 'login' }, { max_age: '0' }]) {
      const url = client.buildAuthorizationUrl(config, { redirect_uri: redirectUri, scope: 'openid', ...parameters });
      const asked = await browser.go(url.href, { until: (at) => at.startsWith('https://rp.example/') || new URL(at).pathname.startsWith('/if/flow/') });
      assert.match(new URL(asked.url).pathname, /^\/if\/flow\/default-authentication-flow\//, JSON.stringify(parameters));
      const back = await browser.go(await browser.signIn(asked.url, 'alice', alice.password), { until: (at) => at.startsWith('https://rp.example/') });
      assert.ok(new URL(back.url).searchParams.get('code'), back.hops?.join('\n'));
    }
  });

  test('47 the explicit-consent flow asks once and remembers', async () => {
    const asking = await server.provider('app-consent', { authorization_flow: await server.flow('default-provider-authorization-explicit-consent') });
    const config = await configure('app-consent', asking);
    const browser = new Browser();
    const url = client.buildAuthorizationUrl(config, { redirect_uri: redirectUri, scope: 'openid email profile' }).href;
    const outside = (at) => at.startsWith('https://rp.example/');
    const flowPage = (at) => outside(at) || new URL(at).pathname.startsWith('/if/flow/');
    const login = await browser.go(url, { until: flowPage });
    const consent = await browser.go(await browser.signIn(login.url, 'alice', alice.password), { until: flowPage });
    assert.match(consent.url, /default-provider-authorization-explicit-consent/);
    const end = await browser.walkFlow(consent.url, {
      'ak-stage-consent': (challenge) => {
        assert.ok(challenge.permissions.length + challenge.additional_permissions.length > 0);
        return { token: challenge.token };
      },
    });
    assert.ok(new URL(end.to).searchParams.get('code'), JSON.stringify(end));
    assert.ok(new URL((await browser.go(url, { until: flowPage })).url).searchParams.get('code'));
  });

  test('51 a relying party that knows only ids and URLs, as Cloudflare does, verifies the id_token offline', async () => {
    const [provider0] = (await server.v3('GET', '/providers/oauth2/?search=Cloudflare')).results;
    const back = `${server.urls.access}/cdn-cgi/access/callback`;
    const base = `${server.urls.identity}/application/o`;
    const jwks = createLocalJWKSet(await (await fetch(`${base}/cloudflare/jwks/`)).json());
    const browser = new Browser();
    const query = new URLSearchParams({ client_id: provider0.client_id, redirect_uri: back, response_type: 'code', scope: 'openid email profile', state: 's', nonce: 'n' });
    const asked = await browser.go(`${base}/authorize/?${query}`, { until: (at) => new URL(at).pathname.startsWith('/if/flow/') });
    const end = await browser.go(await browser.signIn(asked.url, 'alice', alice.password), { until: (at) => at.startsWith(back) });
    const response = await fetch(`${base}/token/`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code', code: new URL(end.url).searchParams.get('code'), redirect_uri: back,
        client_id: provider0.client_id, client_secret: provider0.client_secret,
      }),
    });
    const { id_token: idToken } = await response.json();
    const { payload } = await jwtVerify(idToken, jwks, { audience: provider0.client_id, issuer: `${base}/cloudflare/`, algorithms: ['RS256'] });
    assert.equal(payload.email, 'alice@example.com');
    assert.deepEqual(payload.groups, ['devs']);
  });
});

async function refused(grant, code) {
  await assert.rejects(grant, (error) => {
    assert.equal(error.error ?? error.cause?.error, code, String(error));
    return true;
  });
}
