// `up --demo`: what it shows is reached through a tunnel, as people's own services will be.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Gatehouse } from './lib/server.mjs';

let server;
before(async () => { server = await Gatehouse.start({ demo: true }); });
after(async () => { await server?.stop(); });

async function until(status) {
  const began = Date.now();
  for (let last; ; await sleep(50)) {
    last = await fetch(server.ready.demo.app).then((response) => response.status, (fault) => fault.cause?.code);
    if ([status].flat().includes(last)) return;
    assert.ok(Date.now() - began < 15_000, `not ${status} but ${last}`);
  }
}

describe('the demo', () => {
  test('its app is published by a tunnel and by nothing else', async () => {
    const { hostname } = new URL(server.ready.demo.app);
    assert.deepEqual((await server.v4('GET', '/public_hostnames')).filter((published) => published.hostname === hostname), []);
    const tunnels = await server.v4('GET', '/cfd_tunnel?is_deleted=false');
    assert.equal(tunnels.length, 1);
    const connectors = await server.v4('GET', `/cfd_tunnel/${tunnels[0].id}/connections`);
    assert.deepEqual(connectors.map((connector) => connector.conns.length), [4]);
  });

  test("requests go by the tunnel's rules, and no further when it is gone", async () => {
    const [tunnel] = await server.v4('GET', '/cfd_tunnel?is_deleted=false');
    for (const app of await server.v4('GET', '/access/apps')) await server.v4('DELETE', `/access/apps/${app.id}`);
    await server.v4('PUT', '/access/organizations', { deny_unmatched_requests: false });
    await until(200);
    const { config } = await server.v4('GET', `/cfd_tunnel/${tunnel.id}/configurations`);
    const { hostname } = new URL(server.ready.demo.app);
    await server.v4('PUT', `/cfd_tunnel/${tunnel.id}/configurations`, { config: { ...config, ingress: [{ hostname, service: 'http_status:418' }, { service: 'http_status:404' }] } });
    await until(418);
    await server.v4('DELETE', `/cfd_tunnel/${tunnel.id}?cascade=true`);
    await until([404, 'ERR_TLS_CERT_ALTNAME_INVALID']); // its name goes out of the certificate, too
  });
});
