// Bad input on every door: cookies, tokens, headers, paths, forms and JSON that are broken in the ways people and scanners break them.
// Each gets an answer below 500 (a clean refusal, or a fresh login), and nothing of it reaches an origin. Sent as raw bytes: no client mends them.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { connect } from 'node:tls';
import { Browser } from './lib/browser.mjs';
import { Gatehouse } from './lib/server.mjs';

let server, origin, reached, account, cookies;

before(async () => {
  reached = [];
  origin = createServer((request, response) => { reached.push(`${request.method} ${request.url}`); response.end('the origin'); });
  await new Promise((done) => origin.listen(0, '127.0.0.1', done));
  server = await Gatehouse.start();
  const alice = await server.user('alice');
  await server.provider('client');
  const staff = [{ name: 'staff', decision: 'allow', precedence: 1, include: [{ email_domain: { domain: 'example.com' } }] }];
  const app = await server.publish('wiki', `http://127.0.0.1:${origin.address().port}`, staff);
  await server.publish('agents', `http://127.0.0.1:${origin.address().port}`, staff, { oauth_configuration: { enabled: true } });
  account = server.account;
  const browser = new Browser();
  await browser.open(app.url, 'alice', alice.password);
  cookies = { access: (await browser.cookie(app.url, 'CF_Authorization')).value, identity: (await browser.cookie(server.urls.identity, '__Host-authentik_session')).value };
  reached.length = 0;
});
after(async () => {
  await server?.stop();
  origin?.close();
});

const hosts = () => ({ app: `wiki.localhost:${server.port}`, agents: `agents.localhost:${server.port}`, team: new URL(server.urls.access).host, identity: new URL(server.urls.identity).host, api: new URL(server.urls.api).host });

/** Sends bytes over TLS and gives the status of the first answer: 0 where the connection was closed without one. */
function send(bytes) {
  return new Promise((done, fail) => {
    const socket = connect({ host: '127.0.0.1', port: server.port, ca: server.ca, servername: 'wiki.localhost', ALPNProtocols: ['http/1.1'] }, () => socket.write(bytes));
    let text = '';
    socket.setTimeout(20_000, () => { socket.destroy(); fail(new Error(`no answer to\n${bytes.toString('latin1').slice(0, 600)}`)); });
    socket.on('data', (part) => { text += part.toString('latin1'); if (text.length > 20) socket.destroy(); });
    socket.on('error', () => {}); // a server may cut off who goes on sending what it has refused
    socket.on('close', () => done(Number(text.match(/^HTTP\/1\.1 (\d{3})/)?.[1] ?? 0)));
  });
}

const request = (method, host, target, headers = {}, body) => Buffer.concat([
  Buffer.from(`${method} ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')}${body === undefined ? '' : `Content-Length: ${Buffer.byteLength(body)}\r\n`}\r\n`, 'latin1'),
  Buffer.from(body ?? ''),
]);

/** Every case is [what, bytes]; eight at a time. Tells all that failed, not the first. */
async function none500(cases) {
  const bad = [];
  const queue = [...cases];
  await Promise.all(Array.from({ length: 8 }, async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const [what, bytes] = next;
      const status = await send(bytes);
      if (status >= 500) bad.push(`${status} ${what}`);
    }
  }));
  assert.deepEqual(bad, []);
  assert.deepEqual(reached, [], 'reached the origin');
}

const long = 'a'.repeat(7000);
const values = ['', ' ', '%', '%zz', '%00', '%ff%fe', '\xff\xfe', '%0d%0aX-Evil:%201', '..', '../../etc/passwd', '-1', '0', '1e999', '99999999999999999999', 'null', 'true', '[]', '{}', '"', "'--", '<script>', '\u00e9', long,
  'eyJhbGciOiJub25lIn0.e30.', 'eyJhbGciOiJSUzI1NiJ9.e30.AAAA', 'a.b.c', '...', 'eyJhbGciOiJSUzI1NiIsImtpZCI6MX0.W10.AA', '00000000-0000-0000-0000-000000000000', 'https://evil.example/', '//evil.example', 'javascript:alert(1)'];
const bodies = ['', ' ', 'null', '0', 'true', '"text"', '[]', '[[]]', '[null]', '{', '{"', '{}', '{"a":}', '{"name":', '{"name":null}', '{"name":{}}', '{"name":[1,2]}', '{"name":1e999}', '{"name":"\\ud800"}', '{"name":"\\u0000"}', '{"name":"a","name":"b"}', '\ufeff{}',
  `{"name":"${'x'.repeat(300_000)}"}`, `${'['.repeat(5000)}${']'.repeat(5000)}`, `${'{"a":'.repeat(500)}1${'}'.repeat(500)}`, '{"id":-1,"pk":"x","slug":"../","domain":"*","email":"@","policies":[{}],"include":[{"email":1}],"config":{"ingress":7},"attributes":[]}'];
const wrongBytes = [Buffer.from([0xff, 0xfe, 0x00]), Buffer.from('{"name":"\xff"}', 'latin1')];
const forms = ['', '=', '&&&', '%', 'a=%zz', 'a=%00', 'grant_type', 'grant_type=', 'grant_type=authorization_code', 'grant_type=authorization_code&code=%00&client_id=%ff', 'grant_type=a&grant_type=b', `client_id=${long}`, 'token=a&token=b', 'token=eyJhbGciOiJub25lIn0.e30.',
  'code=1&nonce=%00', 'email=%00&email=a', 'email=@', 'email=a@b@c', `email=${long}@example.com`, 'client_assertion_type=x&client_assertion=y', 'client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=a.b.c', 'request=a.b.c&client_id=x', 'resource=%20', 'scope=%00'];

const identityGets = ['/', '/if/flow/default-authentication-flow/', '/if/flow/nothing/', '/if/user/', '/device', '/application/o/authorize/', '/application/o/userinfo/', '/application/o/client/end-session/', '/application/o/client/.well-known/openid-configuration', '/application/o/client/jwks/',
  '/api/v3/flows/executor/default-authentication-flow/', '/flows/-/default/authentication/', '/flows/-/configure/x/', '/setup/x', '/api/v3/core/users/', '/api/v3/core/users/me/'];
const teamGets = ['/', '/cdn-cgi/access/login/wiki.localhost', '/cdn-cgi/access/login/nothing', '/cdn-cgi/access/login', '/cdn-cgi/access/callback', '/cdn-cgi/access/certs', '/cdn-cgi/access/get-identity', '/cdn-cgi/access/logout', '/cdn-cgi/access/refresh-identity', '/cdn-cgi/access/test-idp/x', '/cdn-cgi/access/verify-code/wiki.localhost', '/cdn-cgi/access/approve',
  '/cdn-cgi/access/oauth/authorization', '/cdn-cgi/access/oauth/consent', '/cdn-cgi/access/sso/oidc/x/authorization', '/cdn-cgi/access/sso/saml/x'];
const appGets = ['/', '/cdn-cgi/access/authorized', '/cdn-cgi/access/get-identity', '/cdn-cgi/access/logout', '/cdn-cgi/access/cli', '/cdn-cgi/access/login', '/.well-known/oauth-authorization-server', '/.well-known/oauth-protected-resource/x', '/.well-known/cloudflare-access-protected-resource/x'];
const parameters = ['client_id', 'redirect_uri', 'response_type', 'state', 'nonce', 'scope', 'prompt', 'max_age', 'id_token_hint', 'post_logout_redirect_uri', 'request', 'request_uri', 'code_challenge', 'code', 'kid', 'redirect_url', 'meta', 'query', 'next', 'token', 'page', 'page_size', 'ordering', 'search', 'aud', 'resource'];

describe('bad input', () => {
  test('in queries: one parameter broken at a time', async () => {
    const cases = [];
    for (const [host, paths] of [[hosts().identity, identityGets], [hosts().team, teamGets], [hosts().app, appGets], [hosts().agents, appGets]]) {
      for (const path of paths) for (const [n, value] of values.entries()) {
        const name = parameters[(n * 7 + path.length) % parameters.length];
        cases.push([`GET ${host}${path}?${name}=${value.slice(0, 40)}`, request('GET', host, `${path}?${name}=${encodeRaw(value)}&client_id=${encodeRaw(value)}`)]);
      }
    }
    await none500(cases);
  });

  test('in paths', async () => {
    const paths = ['/%', '/%zz', '/%00', '/%ff', '/..', '/../..', '/%2e%2e/', '/a//b', '//', '///evil.example', '/\\..\\', '/;a=b', '/a;/b', '/%252e%252e', '/?', '/?#', '/#', '*', 'wiki.localhost:443', 'http://evil.example/', '/a b', `/${long}`, '/cdn-cgi/access/%', '/cdn-cgi/access/../..', '/cdn-cgi//access/login', '/application/o/%/jwks/', '/application/o/../jwks/', '/api/v3/core/users/%00/', '/client/v4/accounts/%/access/apps', '/if/flow/%2e%2e/'];
    await none500(Object.values(hosts()).flatMap((host) => paths.flatMap((path) => ['GET', 'POST', 'OPTIONS', 'HEAD'].map((method) => [`${method} ${host} ${path.slice(0, 40)}`, request(method, host, path)]))));
  });

  test('in cookies and headers', async () => {
    const names = ['Cookie: CF_Authorization=', 'Cookie: CF_AppSession=', 'Cookie: CF_Session=', 'Cookie: CF_Binding=', 'Cookie: __Host-authentik_session=', 'Cookie: ', 'Authorization: ', 'Authorization: Bearer ', 'Authorization: Basic ', 'Authorization: DPoP ', 'DPoP: ', 'CF-Access-Client-Id: ', 'CF-Access-Client-Secret: ', 'CF-Access-Token: ', 'Cf-Access-Jwt-Assertion: ', 'Origin: ', 'Referer: ', 'Accept: ', 'Content-Type: ', 'X-Forwarded-For: ', 'X-Forwarded-Proto: ', 'Sec-Fetch-Mode: ', 'Sec-WebSocket-Key: ', 'Upgrade: ', 'Range: ', 'If-None-Match: ', 'Accept-Language: '];
    const doors = [['app', '/'], ['app', '/cdn-cgi/access/get-identity'], ['team', '/cdn-cgi/access/logout'], ['team', '/cdn-cgi/access/get-identity'], ['identity', '/if/user/'], ['identity', '/application/o/userinfo/'], ['identity', '/api/v3/core/users/me/'], ['api', '/client/v4/user/tokens/verify']];
    const cases = [];
    for (const [door, path] of doors) for (const [h, header] of names.entries()) for (const [v, value] of values.entries()) {
      if ((v + h + path.length) % 3 !== 0) continue; // every value meets every header at some door
      cases.push([`${door}${path} ${header}${value.slice(0, 40)}`, Buffer.from(`GET ${path} HTTP/1.1\r\nHost: ${hosts()[door]}\r\nConnection: close\r\n${header}${value}\r\n\r\n`, 'latin1')]);
    }
    await none500(cases);
  });

  test('N07 in floods: more headers, larger ones and more cookies than anybody needs are refused at once', async () => {
    const floods = {
      'a hundred and one headers': [Array.from({ length: 101 }, (_, n) => `X-${n}: a\r\n`).join(''), 431],
      'a thousand headers of cookies': [Array.from({ length: 1000 }, (_, n) => `Cookie: c${n}=v\r\n`).join(''), 431],
      'one header of 33 kB': [`X-Long: ${'a'.repeat(33 * 1024)}\r\n`, 431],
      'a cookie of 33 kB': [`Cookie: CF_Authorization=${'a'.repeat(33 * 1024)}\r\n`, 431],
    };
    const bad = [];
    for (const [door, host] of Object.entries(hosts())) for (const [what, [headers, expected]] of Object.entries(floods)) {
      const status = await send(Buffer.from(`GET / HTTP/1.1\r\nHost: ${host}\r\n${headers}\r\n`));
      if (status !== expected) bad.push(`${status} for ${what} at ${door}`);
    }
    assert.deepEqual(bad, []);
    assert.deepEqual(reached, [], 'reached the origin');
    // Within the limits of size it is a cookie header like any other: nobody's session, however many times it says so.
    const cookies = Array.from({ length: 1000 }, (_, n) => `CF_Authorization=v${n}`).join('; ');
    await none500(Object.values(hosts()).map((host) => [`a thousand cookies at ${host}`, request('GET', host, '/', { Cookie: cookies })]));
  });

  test('in whole sessions: every cut and every flip of a good cookie', async () => {
    const cases = [];
    for (const [door, path, name, good] of [['app', '/', 'CF_Authorization', cookies.access], ['identity', '/if/user/', '__Host-authentik_session', cookies.identity]]) {
      for (let n = 0; n < good.length; n += Math.ceil(good.length / 60)) {
        const flipped = good.slice(0, n) + (good[n] === 'A' ? 'B' : 'A') + good.slice(n + 1);
        for (const cookie of [good.slice(0, n), flipped, good + good.slice(0, n + 1)]) {
          cases.push([`${door} ${name} at ${n}`, request('GET', hosts()[door], path, { Cookie: `${name}=${cookie}` })]);
        }
      }
    }
    await none500(cases);
  });

  test('in forms', async () => {
    const type = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const doors = [...['token/', 'introspect/', 'revoke/', 'device/', 'par/', 'userinfo/', 'authorize/'].map((end) => ['identity', `/application/o/${end}`]), ['identity', '/application/o/client/end-session/'], ['identity', '/if/user/devices/'], ['identity', '/setup/x'], ['identity', '/device'],
      ...['callback', 'verify-code/wiki.localhost', 'purpose', 'approve', 'oauth/token', 'oauth/revoke', 'oauth/consent', 'oauth/registration', 'backchannel-logout/x'].map((end) => ['team', `/cdn-cgi/access/${end}`]), ['app', '/']];
    const cases = [];
    for (const [door, path] of doors) for (const form of forms) {
      cases.push([`POST ${path} ${form.slice(0, 40)}`, request('POST', hosts()[door], path, type, form)]);
      cases.push([`POST ${path} Basic ${form.slice(0, 40)}`, request('POST', hosts()[door], path, { ...type, Authorization: `Basic ${Buffer.from(`client:${form.slice(0, 20)}`).toString('base64')}` }, form)]);
      cases.push([`POST ${path} wrong type ${form.slice(0, 40)}`, request('POST', hosts()[door], path, { 'Content-Type': 'multipart/form-data; boundary=' }, form)]);
    }
    await none500(cases);
  });

  test('in JSON, by an administrator', async () => {
    const v4 = ['access/apps', 'access/policies', 'access/groups', 'access/identity_providers', 'access/service_tokens', 'access/tags', 'access/custom_pages', 'access/certificates', 'access/policy-tests', 'access/keys/rotate', 'access/organizations', 'access/organizations/revoke_user', 'access/bookmarks', 'cfd_tunnel', 'public_hostnames', 'gateway/lists', 'tokens', 'sso_connectors']
      .map((end) => ['api', `/client/v4/accounts/${account}/${end}`]);
    const v3 = ['core/users', 'core/groups', 'core/applications', 'core/tokens', 'core/brands', 'providers/oauth2', 'providers/all', 'propertymappings/provider/scope', 'policies/expression', 'policies/bindings', 'policies/reputation', 'policies/password', 'flows/instances', 'flows/bindings', 'stages/prompt/stages', 'stages/prompt/prompts', 'stages/identification', 'stages/password', 'stages/authenticator/validate', 'stages/invitation/invitations', 'crypto/certificatekeypairs', 'crypto/certificatekeypairs/generate', 'events/rules', 'events/transports', 'managed/blueprints', 'core/users/1/set_password', 'flows/executor/default-authentication-flow']
      .map((end) => ['identity', `/api/v3/${end}/`]);
    const headers = { Authorization: `Bearer ${server.token}`, 'Content-Type': 'application/json' };
    const cases = [];
    for (const [door, path] of [...v4, ...v3, ['team', '/cdn-cgi/access/oauth/registration']]) {
      for (const body of [...bodies, ...wrongBytes]) for (const method of ['POST', 'PUT', 'PATCH']) {
        if (method !== 'POST' && (body.length > 100 || body.length % 3 !== 0)) continue;
        cases.push([`${method} ${path} ${String(body).slice(0, 40)}`, request(method, hosts()[door], path, headers, body)]);
      }
      for (const value of values) {
        cases.push([`GET ${path}?…=${value.slice(0, 40)}`, request('GET', hosts()[door], `${path}?page=${encodeRaw(value)}&per_page=${encodeRaw(value)}&page_size=${encodeRaw(value)}&ordering=${encodeRaw(value)}&search=${encodeRaw(value)}&name=${encodeRaw(value)}`, headers)]);
        cases.push([`DELETE ${path}/${value.slice(0, 40)}`, request('DELETE', hosts()[door], `${path.replace(/\/$/, '')}/${encodeRaw(value)}${path.endsWith('/') ? '/' : ''}`, headers)]);
      }
    }
    await none500(cases);
  });

  test('and nobody was let in, nothing broke: the good cookie still opens the app', async () => {
    const response = await fetch(`https://${hosts().app}/`, { headers: { cookie: `CF_Authorization=${cookies.access}` }, redirect: 'manual' });
    assert.equal(await response.text(), 'the origin');
  });
});

/** What a request line can hold; the rest as it is. */
function encodeRaw(value) {
  return [...value].map((c) => (c <= ' ' || c > '~' ? encodeURIComponent(c) : c)).join('');
}
