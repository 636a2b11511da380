// Identity, as openid-client (a certified relying party) and jose see it. Numbers in names are the contract's checks.
import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { compactDecrypt, createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import * as client from 'openid-client';
import { Browser } from './lib/browser.mjs';
import { redirectUri, refused, relyingParty } from './lib/rp.mjs';
import { Gatehouse } from './lib/server.mjs';

let server, alice, provider;

before(async () => {
  server = await Gatehouse.start();
  const { pk } = await server.v3('POST', '/core/groups/', { name: 'devs' });
  alice = await server.user('alice', { groups: [pk] });
  provider = await server.provider('app1');
});
after(() => server?.stop());

const { issuer, configure, authorize } = relyingParty(() => ({ server, person: alice }));

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
    const { results } = await server.v3('GET', '/events/events/?action=suspicious_request');
    assert.ok(results.some((event) => JSON.stringify(event.context).includes('app1')), JSON.stringify(results));
  });

  test('42 userinfo needs the scope openid and says in a Bearer challenge what is wrong', async () => {
    const config = await configure('app1', provider);
    const { callback, checks } = await authorize(config, { scope: 'email', nonce: undefined });
    const tokens = await client.authorizationCodeGrant(config, callback, { ...checks, expectedNonce: undefined, idTokenExpected: false });
    const without = await fetch(config.serverMetadata().userinfo_endpoint, { headers: { authorization: `Bearer ${tokens.access_token}` } });
    assert.equal(without.status, 403);
    assert.match(without.headers.get('www-authenticate'), /^Bearer error="insufficient_scope"/);
    const wrong = await fetch(config.serverMetadata().userinfo_endpoint, { headers: { authorization: 'Bearer nonsense' } });
    assert.equal(wrong.status, 401);
    assert.match(wrong.headers.get('www-authenticate'), /^Bearer error="invalid_token"/);
  });

  test('43 introspection tells the owner; a revoked token is inactive; unknown ones are revoked without complaint', async () => {
    const config = await configure('app1', provider);
    const { callback, checks } = await authorize(config);
    const { access_token: token } = await client.authorizationCodeGrant(config, callback, checks);
    assert.equal((await client.tokenIntrospection(config, token)).active, true);
    const other = await server.provider('app-asks');
    assert.deepEqual(await client.tokenIntrospection(await configure('app-asks', other), token), { active: false });
    await client.tokenRevocation(config, token);
    await client.tokenRevocation(config, 'unknown');
    assert.deepEqual(await client.tokenIntrospection(config, token), { active: false });

    const open = await server.provider('app-open', { client_type: 'public' });
    const openConfig = await configure('app-open', open, client.None());
    const mine = await authorize(openConfig);
    const tokens = await client.authorizationCodeGrant(openConfig, mine.callback, mine.checks);
    assert.deepEqual(await client.tokenIntrospection(openConfig, tokens.access_token), { active: false }); // whoever knows its id could ask
  });

  test('44 client credentials act as the client\'s own service account, without scopes nobody asked for', async () => {
    const machine = await server.provider('app-machine', { grant_types: ['client_credentials'] });
    const config = await configure('app-machine', machine);
    const tokens = await client.clientCredentialsGrant(config, { scope: 'openid profile goauthentik.io/api' });
    assert.equal(tokens.scope, 'openid profile');
    assert.equal(decodeJwt(tokens.access_token).preferred_username, 'ak-app-machine-client_credentials');
    const [account] = (await server.v3('GET', '/core/users/?username=ak-app-machine-client_credentials')).results;
    assert.equal(account.type, 'service_account');
    await server.v3('PATCH', `/core/users/${account.pk}/`, { is_active: false });
    await refused(client.clientCredentialsGrant(config, { scope: 'openid' }), 'invalid_grant');
  });

  test('44 a token of a federated provider acts as its user', async () => {
    const { callback, checks } = await authorize(await configure('app1', provider));
    const { access_token: assertion } = await client.authorizationCodeGrant(await configure('app1', provider), callback, checks);
    const trusting = await server.provider('app-trusting', { grant_types: ['client_credentials'], jwt_federation_providers: [provider.pk] });
    const config = await configure('app-trusting', trusting, client.None());
    const tokens = await client.clientCredentialsGrant(config, {
      scope: 'profile', client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', client_assertion: assertion,
    });
    assert.equal(decodeJwt(tokens.access_token).preferred_username, 'alice');
  });

  test('45 a device is let in at /device, and the 21st request of an hour is one too many', async () => {
    const tv = await server.provider('app-tv', { grant_types: ['urn:ietf:params:oauth:grant-type:device_code'], access_code_validity: 'minutes=5' });
    const config = await configure('app-tv', tv);
    const device = await client.initiateDeviceAuthorization(config, { scope: 'openid profile' });
    const flowPage = (at) => new URL(at).pathname.startsWith('/if/flow/');
    const browser = new Browser();
    const login = await browser.go(device.verification_uri, { until: flowPage });
    const code = await browser.go(await browser.signIn(login.url, 'alice', alice.password), { until: flowPage });
    const typed = await browser.walkFlow(code.url, { 'ak-provider-oauth2-device-code': () => ({ code: device.user_code }) });
    const end = await browser.walkFlow(new URL(typed.to, code.url).href, { 'ak-stage-consent': (challenge) => ({ token: challenge.token }) });
    assert.equal(end.component, 'ak-provider-oauth2-device-code-finish');
    const tokens = await client.pollDeviceAuthorizationGrant(config, device);
    assert.equal(tokens.claims().preferred_username, 'alice');

    for (let n = 1; n < 20; n++) await client.initiateDeviceAuthorization(config, { scope: 'openid' });
    await refused(client.initiateDeviceAuthorization(config, { scope: 'openid' }), 'slow_down');
  });

  test('pushed requests, proofs of possession and private_key_jwt, as openid-client makes them', async () => {
    const pair = await client.randomDPoPKeyPair('ES256');
    const signing = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
    const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', signing.publicKey);
    const strict = await server.provider('app-strict', {
      jwks: { keys: [{ kty, crv, x, y }] }, token_endpoint_auth_method: 'private_key_jwt', require_pushed_authorization_requests: true, dpop_bound_access_tokens: true,
    });
    const config = await configure('app-strict', strict, client.PrivateKeyJwt(signing.privateKey));
    const DPoP = client.getDPoPHandle(config, pair);
    const verifier = client.randomPKCECodeVerifier();
    const nonce = client.randomNonce();
    const url = await client.buildAuthorizationUrlWithPAR(config, {
      redirect_uri: redirectUri, scope: 'openid email', nonce, code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
    }, { DPoP });
    assert.deepEqual([...url.searchParams.keys()].sort(), ['client_id', 'request_uri']);
    const browser = new Browser();
    const outside = (at) => at.startsWith(redirectUri);
    const asked = await browser.go(url.href, { until: (at) => outside(at) || new URL(at).pathname.startsWith('/if/flow/') });
    const back = await browser.go(await browser.signIn(asked.url, 'alice', alice.password), { until: outside });
    const tokens = await client.authorizationCodeGrant(config, new URL(back.url), { pkceCodeVerifier: verifier, expectedNonce: nonce }, undefined, { DPoP });
    assert.equal(tokens.token_type, 'dpop');
    assert.equal((await client.fetchUserInfo(config, tokens.access_token, alice.uid, { DPoP })).email, 'alice@example.com');
    const stolen = await fetch(config.serverMetadata().userinfo_endpoint, { headers: { authorization: `Bearer ${tokens.access_token}` } });
    assert.equal(stolen.status, 401);
  });

  test('49 an access token with the scope of the API calls it, and one without does not', async () => {
    const tool = await server.provider('app-tool', { property_mappings: await server.scopes('openid', 'goauthentik.io/api') });
    const config = await configure('app-tool', tool);
    for (const [scope, status] of [['openid goauthentik.io/api', 200], ['openid', 403]]) {
      const { callback, checks } = await authorize(config, { scope });
      const { access_token: token } = await client.authorizationCodeGrant(config, callback, checks);
      const answer = await fetch(`${server.urls.identity}/api/v3/core/users/me/`, { headers: { authorization: `Bearer ${token}` } });
      assert.equal(answer.status, status, scope);
    }
  });

  test('50 HS256 without a key, and encrypted tokens with an encryption key', async () => {
    const shared = await server.provider('app-hs256', { signing_key: null });
    const metadata = (await configure('app-hs256', shared)).serverMetadata();
    assert.deepEqual(metadata.id_token_signing_alg_values_supported, ['HS256']);
    assert.deepEqual(await (await fetch(metadata.jwks_uri)).json(), { keys: [] });

    const pair = (await server.v3('GET', '/crypto/certificatekeypairs/?name=authentik%20Self-signed%20Certificate')).results[0];
    const { data: pem } = await server.v3('GET', `/crypto/certificatekeypairs/${pair.pk}/view_private_key/`);
    const key = createPrivateKey(pem);
    const sealed = await server.provider('app-jwe', { encryption_key: pair.pk, grant_types: ['client_credentials'] });
    const config = await configure('app-jwe', sealed);
    const answer = await fetch(config.serverMetadata().token_endpoint, {
      method: 'POST', body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'openid', client_id: sealed.client_id, client_secret: sealed.client_secret }),
    });
    const tokens = await answer.json();
    const jwks = createLocalJWKSet(await (await fetch(config.serverMetadata().jwks_uri)).json());
    for (const token of [tokens.id_token, tokens.access_token]) {
      assert.equal(token.split('.').length, 5);
      const { alg, enc } = decodeProtectedHeader(token);
      assert.deepEqual([alg, enc], ['RSA-OAEP-256', 'A256CBC-HS512']);
      const { plaintext } = await compactDecrypt(token, key);
      const { payload } = await jwtVerify(new TextDecoder().decode(plaintext), jwks, { issuer: issuer('app-jwe').href });
      assert.ok(payload.sub);
    }
    assert.equal((await client.tokenIntrospection(config, tokens.access_token)).active, true);
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

    const wider = client.buildAuthorizationUrl(config, { redirect_uri: redirectUri, scope: 'openid email profile offline_access' }).href;
    const more = await browser.walkFlow((await browser.go(wider, { until: flowPage })).url, {});
    assert.equal(more.component, 'ak-stage-consent');
    assert.deepEqual(more.additional_permissions.map((permission) => permission.id), ['offline_access']);

    const consents = (await server.v3('GET', `/core/user_consent/?user=${alice.pk}`)).results.filter((consent) => consent.application.slug === 'app-consent');
    assert.equal(consents.length, 1);
    await server.v3('DELETE', `/core/user_consent/${consents[0].pk}/`);
    const again = await browser.walkFlow((await browser.go(url, { until: flowPage })).url, {});
    assert.equal(again.component, 'ak-stage-consent');
  });

  test('52 health is told, and the set-up page of a fresh start is closed once somebody was set up', async () => {
    for (const path of ['live', 'ready']) assert.equal((await fetch(`${server.urls.identity}/-/health/${path}/`)).status, 200, path);
    assert.equal((await fetch(`${server.urls.identity}/setup`, { method: 'HEAD' })).status, 503);
    const [admin] = (await server.v3('GET', '/core/users/?username=akadmin')).results;
    assert.ok(admin.is_superuser);
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
