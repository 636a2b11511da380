// Check 52: what load balancers and installers ask, on a fresh start, after set-up, without the first administrator, and without storage.
import assert from 'node:assert/strict';
import { createServer, connect } from 'node:net';
import { describe, test } from 'node:test';
import { Browser } from './lib/browser.mjs';
import { Gatehouse, freshDatabase } from './lib/server.mjs';

const admin = process.env.GATEHOUSE_TEST_POSTGRES;

const status = async (server, path, method = 'GET') => {
  const response = await fetch(`${server.urls.identity}${path}`, { method, redirect: 'manual' });
  await response.text();
  return response.status;
};

describe('set-up and health', () => {
  test('52: HEAD /setup is 200 on a fresh start, 503 once somebody was set up, and stays so when akadmin is deleted', async () => {
    const server = await Gatehouse.start({ bootstrap: false });
    try {
      const { identity } = server.urls;
      assert.equal(await status(server, '/setup', 'HEAD'), 200);
      assert.equal((await fetch(`${identity}/`, { redirect: 'manual' })).headers.get('location'), '/setup');

      const browser = new Browser();
      const form = () => ({ method: 'POST', headers: { origin: identity }, body: new URLSearchParams({ email: 'root@example.com', password: 'a phrase for the first', password_repeat: 'a phrase for the first' }) });
      assert.equal((await browser.fetch(server.ready.setup, form())).status, 303);
      assert.equal(await status(server, '/setup', 'HEAD'), 503);
      assert.equal((await new Browser().fetch(server.ready.setup, form())).status, 410);

      const call = async (method, path, body) => {
        const response = await browser.fetch(`${identity}/api/v3${path}`, { method, headers: { origin: identity, 'content-type': 'application/json' }, body: body && JSON.stringify(body) });
        const text = await response.text();
        assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
        return text ? JSON.parse(text) : null;
      };
      const group = (await call('GET', '/core/groups/?is_superuser=true')).results[0];
      const other = await call('POST', '/core/users/', { username: 'other', name: 'Other', groups: [group.pk] });
      await call('POST', '/core/tokens/', { identifier: 'other-api', user: other.pk });
      const { key } = await call('GET', '/core/tokens/other-api/view_key/');
      const [first] = (await call('GET', '/core/users/?username=akadmin')).results;
      const deleted = await fetch(`${identity}/api/v3/core/users/${first.pk}/`, { method: 'DELETE', headers: { authorization: `Bearer ${key}` } });
      assert.equal(deleted.status, 204);

      for (const when of ['at once', 'after a restart']) {
        assert.equal(await status(server, '/setup', 'HEAD'), 503, when);
        assert.notEqual((await fetch(`${server.urls.identity}/`, { redirect: 'manual' })).headers.get('location'), '/setup', when);
        if (when === 'at once') {
          await server.kill();
          await server.launch();
        }
      }
      assert.equal(server.ready.setup, null);
    } finally {
      await server.stop();
    }
  });

  test('52: without storage it lives and is not ready, and is again when storage is back', { skip: admin ? false : 'GATEHOUSE_TEST_POSTGRES is not set' }, async () => {
    const target = new URL(freshDatabase(admin, 'health', { isPatient: false }));
    const sockets = new Set();
    const way = createServer((socket) => {
      const beyond = connect(Number(target.port), target.hostname);
      for (const [one, other] of [[socket, beyond], [beyond, socket]]) {
        sockets.add(one);
        one.pipe(other);
        one.on('error', () => other.destroy());
        one.on('close', () => { sockets.delete(one); other.destroy(); });
      }
    });
    const listen = (port) => new Promise((done) => way.listen(port, '127.0.0.1', done));
    await listen(0);
    const { port } = way.address();
    const through = new URL(target);
    through.port = String(port);
    const server = await Gatehouse.start({ database: through.href });
    try {
      const settles = async (path, method, wanted) => {
        let seen;
        for (const end = performance.now() + 30000; performance.now() < end;) {
          seen = await status(server, path, method);
          if (seen === wanted) return;
          await new Promise((done) => setTimeout(done, 200));
        }
        assert.fail(`${method} ${path} answers ${seen}, not ${wanted}`);
      };
      await settles('/-/health/ready/', 'GET', 200);

      const closed = new Promise((done) => way.close(done));
      for (const socket of sockets) socket.destroy();
      await closed;
      await settles('/-/health/ready/', 'GET', 503);
      assert.equal(await status(server, '/-/health/live/'), 200);
      assert.equal(await status(server, '/setup', 'HEAD'), 503);

      await listen(port);
      await settles('/-/health/ready/', 'GET', 200);
    } finally {
      await server.stop();
      for (const socket of sockets) socket.destroy();
      way.close();
    }
  });
});
