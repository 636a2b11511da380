// Providers that are not ours sign people in at Access: npm's certified oidc-provider, and codes by a real mail server. SAML is in saml.test.mjs.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider, errors } from 'oidc-provider';
import { Browser } from './lib/browser.mjs';
import { Gatehouse, freePort } from './lib/server.mjs';
import { MailServer } from './lib/smtp.mjs';

const secret = 'a client secret that is long enough';
const people = {
  ada: { email: 'ada@example.com', email_verified: true, name: 'Ada Lovelace', groups: ['engines', 'staff'], department: 'engines', level: 3 },
  eve: { email: 'eve@example.com', email_verified: true, name: 'Eve', groups: [], department: 'sales' },
  max: { email: 'max@example.com', email_verified: false, name: 'Max', groups: ['engines'], department: 'engines' },
};

// A login page without a password; whoever is named has signed in, and has agreed to everything.
async function interact(provider, request, response) {
  const details = await provider.interactionDetails(request, response);
  if (request.method === 'GET') {
    response.setHeader('content-type', 'text/html');
    response.end(`<form method="post"><input name="name"></form>`);
    return;
  }

  let body = '';
  for await (const piece of request) body += piece;
  const accountId = new URLSearchParams(body).get('name');
  const grant = new provider.Grant({ accountId, clientId: details.params.client_id });
  grant.addOIDCScope(details.params.scope);
  await provider.interactionFinished(request, response, { login: { accountId, amr: ['hwk'] }, consent: { grantId: await grant.save() } });
}

async function startProvider(redirectUri, algorithm) {
  const port = await freePort();
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    clients: [{ client_id: 'access', client_secret: secret, redirect_uris: [redirectUri], id_token_signed_response_alg: algorithm, token_endpoint_auth_method: 'client_secret_basic' }],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), use: 'sig', alg: algorithm, kid: `key of ${algorithm}` }] },
    cookies: { keys: ['a key of cookies'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'], groups: ['groups', 'department', 'level'] },
    conformIdTokenClaims: false,
    enabledJWA: { idTokenSigningAlgValues: [algorithm] },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
  });
  const answer = provider.callback();
  const server = createServer((request, response) => (request.url.startsWith('/interaction/')
    ? interact(provider, request, response).catch((fault) => { response.statusCode = fault instanceof errors.OIDCProviderError ? 400 : 500; response.end(String(fault)); })
    : answer(request, response)));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return { server, issuer: provider.issuer };
}

const config = (issuer, more = {}) => ({
  client_id: 'access', client_secret: secret, auth_url: `${issuer}/auth`, token_url: `${issuer}/token`, certs_url: `${issuer}/jwks`,
  scopes: ['openid', 'email', 'profile', 'groups'], claims: ['department', 'level'], pkce_enabled: true, ...more,
});
const form = (fields) => ({ method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams(fields).toString() });

let server, mail, origin, callback;
before(async () => {
  mail = await MailServer.start();
  server = await Gatehouse.start({ more: ['--smtp-host', '127.0.0.1', '--smtp-port', String(mail.port), '--mail-from', 'access@example.com'] });
  callback = `${server.urls.access}/cdn-cgi/access/callback`;
  origin = createServer((request, response) => response.end(JSON.stringify(request.headers)));
  origin.listen(0, '127.0.0.1');
  await once(origin, 'listening');
});
after(async () => {
  origin?.close();
  await server?.stop();
  mail?.stop();
});

for (const algorithm of ['RS256', 'ES256', 'PS512']) {
  describe(`oidc-provider, ${algorithm}`, () => {
    let provider, method, app;
    before(async () => {
      provider = await startProvider(callback, algorithm);
      method = await server.v4('POST', '/access/identity_providers', { name: `Provider ${algorithm}`, type: 'oidc', config: config(provider.issuer) });
      const rule = { oidc: { claim_name: 'department', claim_value: 'engines', identity_provider_id: method.id } };
      app = await server.publish(`by-${algorithm.toLowerCase()}`, `http://127.0.0.1:${origin.address().port}`, [{ name: 'Engineers', decision: 'allow', precedence: 1, include: [rule] }], { allowed_idps: [method.id] });
    });
    after(() => { provider?.server.closeAllConnections(); provider?.server.close(); });

    async function signIn(name, path = '/deep?q=1') {
      const browser = new Browser();
      const asked = await browser.go(`${app.url}${path}`);
      assert.match(asked.url, /\/interaction\//, asked.hops.join('\n'));
      const answer = await browser.fetch(asked.url, form({ name }));
      return { browser, end: await browser.go(new URL(answer.headers.get('location'), asked.url).href) };
    }

    test('somebody signs in; the origin and get-identity hear who they are and the claims that were asked for', async () => {
      const { browser, end } = await signIn('ada');
      assert.equal(end.url, `${app.url}/deep?q=1`, `${end.hops.join('\n')}\n${server.log}`);
      const heard = await end.response.json();
      assert.equal(heard['cf-access-authenticated-user-email'], 'ada@example.com');
      const custom = JSON.parse(Buffer.from(heard['cf-access-jwt-assertion'].split('.')[1], 'base64url')).custom;
      assert.deepEqual(custom, { department: 'engines', level: 3 });
      const identity = await (await browser.fetch(`${app.url}/cdn-cgi/access/get-identity`)).json();
      assert.deepEqual([identity.idp.type, identity.idp.id, identity.name, identity.groups, identity.oidc_fields.department], ['oidc', method.id, 'Ada Lovelace', ['engines', 'staff'], 'engines']);
    });

    test('somebody whose claim is another is refused, and somebody whose address nobody verified', async () => {
      const { end: refused } = await signIn('eve');
      assert.equal(refused.response.status, 403);
      assert.match(await refused.response.text(), /does not have access/);
      const { end: unverified } = await signIn('max');
      assert.equal(unverified.response.status, 403, unverified.hops.join('\n'));
      assert.match(await unverified.response.text(), /verified/);
    });

    test('the Test button names what is wrong: the secret, the keys, a claim that does not come', async () => {
      const probe = async (changes) => {
        await server.v4('PUT', `/access/identity_providers/${method.id}`, { name: method.name, type: 'oidc', config: config(provider.issuer, changes) });
        try {
          const { url } = await server.v4('POST', `/access/identity_providers/${method.id}/test`);
          const browser = new Browser();
          const page = await (await browser.fetch(url)).text();
          const asked = await browser.go(new URL(page.match(/href="([^"]*go=1)"/)[1].replaceAll('&amp;', '&'), url).href);
          if (!asked.url.includes('/interaction/')) return asked.response.text();
          const answer = await browser.fetch(asked.url, form({ name: 'ada' }));
          return (await browser.go(new URL(answer.headers.get('location'), asked.url).href)).response.text();
        } finally {
          await server.v4('PUT', `/access/identity_providers/${method.id}`, { name: method.name, type: 'oidc', config: config(provider.issuer) });
        }
      };
      assert.match(await probe({}), new RegExp(algorithm));
      assert.match(await probe({ client_secret: 'another secret, as long as the first' }), /invalid_client|secret/);
      assert.match(await probe({ certs_url: `${server.urls.identity}/application/o/cloudflare/jwks/` }), /key/);
      assert.match(await probe({ email_claim_name: 'mail_of_nobody' }), /mail_of_nobody/);
    });
  });
}

describe('a code by mail', () => {
  let app;
  before(async () => {
    const method = await server.v4('POST', '/access/identity_providers', { name: 'Code', type: 'onetimepin', config: {} });
    app = await server.publish('by-code', `http://127.0.0.1:${origin.address().port}`, [{ name: 'Ada', decision: 'allow', precedence: 1, include: [{ email: { email: 'ada@example.com' } }] }], { allowed_idps: [method.id] });
  });

  // Up to the page that asks for the code.
  async function ask(email) {
    const browser = new Browser();
    const asked = await browser.go(`${app.url}/deep?q=1`);
    const page = await asked.response.text();
    const action = new URL(page.match(/<form method="post" action="([^"]+)"/)[1].replaceAll('&amp;', '&'), asked.url).href;
    const sent = await browser.fetch(action, form({ email }));
    const next = sent.status === 200 ? { url: action, response: sent } : await browser.go(new URL(sent.headers.get('location'), action).href);
    const html = await next.response.text();
    return {
      browser,
      html,
      enter: (code) => browser.fetch(new URL(html.match(/<form method="post" action="([^"]+)"/)[1].replaceAll('&amp;', '&'), next.url).href, form({ nonce: html.match(/name="nonce" value="([^"]*)"/)[1], code })),
    };
  }

  test('the code signs in whom the policy names; a wrong one does not', async () => {
    const { browser, enter } = await ask('ada@example.com');
    const message = await mail.message('ada@example.com');
    const code = message.match(/\b(\d{6})\b/)[1];
    const wrong = await enter(code === '111111' ? '222222' : '111111');
    assert.equal(await browser.cookie(app.url, 'CF_Authorization'), undefined);
    assert.match(await wrong.text(), /code/i);
    const right = await enter(code);
    const end = await browser.go(new URL(right.headers.get('location'), server.urls.access).href);
    assert.equal(end.url, `${app.url}/deep?q=1`, end.hops.join('\n'));
    assert.equal((await end.response.json())['cf-access-authenticated-user-email'], 'ada@example.com');
  });

  test('to whom no policy would admit no message goes, and the page says the same', async () => {
    const [known, unknown] = [await ask('ada@example.com'), await ask('eve@example.com')];
    const plain = ({ html }, email) => html.replaceAll(email, 'NAME').replace(/(action|value|href)="[^"]*"/g, '');
    assert.equal(plain(unknown, 'eve@example.com'), plain(known, 'ada@example.com'));
    await mail.message('ada@example.com');
    assert.ok(!mail.text.includes('eve@example.com'));
  });
});
