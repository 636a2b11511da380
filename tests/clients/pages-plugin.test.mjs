// An app that protects itself with Cloudflare's own plugin, behind the gateway and without it.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import protect from '@cloudflare/pages-plugin-cloudflare-access';
import { generateLoginURL, generateLogoutURL } from '@cloudflare/pages-plugin-cloudflare-access/api';
import { Browser } from './lib/browser.mjs';
import { Gatehouse } from './lib/server.mjs';

let server, origin, alice, app, other;

/** Runs the plugin as Cloudflare Pages would. */
async function run(request) {
  const data = {};
  const response = await protect({ domain: server.urls.access, aud: app.aud })({
    request, data, env: {}, params: {}, functionPath: '/', waitUntil() {}, passThroughOnException() {},
    next: async () => Response.json({ email: data.cloudflareAccess.JWT.payload.email, identity: await data.cloudflareAccess.JWT.getIdentity() }),
  });
  return response;
}

before(async () => {
  origin = createServer(async (request, response) => {
    const answer = await run(new Request(`https://${request.headers.host}${request.url}`, { headers: request.headers }));
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(await answer.text());
  });
  await new Promise((done) => origin.listen(0, '127.0.0.1', done));
  server = await Gatehouse.start();
  alice = await server.user('alice');
  const everyone = [{ name: 'all', decision: 'allow', precedence: 1, include: [{ everyone: {} }] }];
  app = await server.publish('pages', `http://127.0.0.1:${origin.address().port}`, everyone);
  other = await server.publish('other', `http://127.0.0.1:${origin.address().port}`, everyone);
});
after(async () => {
  await server?.stop();
  origin?.close();
});

describe('@cloudflare/pages-plugin-cloudflare-access', () => {
  test('32 behind the gateway it accepts the assertion and gets the identity', async () => {
    const { response } = await new Browser().open(app.url, 'alice', alice.password);
    const { email, identity } = await response.json();
    assert.equal(email, 'alice@example.com');
    assert.equal(identity.email, 'alice@example.com');
  });

  test('33 34 without an assertion, or with one for another app, it sends to a login page that works without meta', async () => {
    const browser = new Browser();
    await browser.open(other.url, 'alice', alice.password).catch(() => {});
    const foreign = (await browser.cookie(other.url, 'CF_Authorization')).value;
    // T08: anybody gets these two, and the plugin lets claims be absent.
    const { headers: asked } = await new Browser().fetch(app.url, { redirect: 'manual' });
    const meta = new URL(asked.get('location')).searchParams.get('meta');
    const match = (await new Browser().fetch(app.url, { method: 'HEAD', redirect: 'manual', headers: { 'cf-access-metadata-request': 'true' } })).headers.get('cf-access-metadata');
    assert.ok(meta && match);
    for (const headers of [{ 'cf-access-jwt-assertion': meta }, { 'cf-access-jwt-assertion': match }, {}, { 'cf-access-jwt-assertion': foreign }, { 'cf-access-jwt-assertion': 'a.b.c' }]) {
      const answer = await run(new Request(`${app.url}/page?x=1`, { headers }));
      assert.equal(answer.status, 302);
      assert.equal(answer.headers.get('location'), generateLoginURL({ redirectURL: `${app.url}/page?x=1`, domain: server.urls.access, aud: app.aud }));
    }

    const fresh = new Browser();
    const login = await fresh.go(generateLoginURL({ redirectURL: `${app.url}/page?x=1`, domain: server.urls.access, aud: app.aud }), {
      until: (at) => new URL(at).pathname.startsWith('/if/flow/'),
    });
    assert.match(login.url, /\/if\/flow\/default-authentication-flow\//, login.hops.join('\n'));
    const end = await fresh.go(await fresh.signIn(login.url, 'alice', alice.password));
    assert.equal(end.url, `${app.url}/page?x=1`);
    assert.equal((await fresh.fetch(generateLogoutURL({ domain: server.urls.access }))).status, 200);
    assert.equal((await fresh.fetch(app.url)).status, 302);
  });
});
