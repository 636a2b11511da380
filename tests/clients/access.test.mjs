// Access, as a browser, a script and jose see it. Numbers in names are the contract's checks.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { createRemoteJWKSet, customFetch, jwtVerify } from 'jose';
import { Browser } from './lib/browser.mjs';
import { Gatehouse } from './lib/server.mjs';

let server, echo, alice, mallory, wiki, chat, jwks;

before(async () => {
  echo = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers }));
  });
  await new Promise((done) => echo.listen(0, '127.0.0.1', done));
  const origin = `http://127.0.0.1:${echo.address().port}`;
  server = await Gatehouse.start();
  alice = await server.user('alice');
  mallory = await server.user('mallory', { email: 'mallory@evil.example' });
  const staff = [{ name: 'staff', decision: 'allow', precedence: 1, include: [{ email_domain: { domain: 'example.com' } }] }];
  wiki = await server.publish('wiki', origin, staff);
  chat = await server.publish('chat', origin, staff);
  jwks = createRemoteJWKSet(new URL(`${server.urls.access}/cdn-cgi/access/certs`), { [customFetch]: fetch });
});
after(async () => {
  await server?.stop();
  echo?.close();
});

const verify = (token, audience) => jwtVerify(token, jwks, { issuer: server.urls.access, audience, algorithms: ['RS256'] });

describe('Access', () => {
  test('21 without a session: 302 with kid, redirect_url and a meta that verifies', async () => {
    const response = await fetch(`${wiki.url}/path?q=1`, { redirect: 'manual' });
    assert.equal(response.status, 302);
    const location = new URL(response.headers.get('location'));
    assert.equal(location.origin, server.urls.access);
    assert.equal(location.pathname, '/cdn-cgi/access/login/wiki.localhost');
    assert.equal(location.searchParams.get('kid'), wiki.aud);
    assert.equal(location.searchParams.get('redirect_url'), '/path?q=1');
    const { payload } = await jwtVerify(location.searchParams.get('meta'), jwks);
    assert.equal(payload.type, 'meta');
    // T08: whoever has not signed in holds it, so an origin that checks a token as it should takes it for none.
    await assert.rejects(jwtVerify(location.searchParams.get('meta'), jwks, { issuer: server.urls.access, audience: wiki.aud }));
    const cookie = response.headers.getSetCookie().find((set) => set.startsWith('CF_AppSession='));
    assert.match(cookie, /; ?secure/i);
    assert.match(cookie, /; ?httponly/i);
    assert.match(response.headers.get('www-authenticate'), /^Cloudflare-Access resource_metadata=/);
  });

  test('22 a script gets 401 and a preflight 403, neither reaches the origin', async () => {
    assert.equal((await fetch(wiki.url, { headers: { 'x-requested-with': 'XMLHttpRequest' }, redirect: 'manual' })).status, 401);
    const preflight = await fetch(wiki.url, {
      method: 'OPTIONS', redirect: 'manual', headers: { origin: 'https://elsewhere.example', 'access-control-request-method': 'PUT' },
    });
    assert.equal(preflight.status, 403);
  });

  test('23 24 sign-in ends at the exact address; the origin sees the assertion and no forgery', async () => {
    const browser = new Browser();
    const { url, response } = await browser.open(`${wiki.url}/path?q=1`, 'alice', alice.password);
    assert.equal(url, `${wiki.url}/path?q=1`);
    assert.equal(response.status, 200);

    const cookie = await browser.cookie(wiki.url, 'CF_Authorization');
    assert.ok(cookie.expires > new Date() && cookie.httpOnly && cookie.secure);
    const { payload, protectedHeader } = await verify(cookie.value, wiki.aud);
    assert.equal(payload.type, 'app');
    assert.deepEqual(payload.aud, [wiki.aud]);
    assert.equal(payload.email, 'alice@example.com');
    assert.match(payload.sub, /^[0-9a-f-]{36}$/);
    assert.ok(payload.identity_nonce && payload.iat && payload.nbf && payload.exp);
    assert.match(protectedHeader.kid, /^[0-9a-f]{64}$/);

    const forged = await browser.fetch(wiki.url, {
      headers: { 'cf-access-jwt-assertion': 'forged', 'Cf_Access_Jwt_Assertion': 'forged', 'cf-access-authenticated-user-email': 'root@example.com' },
    });
    const { headers } = await forged.json();
    assert.equal(headers['cf-access-jwt-assertion'], cookie.value);
    assert.equal(headers['cf-access-authenticated-user-email'], 'alice@example.com');
    assert.ok(!JSON.stringify(headers).includes('forged'));
    assert.ok(!(headers.cookie ?? '').includes('CF_'));
  });

  test('25 a second app opens without a question', async () => {
    const browser = new Browser();
    await browser.open(wiki.url, 'alice', alice.password);
    const { response, hops } = await browser.go(chat.url);
    assert.equal(response.status, 200, hops.join('\n'));
    assert.ok(hops.every((hop) => !hop.includes(server.urls.identity)), hops.join('\n'));
  });

  test('26 get-identity gives the same person to the app token and the org token, and 400 without one', async () => {
    const browser = new Browser();
    await browser.open(wiki.url, 'alice', alice.password);
    const app = await (await browser.fetch(`${wiki.url}/cdn-cgi/access/get-identity`)).json();
    const org = await (await browser.fetch(`${server.urls.access}/cdn-cgi/access/get-identity`)).json();
    assert.equal(app.email, 'alice@example.com');
    assert.equal(org.email, app.email);
    assert.equal(org.user_uuid, app.user_uuid);
    assert.equal(app.idp.type, 'oidc');
    for (const at of [wiki.url, server.urls.access]) {
      const nobody = await fetch(`${at}/cdn-cgi/access/get-identity`);
      assert.equal(nobody.status, 400);
      assert.deepEqual(await nobody.json(), { err: 'no app token set' });
    }
  });

  test('27 logout at one app ends the token of the other; certs need no sign-in; unknown team hosts are 404', async () => {
    const browser = new Browser();
    await browser.open(wiki.url, 'alice', alice.password);
    await browser.go(chat.url);
    const kept = await browser.cookie(chat.url, 'CF_Authorization');
    assert.equal((await browser.fetch(`${wiki.url}/cdn-cgi/access/logout`)).status, 200);
    const replay = await fetch(chat.url, { redirect: 'manual', headers: { cookie: `CF_Authorization=${kept.value}` } });
    assert.equal(replay.status, 302);
    const { keys, public_certs: certs } = await (await fetch(`${server.urls.access}/cdn-cgi/access/certs`)).json();
    assert.equal(keys[0].alg, 'RS256');
    assert.match(certs[0].cert, /BEGIN CERTIFICATE/);
  });

  test('29 bypass, deny and allow in their order; the most specific path wins', async () => {
    const origin = `http://127.0.0.1:${echo.address().port}`;
    const [method] = await server.v4('GET', '/access/identity_providers');
    const shop = await server.publish('shop', origin, [
      { name: 'not alice', decision: 'deny', precedence: 1, include: [{ email: { email: 'alice@example.com' } }] },
      { name: 'everyone', decision: 'allow', precedence: 2, include: [{ everyone: {} }] },
    ]);
    await server.v4('POST', '/access/apps', {
      type: 'self_hosted', name: 'shop public', domain: 'shop.localhost/public', allowed_idps: [method.id],
      policies: [{ name: 'all', decision: 'bypass', precedence: 1, include: [{ everyone: {} }] }],
    });
    const open = await fetch(`${shop.url}/public/a`, { headers: { 'cf-access-jwt-assertion': 'forged' } });
    assert.equal(open.status, 200);
    assert.equal((await open.json()).headers['cf-access-jwt-assertion'], undefined);
    assert.equal((await fetch(shop.url, { redirect: 'manual' })).status, 302);
    assert.equal((await new Browser().open(shop.url, 'alice', alice.password)).response.status, 403);
    assert.equal((await new Browser().open(shop.url, 'mallory', mallory.password)).response.status, 200);
  });

  test('31 a denied user gets a page with a decision id; a policy change counts from the next request', async () => {
    const browser = new Browser();
    const { response } = await browser.open(wiki.url, 'mallory', mallory.password);
    assert.equal(response.status, 403);
    const page = await response.text();
    assert.match(page, /[0-9a-f]{16}/);
    assert.ok(!page.includes('example.com'), 'the page must not tell the rule');

    const admitted = new Browser();
    const club = await server.publish('club', `http://127.0.0.1:${echo.address().port}`, [
      { name: 'all', decision: 'allow', precedence: 1, include: [{ everyone: {} }] },
    ]);
    await admitted.open(club.url, 'mallory', mallory.password);
    assert.equal((await admitted.fetch(club.url)).status, 200);
    await server.v4('PUT', `/access/apps/${club.id}`, {
      type: 'self_hosted', name: 'club', domain: 'club.localhost', allowed_idps: club.allowed_idps, auto_redirect_to_identity: true,
      policies: [{ name: 'staff', decision: 'allow', precedence: 1, include: [{ email_domain: { domain: 'example.com' } }] }],
    });
    assert.notEqual((await admitted.fetch(club.url)).status, 200);
  });
});
