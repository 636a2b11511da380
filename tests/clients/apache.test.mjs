// Debian's apache2 with mod_auth_openidc, a certified relying party in C, signs people in against Identity, as its manual sets it up.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Browser } from './lib/browser.mjs';
import { Gatehouse, freePort } from './lib/server.mjs';

const modules = process.env.APACHE_MODULES ?? '/usr/lib/apache2/modules';
let server, apache, folder, base, alice;

function configuration(port, provider) {
  const load = ['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'headers', 'mime', 'dir', 'auth_openidc'];
  return `
ServerRoot ${folder}
${load.map((name) => `LoadModule ${name}_module ${modules}/mod_${name}.so`).join('\n')}
${process.getuid() === 0 ? 'User www-data\nGroup www-data' : ''}
Listen 127.0.0.1:${port}
ServerName app.localhost:${port}
PidFile ${folder}/pid
Mutex file:${folder} default
ErrorLog ${folder}/error.log
LogLevel warn auth_openidc:info
TypesConfig /dev/null
DocumentRoot ${folder}/public
DirectoryIndex index.html
OIDCProviderMetadataURL ${server.urls.identity}/application/o/apache/.well-known/openid-configuration
OIDCClientID ${provider.client_id}
OIDCClientSecret ${provider.client_secret}
OIDCRedirectURI ${base}/oidc
OIDCCryptoPassphrase ${randomBytes(24).toString('hex')}
OIDCScope "openid email profile"
OIDCPKCEMethod S256
OIDCRemoteUserClaim email
OIDCCABundlePath ${server.ready.ca}
OIDCProviderBackChannelLogoutSupported On
<Location />
  AuthType openid-connect
  Require valid-user
  # Node's fetch says Sec-Fetch-Mode: cors of every request, for which apache has 401 rather than a way to sign in.
  OIDCUnAuthAction auth true
  Header always set X-User "expr=%{REMOTE_USER}"
  Header always set X-Groups "expr=%{req:OIDC_CLAIM_groups}"
</Location>
<Location /goodbye>
  AuthType none
  Require all granted
</Location>
`;
}

before(async () => {
  server = await Gatehouse.start();
  const port = await freePort();
  base = `http://app.localhost:${port}`;
  const { pk } = await server.v3('POST', '/core/groups/', { name: 'devs' });
  alice = await server.user('alice', { groups: [pk] });
  const provider = await server.provider('apache', {
    invalidation_flow: await server.flow('default-invalidation-flow'),
    redirect_uris: [{ matching_mode: 'strict', url: `${base}/oidc` }, { matching_mode: 'strict', url: `${base}/goodbye`, redirect_uri_type: 'logout' }],
    logout_uri: `${base}/oidc?logout=backchannel`,
  });

  folder = mkdtempSync(join(tmpdir(), 'gatehouse-apache-'));
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, 'public'));
  writeFileSync(join(folder, 'public', 'index.html'), 'the wiki');
  writeFileSync(join(folder, 'public', 'goodbye'), 'goodbye');
  writeFileSync(join(folder, 'apache.conf'), configuration(port, provider));
  chmodSync(server.data, 0o755); // the CA's certificate is in it, and apache's workers are another user
  apache = spawn(process.env.APACHE ?? '/usr/sbin/apache2', ['-f', join(folder, 'apache.conf'), '-DFOREGROUND'], { stdio: 'ignore' });
  apache.ended = new Promise((done) => apache.once('exit', done));
  for (let n = 0; ; n++) {
    if (await fetch(`${base}/goodbye`).then((response) => response.ok, () => false)) break;
    assert.ok(n < 200 && apache.exitCode === null, `apache2 does not answer (exit ${apache.exitCode}):\n${log()}`);
    await new Promise((done) => setTimeout(done, 50));
  }
});
after(async () => {
  if (apache?.exitCode === null) {
    apache.kill('SIGTERM');
    await apache.ended;
  }
  await server?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

const log = () => { try { return readFileSync(join(folder, 'error.log'), 'utf8'); } catch { return ''; } };

const atFlow = (at) => at.includes('/if/flow/');

async function signIn() {
  const browser = new Browser();
  const asked = await browser.go(`${base}/`, { until: atFlow });
  assert.ok(asked.url.includes('/if/flow/'), `${asked.hops.join('\n')}\n${log()}`);
  const end = await browser.go(await browser.signIn(asked.url, 'alice', alice.password));
  assert.equal(end.response.status, 200, `${end.hops.join('\n')}\n${log()}`);
  return { browser, end };
}

describe('apache2 with mod_auth_openidc', () => {
  test('a user signs in against Identity and the app behind apache knows who and in which groups', async () => {
    const { end } = await signIn();
    assert.equal(end.url, `${base}/`);
    assert.equal(await end.response.text(), 'the wiki');
    assert.equal(end.response.headers.get('x-user'), 'alice@example.com');
    assert.equal(end.response.headers.get('x-groups'), 'devs');
  });

  test('who signs out at apache is signed out at Identity and comes back', async () => {
    const { browser } = await signIn();
    const end = await browser.go(`${base}/oidc?logout=${encodeURIComponent(`${base}/goodbye`)}`);
    assert.equal(end.url.split('?')[0], `${base}/goodbye`, end.hops.join('\n'));
    assert.equal(await end.response.text(), 'goodbye');
    const again = await browser.go(`${base}/`, { until: atFlow });
    assert.ok(again.url.includes('/if/flow/default-authentication-flow/'), again.hops.join('\n'));
  });

  test('whose session ends at Identity is out of apache within seconds', async () => {
    const { browser } = await signIn();
    await server.v3('PATCH', `/core/users/${alice.pk}/`, { is_active: false });
    for (const end = performance.now() + 5000; ;) {
      if ((await browser.fetch(`${base}/`)).status === 302) break;
      assert.ok(performance.now() < end, `still in\n${log()}\n${server.log}`);
      await new Promise((done) => setTimeout(done, 50));
    }
  });
});
