// Service tokens, revocation, keys, users and client certificates through the official SDK (numbers are the contract's checks), and the command line.
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import Cloudflare from 'cloudflare';
import { decodeJwt } from 'jose';
import { Browser } from './lib/browser.mjs';
import { Gatehouse } from './lib/server.mjs';

let server, echo, api, account_id, ada, wiki, robots, token;

before(async () => {
  echo = createServer((request, response) => response.end(JSON.stringify({ headers: request.headers })));
  await new Promise((done) => echo.listen(0, '127.0.0.1', done));
  const origin = `http://127.0.0.1:${echo.address().port}`;
  server = await Gatehouse.start();
  ada = await server.user('ada');
  wiki = await server.publish('wiki', origin, [{ name: 'staff', decision: 'allow', precedence: 1, include: [{ email_domain: { domain: 'example.com' } }] }]);
  api = new Cloudflare({ apiToken: server.token, baseURL: `${server.urls.api}/client/v4`, fetch: globalThis.fetch });
  account_id = server.account;
  token = await api.zeroTrust.access.serviceTokens.create({ account_id, name: 'robot' });
  robots = await server.publish('robots', origin, [{ name: 'robots', decision: 'non_identity', precedence: 1, include: [{ service_token: { token_id: token.id } }] }]);
});
after(async () => {
  await server?.stop();
  echo?.close();
});

const secrets = (made) => ({ 'CF-Access-Client-Id': made.client_id, 'CF-Access-Client-Secret': made.client_secret });

describe('Machines', () => {
  test('05 service tokens: secret once, rotate, refresh, delete', async () => {
    const tokens = api.zeroTrust.access.serviceTokens;
    const made = await tokens.create({ account_id, name: 'second', duration: '24h' });
    assert.match(made.client_id, /^[0-9a-f]{32}\.access/);
    assert.match(made.client_secret, /^[0-9a-f]{64}$/);
    const read = await tokens.get(made.id, { account_id });
    assert.equal('client_secret' in read, false);
    const names = [];
    for await (const one of tokens.list({ account_id })) names.push(one.name);
    assert.deepEqual(names.sort(), ['robot', 'second']);
    assert.notEqual((await tokens.rotate(made.id, { account_id })).client_secret, made.client_secret);
    assert.ok(new Date((await tokens.refresh(made.id, { account_id })).expires_at) > new Date(made.expires_at));
    assert.equal((await tokens.update(made.id, { account_id, name: 'renamed' })).name, 'renamed');
    assert.equal((await tokens.delete(made.id, { account_id })).id, made.id);
    await assert.rejects(tokens.get(made.id, { account_id }), Cloudflare.NotFoundError);
  });

  test('28 a service token at its app: admitted, 401 when wrong, 403 elsewhere', async () => {
    const response = await fetch(robots.url, { headers: secrets(token), redirect: 'manual' });
    assert.equal(response.status, 200);
    const { headers } = await response.json();
    assert.equal(headers['cf-access-client-secret'], undefined);
    const claims = decodeJwt(headers['cf-access-jwt-assertion']);
    assert.equal(claims.common_name, token.client_id);
    assert.equal(claims.sub, '');
    assert.equal(claims.email, undefined);
    assert.equal((await fetch(robots.url, { headers: { ...secrets(token), 'CF-Access-Client-Secret': 'wrong' }, redirect: 'manual' })).status, 401);
    assert.equal((await fetch(wiki.url, { headers: secrets(token), redirect: 'manual' })).status, 403);
    assert.equal((await fetch(robots.url, { redirect: 'manual' })).status, 403);
  });

  test('11 13 users: sessions, identity, and their end', async () => {
    const browser = new Browser();
    await browser.open(wiki.url, 'ada', ada.password);
    const { access } = api.zeroTrust;
    const users = [];
    for await (const user of access.users.list({ account_id })) users.push(user);
    const [user] = users;
    assert.equal(user.email, 'ada@example.com');
    const sessions = await access.users.activeSessions.list(user.id, { account_id });
    assert.equal(sessions.result.length, 1);
    assert.equal((await access.users.lastSeenIdentity.get(user.id, { account_id })).email, 'ada@example.com');
    assert.equal((await access.users.failedLogins.list(user.id, { account_id })).result.length, 0);

    assert.equal((await browser.fetch(wiki.url)).status, 200);
    await access.applications.revokeTokens(wiki.id, { account_id });
    assert.equal((await browser.fetch(wiki.url)).status, 302);
    const again = await browser.go(wiki.url);
    assert.equal(again.response.status, 200); // without a question

    assert.equal(await api.zeroTrust.organizations.revokeUsers({ account_id, email: 'ada@example.com' }), true);
    assert.equal((await browser.fetch(wiki.url)).status, 302);
    assert.equal((await access.users.activeSessions.list(user.id, { account_id })).result.length, 0);
  });

  test('12 keys: after a rotation two are published, and what was signed stays good', async () => {
    const browser = new Browser();
    await browser.open(wiki.url, 'ada', ada.password);
    assert.equal((await api.zeroTrust.access.keys.get({ account_id })).key_rotation_interval_days, 42);
    await api.zeroTrust.access.keys.update({ account_id, key_rotation_interval_days: 60 });
    assert.equal((await api.zeroTrust.access.keys.rotate({ account_id })).days_until_next_rotation, 60);
    const certs = await (await fetch(`${server.urls.access}/cdn-cgi/access/certs`)).json();
    assert.equal(certs.keys.length, 2);
    assert.equal((await browser.fetch(wiki.url)).status, 200);
  });

  test('certificates: upload, settings, and no way out while a host asks', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-ca-'));
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=Fleet', '-keyout', `${folder}/ca.key`, '-out', `${folder}/ca.pem`], { stdio: 'ignore' });
    const { certificates } = api.zeroTrust.access;
    const made = await certificates.create({ account_id, name: 'Fleet', certificate: execFileSync('cat', [`${folder}/ca.pem`], { encoding: 'utf8' }), associated_hostnames: ['fleet.example.com'] });
    await assert.rejects(certificates.delete(made.id, { account_id }), (fault) => fault instanceof Cloudflare.ConflictError && fault.errors[0].code === 12132);
    await certificates.settings.update({ account_id, settings: [{ hostname: 'fleet.example.com', china_network: false, client_certificate_forwarding: true }] });
    assert.equal((await certificates.settings.get({ account_id })).result[0].client_certificate_forwarding, true);
    await certificates.update(made.id, { account_id, associated_hostnames: [] });
    assert.equal((await certificates.delete(made.id, { account_id })).id, made.id);
  });

  test('the command line signs in, keeps its token, and asks with it', async () => {
    const home = mkdtempSync(join(tmpdir(), 'gatehouse-home-'));
    const env = { ...process.env, HOME: home };
    const login = spawn(process.env.GATEHOUSE_BINARY, ['access', 'login', wiki.url, '--no-browser', '--ca', server.ready.ca], { env });
    let said = '';
    const address = await new Promise((done, fail) => {
      login.stderr.on('data', (text) => {
        said += text;
        const found = said.match(/https:\S+/);
        if (found && said.includes('paste')) done(found[0]);
      });
      login.once('exit', (code) => fail(new Error(`ended with ${code}: ${said}`)));
    });
    const browser = new Browser();
    const { response } = await browser.open(address, 'ada', ada.password);
    const ticket = (await response.text()).match(/name="ticket" value="([^"]+)"/)[1];
    const answer = await browser.fetch(`${server.urls.access}/cdn-cgi/access/oauth/consent`, {
      method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded', origin: server.urls.access }, body: new URLSearchParams({ ticket, answer: 'yes' }).toString(),
    });
    const code = (await answer.text()).match(/<dd>([A-Za-z0-9_-]{60,})<\/dd>/)[1];
    const ended = new Promise((done) => login.once('close', done));
    login.stdin.end(`${code}\n`);
    assert.equal(await ended, 0, said);
    // Not the blocking kind: the origin lives in this process.
    const run = async (more, ...args) => (await promisify(execFile)(process.env.GATEHOUSE_BINARY, ['access', ...args], { env: { ...env, ...more } })).stdout;
    assert.equal(decodeJwt((await run({}, 'token', wiki.url)).trim()).email, 'ada@example.com');
    const person = JSON.parse(await run({}, 'curl', wiki.url, '--ca', server.ready.ca, '--', '-s'));
    assert.equal(person.headers['cf-access-authenticated-user-email'], 'ada@example.com');
    const secret = { TUNNEL_SERVICE_TOKEN_ID: token.client_id, TUNNEL_SERVICE_TOKEN_SECRET: token.client_secret };
    const robot = JSON.parse(await run(secret, 'curl', robots.url, '--ca', server.ready.ca, '--', '-s'));
    assert.equal(decodeJwt(robot.headers['cf-access-jwt-assertion']).common_name, token.client_id);
  });
});
