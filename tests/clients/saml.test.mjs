// Debian's SimpleSAMLphp signs people in at Access by SAML, as its manual sets up an identity provider.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Browser } from './lib/browser.mjs';
import { Gatehouse, freePort } from './lib/server.mjs';

const root = process.env.SIMPLESAMLPHP ?? '/usr/share/simplesamlphp';
const entity = 'https://idp.example/metadata';
let server, php, origin, folder, idp, callback, app, method;

const people = {
  ada: { mail: 'ada@example.com', department: ['engines'], displayName: 'Ada Lovelace', groups: ['demo', 'staff'] },
  eve: { mail: 'eve@example.com', department: ['sales'], displayName: 'Eve', groups: [] },
};

const phpText = (value) => (Array.isArray(value) ? `[${value.map(phpText).join(', ')}]` : `'${String(value).replaceAll(/['\\]/g, '\\$&')}'`);

function configure(port, accessCertificate) {
  for (const name of ['cert', 'log', 'data', 'tmp', 'sessions', 'metadata', 'config']) mkdirSync(join(folder, name));
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=idp.example', '-keyout', join(folder, 'cert/idp.pem'), '-out', join(folder, 'cert/idp.crt')], { stdio: 'ignore' });
  const users = Object.entries(people).map(([name, attributes]) =>
    `'${name}:${name} has a long password' => [${Object.entries(attributes).map(([key, value]) => `'${key}' => ${phpText([value].flat())}`).join(', ')}]`);
  const files = {
    'config/config.php': `<?php $config = [
      'baseurlpath' => 'http://127.0.0.1:${port}/', 'certdir' => '${folder}/cert/', 'loggingdir' => '${folder}/log/', 'datadir' => '${folder}/data/', 'tempdir' => '${folder}/tmp',
      'metadatadir' => '${folder}/metadata', 'metadata.sources' => [['type' => 'flatfile']], 'secretsalt' => 'salt of this test', 'auth.adminpassword' => 'not to be used',
      'technicalcontact_name' => 'Test', 'technicalcontact_email' => 'na@example.org', 'timezone' => 'UTC', 'logging.handler' => 'file', 'logging.level' => 7,
      'enable.saml20-idp' => true, 'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],
      'store.type' => 'phpsession', 'session.phpsession.savepath' => '${folder}/sessions', 'session.cookie.secure' => false, 'session.phpsession.cookiename' => 'SimpleSAML', 'session.phpsession.httponly' => true,
    ];`,
    'config/authsources.php': `<?php $config = ['people' => ['exampleauth:UserPass', ${users.join(', ')}]];`,
    'metadata/saml20-idp-hosted.php': `<?php $metadata['${entity}'] = ['host' => '__DEFAULT__', 'privatekey' => 'idp.pem', 'certificate' => 'idp.crt', 'auth' => 'people'];`,
    'metadata/saml20-sp-remote.php': `<?php $metadata['${callback}'] = ['AssertionConsumerService' => '${callback}', 'redirect.validate' => true, 'certData' => '${accessCertificate}'];`,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}

before(async () => {
  server = await Gatehouse.start();
  callback = `${server.urls.access}/cdn-cgi/access/callback`;
  const metadata = await (await fetch(`${server.urls.access}/cdn-cgi/access/saml-metadata`)).text();
  const port = await freePort();
  idp = `http://127.0.0.1:${port}`;
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-saml-'));
  configure(port, metadata.match(/X509Certificate>([^<]+)</)[1]);
  const errors = openSync(join(folder, 'php.log'), 'w');
  php = spawn('php', ['-d', 'display_errors=0', '-d', 'log_errors=1', '-S', `127.0.0.1:${port}`, '-t', join(root, 'www')], {
    stdio: ['ignore', errors, errors], env: { ...process.env, SIMPLESAMLPHP_CONFIG_DIR: join(folder, 'config') },
  });
  php.ended = new Promise((done) => php.once('exit', done));
  for (let n = 0; ; n++) {
    if (await fetch(`${idp}/saml2/idp/metadata.php`).then((response) => response.ok, () => false)) break;
    assert.ok(n < 200 && php.exitCode === null, `SimpleSAMLphp does not answer (exit ${php.exitCode}):\n${log()}`);
    await new Promise((done) => setTimeout(done, 50));
  }

  origin = createServer((request, response) => response.end(JSON.stringify(request.headers)));
  await new Promise((done) => origin.listen(0, '127.0.0.1', done));
  method = await server.v4('POST', '/access/identity_providers', {
    name: 'SimpleSAMLphp',
    type: 'saml',
    config: {
      issuer_url: entity,
      sso_target_url: `${idp}/saml2/idp/SSOService.php`,
      idp_public_certs: [readFileSync(join(folder, 'cert/idp.crt'), 'utf8')],
      sign_request: true,
      email_attribute_name: 'mail',
      attributes: ['department'],
      header_attributes: [{ attribute_name: 'department', header_name: 'X-Department' }],
    },
  });
  const rule = { saml: { attribute_name: 'department', attribute_value: 'engines', identity_provider_id: method.id } };
  app = await server.publish('engines', `http://127.0.0.1:${origin.address().port}`, [{ name: 'Engineers', decision: 'allow', precedence: 1, include: [rule] }], { allowed_idps: [method.id] });
});
after(async () => {
  if (php?.exitCode === null) {
    php.kill('SIGTERM');
    await php.ended;
  }
  origin?.close();
  await server?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

const log = () => ['php.log', 'log/simplesamlphp.log'].map((name) => { try { return readFileSync(join(folder, name), 'utf8'); } catch { return ''; } }).join('\n');

const unescape = (text) => text.replaceAll('&quot;', '"').replaceAll('&#039;', "'").replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');

// The first form of a page: where it goes and its hidden fields.
function formOf(html, at) {
  const [, attributes, inside] = html.match(/<form([^>]*)>([\s\S]*?)<\/form>/) ?? assert.fail(`no form at ${at}:\n${html}\n${log()}`);
  const fields = [...inside.matchAll(/<input[^>]*>/g)].map(([tag]) => [tag.match(/name="([^"]*)"/)?.[1], unescape(tag.match(/value="([^"]*)"/)?.[1] ?? '')]).filter(([name]) => name);
  return { action: new URL(unescape(attributes.match(/action="([^"]*)"/)?.[1] ?? at), at).href, fields: new URLSearchParams(fields) };
}

const post = (browser, { action, fields }) => browser.fetch(action, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: fields.toString() });

// At the provider, up to the form that its page would post.
async function atProvider(browser, url, name) {
  const asked = await browser.go(url);
  const login = formOf(await asked.response.text(), asked.url);
  login.fields.set('username', name);
  login.fields.set('password', `${name} has a long password`);
  const answer = await post(browser, login);
  return formOf(await answer.text(), login.action);
}

async function signIn(name) {
  const browser = new Browser();
  const form = await atProvider(browser, `${app.url}/deep?q=1`, name);
  assert.equal(form.action, callback, log());
  return { browser, form, answer: await post(browser, form) };
}

describe('SimpleSAMLphp', () => {
  test('somebody signs in, and the origin hears who they are and their attributes', async () => {
    const { browser, answer } = await signIn('ada');
    assert.equal(answer.status, 302, `${await answer.text()}\n${server.log}\n${log()}`);
    const end = await browser.go(answer.headers.get('location'));
    assert.equal(end.url, `${app.url}/deep?q=1`, end.hops.join('\n'));
    const heard = await end.response.json();
    assert.equal(heard['cf-access-authenticated-user-email'], 'ada@example.com');
    assert.equal(heard['x-department'], 'engines');
    const identity = await (await browser.fetch(`${app.url}/cdn-cgi/access/get-identity`)).json();
    assert.deepEqual([identity.idp.type, identity.name, identity.saml_attributes.department, identity.groups], ['saml', 'Ada Lovelace', 'engines', ['demo', 'staff']]);
    assert.equal(JSON.parse(Buffer.from(heard['cf-access-jwt-assertion'].split('.')[1], 'base64url')).custom.department, 'engines');
    assert.equal((await browser.fetch(`${app.url}/`, { headers: { 'x-department': 'sales', x_department: 'sales' } }).then((response) => response.json()))['x-department'], 'engines');
  });

  test('somebody whose attribute is another is refused', async () => {
    const { answer } = await signIn('eve');
    assert.equal(answer.status, 403);
    assert.match(await answer.text(), /does not have access/);
  });

  test('what was signed and changed, or was used, signs nobody in', async () => {
    const browser = new Browser();
    const form = await atProvider(browser, `${app.url}/`, 'eve');
    const good = form.fields.get('SAMLResponse');
    form.fields.set('SAMLResponse', Buffer.from(Buffer.from(good, 'base64').toString().replace('>sales<', '>engines<')).toString('base64'));
    const forged = await post(browser, form);
    assert.equal(forged.status, 403);
    assert.match(await forged.text(), /saml_signature/);

    const { browser: ada, form: used } = await signIn('ada');
    const again = await post(ada, used);
    assert.equal(again.status, 403);
    assert.match(await again.text(), /saml_replayed/);
  });

  test('a sign-in that begins at the provider is refused', async () => {
    const browser = new Browser();
    const form = await atProvider(browser, `${idp}/saml2/idp/SSOService.php?spentityid=${encodeURIComponent(callback)}`, 'ada');
    assert.equal(form.action, callback);
    assert.equal((await post(browser, form)).status, 400);
  });
});
