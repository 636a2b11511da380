// Quick tunnels in a server as it comes, but for the switch: a random name leads to a service at once, with our connector and with any stock cloudflared on PATH.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Gatehouse, freePort } from './lib/server.mjs';

let stock = null;
try {
  stock = execFileSync('cloudflared', ['--version'], { encoding: 'utf8' }).trim();
} catch {
  // Not there: its half is skipped.
}

const edge = await freePort();
const running = [];
let server, web, forwarder;

before(async () => {
  web = createServer((request, response) => response.end(`the service saw ${request.headers.host}`));
  // Stock connectors resolve no names under localhost; this asks for them, and passes on what they get.
  forwarder = createServer(async (request, response) => {
    const answer = await fetch(`${server.urls.api}${request.url}`, { method: request.method });
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
  });
  for (const listener of [web, forwarder]) await new Promise((done) => listener.listen(0, '127.0.0.1', done));
  server = await Gatehouse.start({ edge, more: ['--quick-tunnels'] });
});
after(async () => {
  for (const connector of running) connector.kill('SIGKILL');
  await server?.stop();
  for (const listener of [web, forwarder]) {
    listener?.closeAllConnections();
    listener?.close();
  }
});

/** Starts a connector; the first match of `pattern` in what it says. */
async function connect(pattern, file, args) {
  const connector = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(connector);
  let said = '';
  for (const out of [connector.stdout, connector.stderr]) out.on('data', (text) => { said += text; });
  for (const began = Date.now(); ; await sleep(50)) {
    const found = said.match(pattern);
    if (found) return { connector, found };
    assert.ok(Date.now() - began < 90_000 && connector.exitCode === null, `no ${pattern} in:\n${said}`);
  }
}

async function until(what, holds) {
  for (const began = Date.now(); !(await holds()); await sleep(50)) assert.ok(Date.now() - began < 90_000, `${what}: not in time`);
}

const ours = (...more) => ['connect', '--edge', `127.0.0.1:${edge}`, '--ca', server.ready.ca, '--quick-service', server.urls.api, '--url', `http://127.0.0.1:${web.address().port}`, ...more];

describe('quick tunnels', () => {
  test('gatehouse connect --url says the URL that leads to the service', async () => {
    const { connector, found } = await connect(/Connected: (https:\S+) leads to/, process.env.GATEHOUSE_BINARY, ours());
    const url = found[1];
    assert.match(url, new RegExp(`^https://[a-z0-9]{16}\\.localhost:${server.port}$`));
    const response = await fetch(`${url}/x`);
    assert.equal(await response.text(), `the service saw ${new URL(url).host}`);
    assert.equal(response.status, 200);
    connector.kill('SIGTERM');
    await new Promise((done) => connector.once('exit', done));
    assert.equal((await fetch(url)).status, 502);
  });

  test('with --json programs read it, and an app over the name asks for a sign-in', async () => {
    const { found } = await connect(/^\{.*"ready":true.*\}$/m, process.env.GATEHOUSE_BINARY, ours('--json'));
    const { url, hostname } = JSON.parse(found[0]);
    assert.equal(url, `https://${hostname}:${server.port}`);
    assert.equal((await fetch(url)).status, 200);
    const app = await server.v4('POST', '/access/apps', { type: 'self_hosted', name: 'quick', domain: hostname, policies: [] });
    await until('covered', async () => (await fetch(url, { redirect: 'manual', headers: { 'sec-fetch-mode': 'navigate', accept: 'text/html' } })).status !== 200);
    await server.v4('DELETE', `/access/apps/${app.id}`);
    await until('public again', async () => (await fetch(url)).status === 200);
  });

  test('another name that leads to a quick tunnel stays closed', async () => {
    const { found } = await connect(/^\{.*"ready":true.*\}$/m, process.env.GATEHOUSE_BINARY, ours('--json'));
    const { hostname } = JSON.parse(found[0]);
    const [tunnel] = await server.v4('GET', `/cfd_tunnel?is_deleted=false&name=quick ${hostname.split('.')[0]}`);
    const [zone] = (await (await server.call(`${server.urls.api}/client/v4/zones`, 'GET')).json()).result;
    const record = await server.call(`${server.urls.api}/client/v4/zones/${zone.id}/dns_records`, 'POST', { type: 'CNAME', name: 'mine', content: `${tunnel.id}.cfargotunnel.com`, proxied: true });
    assert.equal(record.status, 200);
    await until('published and closed', async () => (await fetch(`https://mine.localhost:${server.port}/`)).status === 403);
  });
});

describe('quick tunnels, stock cloudflared', { skip: stock === null && 'there is no cloudflared on PATH' }, () => {
  test('cloudflared tunnel --url', async () => {
    const { found } = await connect(/https:\/\/[a-z0-9]{16}\.localhost\S*/, 'cloudflared', [
      'tunnel', '--no-autoupdate', '--protocol', 'http2', ...Array(4).fill(['--edge', `127.0.0.1:${edge}`]).flat(), '--cacert', server.ready.ca,
      '--quick-service', `http://127.0.0.1:${forwarder.address().port}`, '--url', `http://127.0.0.1:${web.address().port}`]);
    assert.equal(new URL(found[0]).port, String(server.port));
    await until('connected', async () => (await fetch(found[0])).status === 200);
    assert.match(await (await fetch(found[0])).text(), /the service saw/);
  });
});
