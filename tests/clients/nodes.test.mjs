// Three nodes over one PostgreSQL, under the same names: what one of them does counts on the others.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { Browser } from './lib/browser.mjs';
import { fetchAt } from './lib/net.mjs';
import { Gatehouse, freePort, freshDatabase } from './lib/server.mjs';

const admin = process.env.GATEHOUSE_TEST_POSTGRES;
const skip = admin ? false : 'GATEHOUSE_TEST_POSTGRES is not set';
const back = 'https://rp.example/cb';
let nodes, fetches, origin, alice, provider, app;

before(async () => {
  if (skip) return;
  origin = createServer((request, response) => response.end('hello'));
  await new Promise((done) => origin.listen(0, '127.0.0.1', done));
  const shared = { database: freshDatabase(admin, 'nodes'), secretKey: randomBytes(32).toString('base64'), port: await freePort(), token: randomBytes(24).toString('hex') };
  nodes = [];
  for (const address of ['127.0.0.1', '127.0.0.2', '127.0.0.3']) nodes.push(await Gatehouse.start({ ...shared, address }));
  fetches = ['127.0.0.1', '127.0.0.2', '127.0.0.3'].map((address) => fetchAt(address, nodes[0].ca));
  alice = await nodes[0].user('alice');
  provider = await nodes[0].provider('app1');
  app = await nodes[0].publish('wiki', `http://127.0.0.1:${origin.address().port}`, [{ name: 'all', decision: 'allow', precedence: 1, include: [{ everyone: {} }] }]);
});
after(async () => {
  for (const node of nodes ?? []) await node.stop();
  origin?.close();
});

/** Waits until `fact` holds; fails after `limit` milliseconds. */
async function soon(fact, limit, what) {
  for (const end = performance.now() + limit; ; ) {
    if (await fact()) return;
    assert.ok(performance.now() < end, `${what} not within ${limit} ms`);
    await new Promise((done) => setTimeout(done, 25));
  }
}

describe('three nodes', { skip }, () => {
  test('O08 of 50 parallel redemptions over three nodes one succeeds, and then all is revoked', async () => {
    const base = `${nodes[0].urls.identity}/application/o`;
    const browser = new Browser(fetches[0]);
    const query = new URLSearchParams({ client_id: provider.client_id, redirect_uri: back, response_type: 'code', scope: 'openid email' });
    const asked = await browser.go(`${base}/authorize/?${query}`, { until: (at) => at.includes('/if/flow/') });
    const end = await browser.go(await browser.signIn(asked.url, 'alice', alice.password), { until: (at) => at.startsWith(back) });
    const redeem = (n) => fetches[n % 3](`${base}/token/`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code', code: new URL(end.url).searchParams.get('code'), redirect_uri: back,
        client_id: provider.client_id, client_secret: provider.client_secret,
      }),
    }).then(async (response) => ({ status: response.status, body: await response.json() }));
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => redeem(n)));
    const good = answers.filter((answer) => answer.status === 200);
    assert.equal(good.length, 1);
    assert.ok(answers.every((answer) => answer.status === 200 || answer.body.error === 'invalid_grant'), JSON.stringify(answers.filter((a) => a.body.error !== 'invalid_grant').map(({ status, body }) => [status, body.error, body.error_description])));
    for (const send of fetches) {
      const user = await send(`${base}/userinfo/`, { headers: { authorization: `Bearer ${good[0].body.access_token}` } });
      assert.equal(user.status, 401);
    }
  });

  test('a session of one node opens the app on the others; logout at one ends it on all within a second', async () => {
    const browser = new Browser(fetches[0]);
    assert.equal((await browser.open(app.url, 'alice', alice.password)).response.status, 200);
    const cookie = `CF_Authorization=${(await browser.cookie(app.url, 'CF_Authorization')).value}`;
    const status = async (send) => (await send(app.url, { redirect: 'manual', headers: { cookie } })).status;
    for (const send of fetches) await soon(async () => (await status(send)) === 200, 5000, 'the session counts on every node');
    await browser.fetch(`${app.url}/cdn-cgi/access/logout`);
    for (const send of fetches) await soon(async () => (await status(send)) === 302, 1000, 'logout counts on every node');
  });

  test('a policy that is changed at one node counts on all within five seconds', async () => {
    const browser = new Browser(fetches[1]);
    assert.equal((await browser.open(app.url, 'alice', alice.password)).response.status, 200);
    const cookie = `CF_Authorization=${(await browser.cookie(app.url, 'CF_Authorization')).value}`;
    await nodes[0].v4('PUT', `/access/apps/${app.id}`, {
      type: 'self_hosted', name: 'wiki', domain: 'wiki.localhost', allowed_idps: app.allowed_idps, auto_redirect_to_identity: true,
      policies: [{ name: 'nobody here', decision: 'allow', precedence: 1, include: [{ email: { email: 'root@elsewhere.example' } }] }],
    });
    for (const send of fetches) {
      await soon(async () => (await send(app.url, { redirect: 'manual', headers: { cookie } })).status !== 200, 5000, 'the new policy counts on every node');
    }
  });

  test('a connector at one node is seen, kept and closed from the others, and gone with its node', async () => {
    await nodes[0].v4('GET', '/cfd_tunnel');
    const ask = async (n, method, path, body) => {
      const response = await fetches[n](`${nodes[0].urls.api}/client/v4/accounts/${nodes[0].account}${path}`, {
        method, headers: { authorization: `Bearer ${nodes[0].token}`, 'content-type': 'application/json' }, body: body && JSON.stringify(body),
      });
      return { status: response.status, ...(await response.json()) };
    };
    await ask(0, 'PUT', '/access/organizations', { deny_unmatched_requests: false });
    const { result: tunnel } = await ask(0, 'POST', '/cfd_tunnel', { name: 'far', config_src: 'cloudflare' });
    await ask(0, 'PUT', `/cfd_tunnel/${tunnel.id}/configurations`, { config: { ingress: [{ hostname: 'far.localhost', service: `http://127.0.0.1:${origin.address().port}` }, { service: 'http_status:404' }] } });
    const connector = spawn(process.env.GATEHOUSE_BINARY, ['connect', '--edge', nodes[1].ready.edge, '--ca', nodes[1].ready.ca], { env: { ...process.env, GATEHOUSE_TOKEN: tunnel.token }, stdio: 'ignore' });
    try {
      const ids = async (n) => ((await ask(n, 'GET', `/cfd_tunnel/${tunnel.id}/connections`)).result[0]?.conns ?? []).map((connection) => connection.id);
      for (const n of [0, 1, 2]) await soon(async () => (await ids(n)).length === 4, 30000, `all four connections are seen at node ${n}`);
      for (const n of [0, 1, 2]) assert.equal((await ask(n, 'GET', `/cfd_tunnel/${tunnel.id}`)).result.status, 'healthy');
      assert.equal((await ask(2, 'DELETE', `/cfd_tunnel/${tunnel.id}`)).status, 409);
      const get = async (n) => fetches[n](`https://far.localhost:${nodes[0].port}/`, { redirect: 'manual' });
      await soon(async () => (await get(1)).status === 200, 10000, 'requests pass at the node that has the connector');
      await soon(async () => /other nodes of Gatehouse/.test(await (await get(0)).text()), 15000, 'the others say where it is');
      assert.equal((await get(0)).status, 502);

      const before = await ids(0);
      assert.equal((await ask(2, 'DELETE', `/cfd_tunnel/${tunnel.id}/connections`)).status, 200);
      await soon(async () => { const now = await ids(1); return before.every((id) => !now.includes(id)); }, 5000, 'all were closed');
      await soon(async () => (await ids(0)).length === 4, 30000, 'the connector is back');

      await nodes[1].kill();
      await soon(async () => (await ids(0)).length === 0, 45000, 'what the dead node held is forgotten');
      assert.equal((await ask(2, 'DELETE', `/cfd_tunnel/${tunnel.id}`)).status, 200);
    } finally {
      connector.kill('SIGKILL');
    }
  });
});
