// Access signs people in at Debian's SimpleSAMLphp by SAML, as its manual sets up a service provider; and in a real browser, under our own policy for pages.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Browser } from './lib/browser.mjs';
import { launch, patient } from './lib/chromium.mjs';
import { Gatehouse, freePort } from './lib/server.mjs';

const root = process.env.SIMPLESAMLPHP ?? '/usr/share/simplesamlphp';
const entity = 'https://sp.example/metadata';
const staff = [{ name: 'staff', decision: 'allow', precedence: 1, include: [{ email_domain: { domain: 'example.com' } }] }];
let server, php, folder, sp, app, again, ada, mallory;

// The identity provider is known by the metadata that Access gives out, and by nothing else.
function configure(port, metadata) {
  for (const name of ['cert', 'log', 'data', 'tmp', 'sessions', 'metadata', 'config']) mkdirSync(join(folder, name));
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=sp.example', '-keyout', join(folder, 'cert/sp.pem'), '-out', join(folder, 'cert/sp.crt')], { stdio: 'ignore' });
  const source = (idp, more = '') => `['saml:SP', 'entityID' => '${entity}', 'idp' => '${idp.saas_app.idp_entity_id}', 'WantAssertionsSigned' => true, 'acs.Bindings' => ['urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST'],
    'sign.authnrequest' => true, 'privatekey' => 'sp.pem', 'certificate' => 'sp.crt',
    'NameIDPolicy' => ['Format' => 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress', 'AllowCreate' => true]${more}]`;
  const files = {
    'config/config.php': `<?php $config = [
      'baseurlpath' => 'http://127.0.0.1:${port}/', 'certdir' => '${folder}/cert/', 'loggingdir' => '${folder}/log/', 'datadir' => '${folder}/data/', 'tempdir' => '${folder}/tmp',
      'metadatadir' => '${folder}/metadata', 'metadata.sources' => [${metadata.map((_, n) => `['type' => 'xml', 'file' => '${folder}/metadata/${n}.xml']`).join(', ')}], 'secretsalt' => 'salt of this test', 'auth.adminpassword' => 'not to be used',
      'technicalcontact_name' => 'Test', 'technicalcontact_email' => 'na@example.org', 'timezone' => 'UTC', 'logging.handler' => 'file', 'logging.level' => 7,
      'module.enable' => ['core' => true, 'saml' => true], 'enable.http_post' => false,
      'store.type' => 'phpsession', 'session.phpsession.savepath' => '${folder}/sessions', 'session.cookie.secure' => false, 'session.phpsession.cookiename' => 'SimpleSAML', 'session.phpsession.httponly' => true,
    ];`,
    'config/authsources.php': `<?php $config = ['payroll' => ${source(app)}, 'wrong' => ${source(app)}, 'again' => ${source(again, ", 'ForceAuthn' => true")}];`,
    ...Object.fromEntries(metadata.map((text, n) => [`metadata/${n}.xml`, text])),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}

before(async () => {
  server = await Gatehouse.start();
  ada = await server.user('ada');
  mallory = await server.user('mallory', { email: 'mallory@evil.example' });
  const [method] = await server.v4('GET', '/access/identity_providers');
  const port = await freePort();
  sp = `http://127.0.0.1:${port}`;
  const make = (name, source) => server.v4('POST', '/access/apps', {
    type: 'saas', name, allowed_idps: [method.id], auto_redirect_to_identity: true, app_launcher_visible: true, policies: staff,
    saas_app: { auth_type: 'saml', sp_entity_id: entity, consumer_service_url: `${sp}/module.php/saml/sp/saml2-acs.php/${source}`, default_relay_state: own(source) },
  });
  [app, again] = [await make('Payroll', 'payroll'), await make('Again', 'again')];
  const metadata = await Promise.all([app, again].map(async (one) => (await fetch(`${one.saas_app.sso_endpoint}/saml-metadata`)).text()));
  assert.equal(metadata[0].match(/X509Certificate>([^<]+)</)[1], app.saas_app.public_key.replaceAll(/-----[^-]+-----|\s/g, ''));
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-saml-apps-'));
  configure(port, metadata);
  const errors = openSync(join(folder, 'php.log'), 'w');
  php = spawn('php', ['-d', 'display_errors=0', '-d', 'log_errors=1', '-S', `127.0.0.1:${port}`, '-t', join(root, 'www')], {
    stdio: ['ignore', errors, errors], env: { ...process.env, SIMPLESAMLPHP_CONFIG_DIR: join(folder, 'config'), PHP_CLI_SERVER_WORKERS: '2' },
  });
  php.ended = new Promise((done) => php.once('exit', done));
  for (let n = 0; ; n++) {
    if (await fetch(`${sp}/module.php/saml/sp/metadata.php/payroll`).then((response) => response.ok, () => false)) break;
    assert.ok(n < 200 && php.exitCode === null, `SimpleSAMLphp does not answer (exit ${php.exitCode}):\n${log()}`);
    await new Promise((done) => setTimeout(done, 50));
  }
});
after(async () => {
  if (php?.exitCode === null) {
    php.kill('SIGTERM');
    await php.ended;
  }
  await server?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

const log = () => ['php.log', 'log/simplesamlphp.log'].map((name) => { try { return readFileSync(join(folder, name), 'utf8'); } catch { return ''; } }).join('\n');
const own = (source = 'payroll') => `${sp}/module.php/core/authenticate.php?as=${source}`;
const unescape = (text) => text.replaceAll('&quot;', '"').replaceAll('&#x27;', "'").replaceAll('&#39;', "'").replaceAll('&#x2B;', '+').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');

// The form of our page: where it goes and its hidden fields.
function formOf(html) {
  const [, action, inside] = html.match(/<form method="post" action="([^"]*)">([\s\S]*?)<\/form>/) ?? assert.fail(`no form:\n${html}\n${server.log}\n${log()}`);
  const fields = [...inside.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(([, name, value]) => [unescape(name), unescape(value)]);
  return { action: unescape(action), fields: new URLSearchParams(fields) };
}

const post = (browser, { action, fields }) => browser.fetch(action, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: fields.toString() });

// From the service provider, or from the launcher's address, to the page that would post the answer.
async function toAnswer(person, { url = own(), browser = new Browser() } = {}) {
  const asked = await browser.go(url, { until: (at) => new URL(at).pathname.startsWith('/if/flow/') });
  const end = asked.response ? asked : await browser.go(await browser.signIn(asked.url, person.username, person.password));
  return { browser, ...end };
}

describe('SimpleSAMLphp as the service provider', () => {
  test('somebody signs in from there, with a signed request, and it knows who they are', async () => {
    const { browser, response } = await toAnswer(ada);
    const form = formOf(await response.text());
    assert.equal(form.action, `${sp}/module.php/saml/sp/saml2-acs.php/payroll`);
    const answered = await post(browser, form);
    assert.ok([302, 303].includes(answered.status), `${answered.status} ${await answered.text()}\n${log()}`);
    const page = await (await browser.go(answered.headers.get('location'))).response.text();
    assert.match(page, /ada@example\.com/, log());
  });

  test('from the launcher nobody asked, and it takes that too', async () => {
    const { browser, response } = await toAnswer(ada, { url: app.saas_app.sso_endpoint });
    const launcher = await (await browser.fetch(`${server.urls.access}/`)).text();
    assert.ok(launcher.includes(`href="${app.saas_app.sso_endpoint}"`), launcher);
    const form = formOf(await response.text());
    assert.equal(form.fields.get('RelayState'), own());
    const answered = await post(browser, form);
    assert.equal(answered.headers.get('location'), own(), `${await answered.text()}\n${log()}`);
    assert.match(await (await browser.go(own())).response.text(), /ada@example\.com/);
  });

  test('what was changed on the way signs nobody in', async () => {
    for (const change of [(xml) => xml.replaceAll('ada@example.com', 'eve@example.com'), (xml) => xml.replace(/<ds:Signature[\s\S]*?<\/ds:Signature>/g, '')]) {
      const { browser, response } = await toAnswer(ada);
      const form = formOf(await response.text());
      form.fields.set('SAMLResponse', Buffer.from(change(Buffer.from(form.fields.get('SAMLResponse'), 'base64').toString())).toString('base64'));
      const answered = await post(browser, form);
      assert.match(await answered.text(), /Unhandled exception/, log());
      formOf(await (await browser.go(own())).response.text()); // it asks again
    }
  });

  test('whom no policy admits does not leave Access', async () => {
    const { response } = await toAnswer(mallory);
    const page = await response.text();
    assert.equal(response.status, 403);
    assert.match(page, /does not have access/);
    assert.ok(!page.includes('SAMLResponse'));
  });

  test('ForceAuthn asks for a sign-in that is one', async () => {
    const { browser } = await toAnswer(ada);
    const still = await browser.go(own());
    formOf(await still.response.text());
    const asked = await browser.go(own('again'), { until: (at) => new URL(at).pathname.startsWith('/if/flow/') });
    assert.ok(!asked.response, asked.hops.join('\n'));
    const { response } = await browser.go(await browser.signIn(asked.url, ada.username, ada.password));
    const answered = await post(browser, formOf(await response.text()));
    assert.match(await (await browser.go(answered.headers.get('location'))).response.text(), /ada@example\.com/, log());
  });

  test('an answer goes to no other consumer service of the same service provider', async () => {
    const { browser } = await toAnswer(ada);
    const { response } = await browser.go(own('wrong'));
    assert.equal(response.status, 400);
    assert.ok(!(await response.text()).includes('SAMLResponse'));
    assert.match(server.log, /AssertionConsumerServiceURL is not consumer_service_url/);
  });

  test('in Chromium the page posts the answer by itself, and the way goes on to other names of the service provider', async () => {
    const chrome = await launch(server);
    try {
      const page = await patient(await chrome.browser.newContext()).newPage();
      const faults = [];
      page.on('console', (message) => { if (/Content.Security.Policy/i.test(message.text())) faults.push(message.text()); });
      await page.goto(own());
      await page.waitForURL(/\/if\/flow\//);
      await page.getByLabel(/username|email/i).fill('ada');
      await page.keyboard.press('Enter');
      await page.locator('input[type=password]').fill(ada.password);
      await page.keyboard.press('Enter');
      await page.waitForURL(own());
      assert.match(await page.locator('body').innerText(), /ada@example\.com/);
      assert.deepEqual(faults, []);
    } finally {
      await chrome.close();
    }
  });
});
