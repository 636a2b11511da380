// L02 and L03: every kind of secret that people and programs get is made, used and shown once; then none of them is in the log at its lowest
// level, nor in clear in what is kept: the files of SQLite with its write-ahead log, and a whole dump of PostgreSQL.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Browser } from './lib/browser.mjs';
import { Gatehouse, freshDatabase } from './lib/server.mjs';

const files = (folder) => readdirSync(folder).map((name) => join(folder, name)).flatMap((path) => (statSync(path).isDirectory() ? files(path) : [path]));

/** Makes and uses secrets; gives [what, secret] of each. */
async function use(server, origin) {
  const secrets = [['bootstrap token', server.token], ['bootstrap password', 'correct horse battery']];
  const keep = (what, secret) => { assert.ok(secret?.length > 7, `${what}: ${secret}`); secrets.push([what, secret]); return secret; };
  const ada = await server.user('ada');
  keep('password', ada.password);

  const app = await server.publish('wiki', origin, [{ name: 'staff', decision: 'allow', precedence: 1, include: [{ email_domain: { domain: 'example.com' } }] }]);
  const browser = new Browser();
  await browser.open(app.url, 'ada', ada.password);
  keep('app token', (await browser.cookie(app.url, 'CF_Authorization')).value);
  keep('org token', (await browser.cookie(server.urls.access, 'CF_Authorization'))?.value ?? (await browser.jar.getCookies(server.urls.access))[0].value);
  keep('session of Identity', (await browser.cookie(server.urls.identity, '__Host-authentik_session')).value);

  const made = await server.v4('POST', '/access/service_tokens', { name: 'robot' });
  keep('service token', made.client_secret);
  await server.publish('robots', origin, [{ name: 'robots', decision: 'non_identity', precedence: 1, include: [{ service_token: { token_id: made.id } }] }]);
  const robot = await fetch(`https://robots.localhost:${server.port}/`, { headers: { 'CF-Access-Client-Id': made.client_id, 'CF-Access-Client-Secret': made.client_secret }, redirect: 'manual' });
  assert.equal(robot.status, 200);
  keep('rotated service token', (await server.v4('POST', `/access/service_tokens/${made.id}/rotate`)).client_secret);

  const tunnel = await server.v4('POST', '/cfd_tunnel', { name: 'home' });
  keep('tunnel token', tunnel.token);
  keep('tunnel secret', JSON.parse(Buffer.from(tunnel.token, 'base64').toString()).s);
  keep('client secret of a login method', 'a-client-secret-of-a-login-method');
  await server.v4('POST', '/access/identity_providers', { name: 'other', type: 'oidc', config: { client_id: 'them', client_secret: 'a-client-secret-of-a-login-method', auth_url: 'https://idp.example/a', token_url: 'https://idp.example/t', certs_url: 'https://idp.example/k' } });

  const provider = await server.provider('client', { grant_types: ['authorization_code', 'client_credentials', 'refresh_token'] });
  keep('client secret', provider.client_secret);
  const grant = await fetch(`${server.urls.identity}/application/o/token/`, {
    method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ grant_type: 'client_credentials', client_id: provider.client_id, client_secret: provider.client_secret, scope: 'openid' }),
  });
  assert.equal(grant.status, 200, 'client credentials');
  keep('access token', (await grant.json()).access_token);
  const app_password = await server.v3('POST', '/core/tokens/', { identifier: 'own', intent: 'app_password', user: ada.pk });
  assert.ok(app_password.pk);
  keep('app password', (await server.v3('GET', '/core/tokens/own/view_key/')).key);
  keep('recovery link', new URL((await server.v3('POST', `/core/users/${ada.pk}/recovery/`, {}, 200)).link).searchParams.get('flow_token'));
  const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' });
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-canary-'));
  writeFileSync(join(folder, 'key.pem'), pem);
  const certificate = execFileSync('openssl', ['req', '-x509', '-key', join(folder, 'key.pem'), '-days', '2', '-subj', '/CN=canary'], { encoding: 'utf8' });
  rmSync(folder, { recursive: true });
  await server.v3('POST', '/crypto/certificatekeypairs/', { name: 'canary', certificate_data: certificate, key_data: pem });
  keep('imported private key', pem.split('\n')[1]);

  // What is refused is a secret too: somebody's password in the wrong place, a token of elsewhere.
  const wrong = new Browser();
  const at = await wrong.go(app.url, { until: (url) => url.includes('/if/flow/') });
  await wrong.signIn(at.url, 'ada', keep('wrong password', 'a wrong password of ada')).catch(() => {});
  await fetch(`${server.urls.api}/client/v4/user/tokens/verify`, { headers: { authorization: `Bearer ${keep('wrong token', 'a-wrong-token-for-the-api')}` } });
  await fetch(`${server.urls.identity}/application/o/token/?code=${keep('code in a query', 'canary-code-in-a-query')}`, { method: 'POST' });
  await fetch(`https://wiki.localhost:${server.port}/?token=x`, { headers: { cookie: `CF_Authorization=${keep('wrong cookie', 'eyJjYW5hcnkiOjF9.canary.cookie')}` }, redirect: 'manual' });
  return secrets;
}

describe('L02 L03 secrets', () => {
  for (const kind of ['SQLite', 'PostgreSQL']) {
    test(`of every kind are neither in the log at trace nor in clear on ${kind}`, { skip: kind === 'PostgreSQL' && !process.env.GATEHOUSE_TEST_POSTGRES ? 'no PostgreSQL: ./test starts one' : false }, async () => {
      const echo = createServer((request, response) => response.end('origin'));
      await new Promise((done) => echo.listen(0, '127.0.0.1', done));
      const database = kind === 'PostgreSQL' ? freshDatabase(process.env.GATEHOUSE_TEST_POSTGRES, 'secrets', { isPatient: false }) : undefined;
      process.env.GATEHOUSE_LOG_LEVEL = 'trace';
      const server = await Gatehouse.start({ database });
      delete process.env.GATEHOUSE_LOG_LEVEL;
      try {
        const secrets = await use(server, `http://127.0.0.1:${echo.address().port}`);
        await server.kill(); // what a clean end would tidy up stays
        const kept = files(server.data).filter((path) => !path.endsWith('/root.key')).map((path) => [path, readFileSync(path, 'latin1')]);
        if (database) kept.push(['the dump', execFileSync('pg_dump', ['--inserts', database], { encoding: 'latin1', maxBuffer: 1 << 28 })]);
        kept.push(['the log', server.log]);
        assert.ok(server.log.length > 1000, 'the log is empty');
        assert.ok(kept.some(([where, text]) => where !== 'the log' && text.includes('ada@example.com')), 'the search itself finds nothing');
        const found = kept.flatMap(([where, text]) => secrets.filter(([, secret]) => text.includes(secret) || text.includes(Buffer.from(secret).toString('base64').replace(/=+$/, '')) || text.includes(Buffer.from(secret).toString('hex'))).map(([what]) => `${what} in ${where.split('/').at(-1)}`));
        assert.deepEqual(found, []);
      } finally {
        if (server.process.exitCode === null && server.process.signalCode === null) await server.kill();
        rmSync(server.data, { recursive: true, force: true });
        echo.close();
      }
    });
  }
});
