// The commands beside `gatehouse up`: signing in from a terminal by way of the browser, and looking at policies. And what an app's settings do to refusals and cookies.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { Browser } from './lib/browser.mjs';
import { Gatehouse } from './lib/server.mjs';

const binary = process.env.GATEHOUSE_BINARY;
let server, origin, at, ada, wiki, notes, home;

before(async () => {
  origin = createServer((request, response) => response.end(request.url));
  await new Promise((done) => origin.listen(0, '127.0.0.1', done));
  at = `http://127.0.0.1:${origin.address().port}`;
  home = mkdtempSync(join(tmpdir(), 'gatehouse-home-'));
  server = await Gatehouse.start();
  ada = await server.user('ada');
  const policies = [{ name: 'staff', decision: 'allow', precedence: 1, include: [{ email_domain: { domain: 'example.com' } }] }];
  [wiki, notes] = [await server.publish('wiki', at, policies), await server.publish('notes', at, policies)];
});
after(async () => {
  await server?.stop();
  origin?.close();
  if (home) rmSync(home, { recursive: true, force: true });
});

/** Runs `access login` for the wiki up to where the person has said yes; `change` may bend the address that it prints, and what the browser brings back. */
async function login(change = {}) {
  const command = spawn(binary, ['access', 'login', wiki.url, '--ca', server.ready.ca], { env: { ...process.env, HOME: home } });
  const ended = new Promise((done) => command.once('close', done));
  let said = '';
  const address = await new Promise((done, fail) => {
    command.stderr.on('data', (text) => {
      said += text;
      const found = said.match(/(https:\S+)\s/);
      if (found) done(found[1]);
    });
    command.once('exit', (code) => fail(new Error(`ended with ${code}: ${said}`)));
  });
  assert.match(address, /redirect_uri=http%3A%2F%2F127\.0\.0\.1%3A\d+%2F/);
  const browser = new Browser();
  const { response } = await browser.open(change.address?.(address) ?? address, 'ada', ada.password);
  const ticket = (await response.text()).match(/name="ticket" value="([^"]+)"/)[1];
  const answer = await browser.fetch(`${server.urls.access}/cdn-cgi/access/oauth/consent`, {
    method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded', origin: server.urls.access }, body: new URLSearchParams({ ticket, answer: 'yes' }).toString(),
  });
  const back = new URL(answer.headers.get('location'));
  assert.equal(back.searchParams.get('iss'), server.urls.access);
  change.back?.(back);
  const stray = await fetch(`${back.origin}/?code=x&state=guessed`);
  assert.equal(stray.status, 404, 'whoever does not know the state is not heard');
  const page = await (await fetch(back)).text();
  return { code: await ended, page, said: () => said, browser };
}

describe('gatehouse access login, by way of the browser', () => {
  test('what the person granted comes to a port of this machine, and a logout ends it', async () => {
    const { code, page, said, browser } = await login();
    assert.equal(code, 0, said());
    assert.match(page, /Done/);
    const { stdout } = await promisify(execFile)(binary, ['access', 'token', wiki.url], { env: { ...process.env, HOME: home } });
    const open = async () => (await fetch(wiki.url, { redirect: 'manual', headers: { 'cf-access-token': stdout.trim() } })).status;
    assert.equal(await open(), 200);
    assert.equal((await fetch(notes.url, { redirect: 'manual', headers: { 'cf-access-token': stdout.trim() } })).status, 302);
    assert.equal((await browser.fetch(`${server.urls.access}/cdn-cgi/access/logout`)).status, 200);
    assert.equal(await open(), 302);
    rmSync(join(home, '.gatehouse'), { recursive: true });
  });

  test('a code of another server is not taken (RFC 9207)', async () => {
    const { code, page, said } = await login({ back: (url) => url.searchParams.set('iss', 'https://evil.example') });
    assert.notEqual(code, 0);
    assert.match(page, /Nothing was granted/);
    assert.match(said(), /nothing was granted/);
    assert.ok(!existsSync(join(home, '.gatehouse')) || readdirSync(join(home, '.gatehouse')).length === 0);
  });

  test('what was granted for another application is not kept', async () => {
    const { code, said } = await login({ address: (text) => text.replace('wiki.localhost', 'notes.localhost') });
    assert.notEqual(code, 0);
    assert.match(said(), /what was granted is not for wiki\.localhost/);
    assert.ok(!existsSync(join(home, '.gatehouse')) || readdirSync(join(home, '.gatehouse')).length === 0);
  });
});

describe('gatehouse policy', () => {
  const run = (...args) => promisify(execFile)(binary, ['policy', ...args, '--data', server.data]).catch((fault) => fault);

  test('lint warns of a policy that lets in anybody, and refuses nothing', async () => {
    await server.publish('odd', at, [{ name: 'all', decision: 'bypass', precedence: 1, include: [{ everyone: {} }] }]);
    const { stdout, code } = await run('lint', '--json');
    assert.equal(code, undefined);
    const warnings = JSON.parse(stdout);
    assert.ok(warnings.some((warning) => warning.app === 'odd' && warning.policy === 'all' && warning.text && warning.witness), stdout);
    assert.match((await run('lint')).stdout, /odd: /);
  });

  test('replay tells whom a changed policy would have turned away, and changes nothing', async () => {
    const browser = new Browser();
    assert.equal((await browser.open(wiki.url, 'ada', ada.password)).response.status, 200);
    const file = join(home, 'changed.json');
    writeFileSync(file, JSON.stringify([{ id: wiki.policies[0].id, name: 'staff', decision: 'allow', include: [{ email: { email: 'bob@example.com' } }] }]));
    const { stdout, stderr, code } = await run('replay', file, '--since', '1d', '--json');
    assert.equal(code, undefined, stderr);
    const report = JSON.parse(stdout);
    assert.ok(report.judged > 0, stdout);
    assert.ok(report.changes.some((change) => !change.isAllowed && change.who === 'ada@example.com'), stdout);
    assert.equal((await new Browser().open(wiki.url, 'ada', ada.password)).response.status, 200);

    writeFileSync(file, '{');
    assert.ok((await run('replay', file)).code > 0);
    writeFileSync(file, JSON.stringify([{ id: wiki.policies[0].id, decision: 'whatever' }]));
    assert.ok((await run('replay', file)).code > 0);
    assert.ok((await run('replay', file, '--since', 'yesterday')).code > 0);
  });
});

describe('what an application says of refusals and cookies', () => {
  test('custom_non_identity_deny_url is where requests go that no person stands behind', async () => {
    const robots = await server.publish('robots', at, [{ name: 'robots', decision: 'non_identity', precedence: 1, include: [{ ip: { ip: '192.0.2.0/24' } }] }], { custom_non_identity_deny_url: 'https://status.example/robots' });
    const turned = await fetch(robots.url, { redirect: 'manual' });
    assert.deepEqual([turned.status, turned.headers.get('location')], [302, 'https://status.example/robots']);
  });

  test('path_cookie_attribute keeps the tokens of two applications on one host apart', async () => {
    const [method] = await server.v4('GET', '/access/identity_providers');
    await server.v4('POST', '/public_hostnames', { hostname: 'shared.localhost', service: at });
    for (const path of ['one', 'two']) {
      await server.v4('POST', '/access/apps', {
        type: 'self_hosted', name: path, domain: `shared.localhost/${path}`, allowed_idps: [method.id], auto_redirect_to_identity: true, path_cookie_attribute: true,
        policies: [{ name: 'staff', decision: 'allow', precedence: 1, include: [{ email_domain: { domain: 'example.com' } }] }],
      });
    }

    const browser = new Browser();
    const base = `https://shared.localhost:${server.port}`;
    for (const path of ['one', 'two']) assert.equal((await browser.open(`${base}/${path}/x`, 'ada', ada.password)).response.status, 200);
    const [first, second] = [await browser.cookie(`${base}/one/x`, 'CF_Authorization'), await browser.cookie(`${base}/two/x`, 'CF_Authorization')];
    assert.deepEqual([first.path, second.path], ['/one', '/two']);
    assert.notEqual(first.value, second.value);
    assert.equal((await fetch(`${base}/two/x`, { redirect: 'manual', headers: { cookie: `CF_Authorization=${first.value}` } })).status, 302);
    assert.equal((await browser.fetch(`${base}/one/y`)).status, 200);
  });
});
