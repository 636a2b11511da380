// Checks 30 and 31: second factors at the flow executor over HTTPS with a cookie jar, and what ID tokens say of them.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as client from 'openid-client';
import { SoftKey } from './lib/authenticator.mjs';
import { Browser } from './lib/browser.mjs';
import { steady, totp } from './lib/chromium.mjs';
import { relyingParty } from './lib/rp.mjs';
import { Run, code } from './lib/run.mjs';
import { Gatehouse } from './lib/server.mjs';

const LOGIN = 'default-authentication-flow';
const VALIDATE = 'ak-stage-authenticator-validate';
let server, wiki, validation;
const rp = relyingParty(() => ({ server }));
const run = (slug, query, browser) => new Run(server, slug, query, browser);

before(async () => {
  server = await Gatehouse.start();
  wiki = await server.provider('wiki');
  validation = (await server.v3('GET', '/stages/authenticator/validate/?name=default-authentication-mfa-validation')).results[0];
});
after(() => server?.stop());

/** Name and password; what is asked then. */
async function password(user, browser = new Browser()) {
  const flow = run(LOGIN, 'next=/if/user/', browser);
  await flow.answer({ component: 'ak-stage-identification', uid_field: user.username });
  return { flow, browser, asked: await flow.answer({ component: 'ak-stage-password', password: user.password }) };
}

async function signedIn(user) {
  const { browser, asked } = await password(user);
  assert.equal(asked.component, 'xak-flow-redirect');
  return browser;
}

/** An app's secret, enrolled by the code of the step before this one: each code serves once. */
async function enrolApp(browser) {
  const flow = run('default-authenticator-totp-setup', 'next=/if/user/', browser);
  const asked = await flow.show();
  assert.equal(asked.component, 'ak-stage-authenticator-totp');
  const secret = new URL(asked.config_url).searchParams.get('secret');
  await steady(6);
  const end = await flow.answer({ component: asked.component, code: totp(secret, Date.now() - 30_000) });
  assert.equal(end.component, 'xak-flow-redirect', JSON.stringify(end));
  return secret;
}

/** How an ID token says that the browser's person proved who they are. */
async function amr(browser) {
  const config = await rp.configure('wiki', wiki);
  const { callback, checks } = await rp.authorize(config, {}, browser);
  return (await client.authorizationCodeGrant(config, callback, checks)).claims().amr;
}

const ways = (asked) => asked.device_challenges.map((way) => way.device_class);
const wrong = (secret) => (totp(secret) === '000000' ? '000001' : '000000');
const patch = (fields) => server.v3('PATCH', `/stages/authenticator/validate/${validation.pk}/`, fields);

describe('second factors at the executor', () => {
  test('30: a code of an app, a wrong one, one too soon, and amr', async () => {
    const ada = await server.user('ada');
    const first = await signedIn(ada);
    assert.ok(!(await amr(first)).includes('mfa'));
    const secret = await enrolApp(first);

    const { flow, browser, asked } = await password(ada);
    assert.equal(asked.component, VALIDATE);
    assert.deepEqual(ways(asked), ['totp']);
    assert.equal(code(await flow.answer({ component: VALIDATE, code: wrong(secret) }), 'code'), 'invalid');
    assert.equal(code(await flow.answer({ component: VALIDATE, code: totp(secret) }), 'code'), 'throttled');
    await new Promise((done) => setTimeout(done, 1100));
    assert.equal((await flow.answer({ component: VALIDATE, code: totp(secret) })).to, '/if/user/');
    const proof = await amr(browser);
    assert.ok(proof.includes('mfa') && proof.includes('pwd'), String(proof));
  });

  test('30: recovery codes work once', async () => {
    const bob = await server.user('bob');
    const setup = run('default-authenticator-static-setup', 'next=/if/user/', await signedIn(bob));
    const { codes } = await setup.show();
    assert.equal((await setup.answer({ component: 'ak-stage-authenticator-static' })).component, 'xak-flow-redirect');

    const once = await password(bob);
    assert.deepEqual(ways(once.asked), ['static']);
    assert.equal((await once.flow.answer({ component: VALIDATE, code: codes[0] })).to, '/if/user/');
    assert.ok((await amr(once.browser)).includes('mfa'));
    const again = await password(bob);
    assert.equal(code(await again.flow.answer({ component: VALIDATE, code: codes[0] }), 'code'), 'invalid');
  });

  test('30: a security key after the password, and as a passkey alone', async () => {
    const carol = await server.user('carol');
    const key = new SoftKey(server.urls.identity);
    const setup = run('default-authenticator-webauthn-setup', 'next=/if/user/', await signedIn(carol));
    const { registration } = await setup.show();
    const end = await setup.answer({ component: 'ak-stage-authenticator-webauthn', response: key.create(registration) });
    assert.equal(end.component, 'xak-flow-redirect', JSON.stringify(end));

    const second = await password(carol);
    assert.deepEqual(ways(second.asked), ['webauthn']);
    assert.equal((await second.flow.answer({ component: VALIDATE, webauthn: key.get(second.asked.device_challenges[0].challenge) })).to, '/if/user/');
    assert.ok((await amr(second.browser)).includes('mfa'));

    const passwordless = await server.v3('POST', '/flows/instances/', { name: 'passkeys', slug: 'passkeys', title: 'Passkeys', designation: 'authentication' });
    const stages = [
      await server.v3('POST', '/stages/authenticator/validate/', { name: 'passkeys', device_classes: ['webauthn'], not_configured_action: 'deny', webauthn_user_verification: 'required' }),
      await server.v3('POST', '/stages/user_login/', { name: 'passkeys-login' }),
    ];
    for (const [order, stage] of stages.entries()) await server.v3('POST', '/flows/bindings/', { target: passwordless.pk, stage: stage.pk, order });
    const alone = run('passkeys', 'next=/if/user/');
    const asked = await alone.show();
    assert.deepEqual([asked.pending_user, asked.device_challenges[0].device_uid, asked.device_challenges[0].challenge.allowCredentials], ['', '-1', []]);
    assert.equal((await alone.answer({ component: VALIDATE, webauthn: key.get(asked.device_challenges[0].challenge) })).to, '/if/user/');
    assert.deepEqual(await amr(alone.browser), ['user']);
  });

  test('31: whoever has none is turned away, or sets one up on the way', async () => {
    const dave = await server.user('dave');
    const setup = (await server.v3('GET', '/stages/authenticator/totp/?name=default-authenticator-totp-setup')).results[0];
    const before = { not_configured_action: validation.not_configured_action, configuration_stages: validation.configuration_stages };
    try {
      await patch({ not_configured_action: 'deny' });
      assert.equal((await password(dave)).asked.component, 'ak-stage-access-denied');
      await patch({ not_configured_action: 'configure', configuration_stages: [setup.pk] });
      const { flow, browser, asked } = await password(dave);
      assert.equal(asked.component, 'ak-stage-authenticator-totp');
      const secret = new URL(asked.config_url).searchParams.get('secret');
      await steady(6);
      assert.equal((await flow.answer({ component: asked.component, code: totp(secret, Date.now() - 30_000) })).to, '/if/user/');
      assert.equal((await browser.fetch(`${server.urls.identity}/if/user/`)).status, 200);
      assert.deepEqual(ways((await password(dave)).asked), ['totp']);
    } finally {
      await patch(before);
    }
  });

  test('31: with last_auth_threshold a browser that proved it is not asked again, another one is', async () => {
    const erin = await server.user('erin');
    const secret = await enrolApp(await signedIn(erin));
    try {
      await patch({ last_auth_threshold: 'hours=1' });
      const { flow, browser, asked } = await password(erin);
      assert.equal(asked.component, VALIDATE);
      assert.equal((await flow.answer({ component: VALIDATE, code: totp(secret) })).to, '/if/user/');
      assert.equal((await run('default-invalidation-flow', '', browser).show()).component, 'ak-stage-session-end');
      assert.equal((await password(erin, browser)).asked.to, '/if/user/');
      assert.equal((await password(erin)).asked.component, VALIDATE);
    } finally {
      await patch({ last_auth_threshold: validation.last_auth_threshold });
    }
  });
});
