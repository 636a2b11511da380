// What ends, what is kept out and what asks again, as openid-client sees it. Numbers in names are the contract's checks.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { decodeJwt } from 'jose';
import * as client from 'openid-client';
import { Browser } from './lib/browser.mjs';
import { redirectUri, refused, relyingParty } from './lib/rp.mjs';
import { Gatehouse } from './lib/server.mjs';

let server, alice, provider;

before(async () => {
  server = await Gatehouse.start();
  alice = await server.user('alice');
  provider = await server.provider('app1');
});
after(() => server?.stop());

const { configure, authorize } = relyingParty(() => ({ server, person: alice }));

describe('openid-client, at the limits', () => {
  test('39 a code is good for a minute at most, and for the redirect URI it was sent to', async () => {
    const uris = [redirectUri, 'https://rp.example/other'].map((url) => ({ matching_mode: 'strict', url }));
    const two = await server.provider('app-two', { redirect_uris: uris });
    const config = await configure('app-two', two);
    for (const [path, fault] of [['/other', 'invalid_grant'], ['/nowhere', 'invalid_client']]) { // registered, but not the one; and not registered
      const elsewhere = await authorize(config);
      elsewhere.callback.pathname = path;
      await refused(client.authorizationCodeGrant(config, elsewhere.callback, elsewhere.checks), fault);
    }

    const short = await server.provider('app-short', { access_code_validity: 'seconds=1', access_token_validity: 'seconds=2' });
    const shortConfig = await configure('app-short', short);
    const late = await authorize(shortConfig);
    await wait(1500);
    await refused(client.authorizationCodeGrant(shortConfig, late.callback, late.checks), 'invalid_grant');
  });

  test('41 without offline_access there is no refresh token, and a young one stays with a threshold', async () => {
    const lasting = await server.provider('app-lasting', { refresh_token_threshold: 'hours=1' });
    const config = await configure('app-lasting', lasting);
    const { callback, checks } = await authorize(config, { scope: 'openid offline_access' });
    const first = await client.authorizationCodeGrant(config, callback, checks);
    assert.equal((await client.refreshTokenGrant(config, first.refresh_token)).refresh_token, undefined);
    assert.ok((await client.refreshTokenGrant(config, first.refresh_token)).access_token);
    const without = await authorize(config, { scope: 'openid' });
    assert.equal((await client.authorizationCodeGrant(config, without.callback, without.checks)).refresh_token, undefined);
  });

  test('42 an access token that has expired is told so', async () => {
    const brief = await server.provider('app-brief', { access_token_validity: 'seconds=1' });
    const config = await configure('app-brief', brief);
    const { callback, checks } = await authorize(config);
    const tokens = await client.authorizationCodeGrant(config, callback, checks);
    await wait(2100);
    await assert.rejects(client.fetchUserInfo(config, tokens.access_token, alice.uid), (error) => {
      const [challenge] = error.cause ?? [];
      assert.deepEqual([error.status, challenge?.scheme, challenge?.parameters.error], [401, 'bearer', 'invalid_token']);
      return true;
    });
    assert.equal((await client.tokenIntrospection(config, tokens.access_token)).active, false);
  });

  test('44 an app password acts as its account, which bindings may keep out', async () => {
    const machine = await server.provider('app-account', { grant_types: ['client_credentials'] });
    const account = await server.v3('POST', '/core/users/service_account/', { name: 'ci' }, 200);
    const config = await configure('app-account', machine);
    const login = { scope: 'profile', username: account.username, password: account.token };
    assert.equal(decodeJwt((await client.clientCredentialsGrant(config, login)).access_token).preferred_username, 'ci');
    await refused(client.clientCredentialsGrant(config, { ...login, password: 'wrong' }), 'invalid_grant');

    const { pk: target } = await server.v3('GET', '/core/applications/app-account/');
    await server.v3('POST', '/policies/bindings/', { target, user: alice.pk, order: 0 });
    await refused(client.clientCredentialsGrant(config, login), 'invalid_grant');
  });

  test('45 whoever may not use the application lets no device in', async () => {
    const tv = await server.provider('app-closed-tv', { grant_types: ['urn:ietf:params:oauth:grant-type:device_code'], access_code_validity: 'minutes=5' });
    const { pk: target } = await server.v3('GET', '/core/applications/app-closed-tv/');
    const stranger = await server.user('stranger');
    await server.v3('POST', '/policies/bindings/', { target, user: stranger.pk, order: 0 });
    const config = await configure('app-closed-tv', tv);
    const device = await client.initiateDeviceAuthorization(config, { scope: 'openid' });
    const flowPage = (at) => new URL(at).pathname.startsWith('/if/flow/');
    const browser = new Browser();
    const login = await browser.go(device.verification_uri, { until: flowPage });
    const code = await browser.go(await browser.signIn(login.url, 'alice', alice.password), { until: flowPage });
    const end = await browser.walkFlow(code.url, { 'ak-provider-oauth2-device-code': () => ({ code: device.user_code }) });
    assert.notEqual(end.component, 'ak-provider-oauth2-device-code-finish');
    const answer = await fetch(config.serverMetadata().token_endpoint, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: device.device_code, client_id: tv.client_id, client_secret: tv.client_secret }),
    });
    assert.equal((await answer.json()).error, 'authorization_pending');
  });

  test('46 a second, a consent, a hint, a form and a request object', async () => {
    const config = await configure('app1', provider);
    const { browser } = await authorize(config);
    const outside = (at) => at.startsWith('https://rp.example/');
    const flowPage = (at) => outside(at) || new URL(at).pathname.startsWith('/if/flow/');
    const open = (parameters, from = browser) => from.go(client.buildAuthorizationUrl(config, { redirect_uri: redirectUri, scope: 'openid', state: 's', ...parameters }).href, { until: flowPage });

    await wait(1500);
    assert.match((await open({ max_age: '1' })).url, /\/if\/flow\/default-authentication-flow\//);
    const asked = await open({ prompt: 'consent' });
    const shown = await browser.walkFlow(asked.url, {});
    assert.equal(shown.component, 'ak-stage-consent', JSON.stringify(shown));
    const hinted = new Browser();
    const { url } = await open({ login_hint: 'alice' }, hinted);
    const challenge = await hinted.walkFlow(url, {});
    assert.equal(challenge.pending_user_identifier ?? challenge.pending_user, 'alice', JSON.stringify(challenge));

    const posted = await open({ response_mode: 'form_post' });
    const page = await posted.response.text();
    assert.match(page, /<form method="post" action="https:\/\/rp\.example\/cb">/);
    assert.match(page, /name="code" value="[^"]+"/);
    assert.match(page, /name="state" value="s"/);
    for (const name of ['request', 'request_uri']) {
      const refusedAt = new URL((await open({ response_type: 'code', [name]: name === 'request' ? 'eyJhbGciOiJub25lIn0.e30.' : 'https://rp.example/r' })).url);
      assert.equal(refusedAt.searchParams.get('error'), `${name}_not_supported`);
    }
  });
});
