// What people do with tunnels, through the gateway: with our own connector, and with any stock cloudflared on PATH.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { createServer as createTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'undici';
import { Gatehouse, freePort } from './lib/server.mjs';

const binary = process.env.GATEHOUSE_BINARY;
let stock = null;
try {
  stock = execFileSync('cloudflared', ['--version'], { encoding: 'utf8' }).trim();
} catch {
  // Not there: its half is skipped.
}

const edge = await freePort();
let server, web, tcp;

before(async () => {
  web = createHttp(async (request, response) => {
    const url = new URL(request.url, 'http://origin');
    if (url.pathname === '/bytes') return response.end(Buffer.alloc(Number(url.searchParams.get('n')), 7));
    if (url.pathname === '/status') { response.statusCode = Number(url.searchParams.get('s')); return response.end(); }
    if (url.pathname === '/sum') {
      const hash = createHash('sha256');
      for await (const piece of request) hash.update(piece);
      return response.end(hash.digest('hex'));
    }
    if (url.pathname === '/stall') return void (web.stalled ??= []).push(request); // not read, not answered
    if (url.pathname === '/slow') { web.slow = (web.slow ?? 0) + 1; await sleep(1500); return response.end('slow but whole'); }
    if (url.pathname === '/events') {
      response.setHeader('content-type', 'text/event-stream');
      for (let n = 0; n < 3; n++) { response.write(`data: ${Date.now()}\n\n`); await sleep(300); }
      return response.end();
    }
    response.setHeader('set-cookie', ['a=1', 'b=2']);
    response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers }));
  });
  web.on('upgrade', (request, socket) => {
    const accept = createHash('sha1').update(request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
    // One text frame from us; what comes is given back as text: masked frames of up to 125 bytes are all this test sends.
    const say = (text) => socket.write(Buffer.concat([Buffer.from([0x81, text.length]), Buffer.from(text)]));
    say('welcome');
    socket.on('data', (frame) => {
      if ((frame[0] & 15) === 8) return socket.end(Buffer.from([0x88, 0]));
      const length = frame[1] & 127, mask = frame.subarray(2, 6);
      say('echo ' + frame.subarray(6, 6 + length).map((byte, n) => byte ^ mask[n % 4]).toString());
    });
    socket.on('error', () => {});
  });
  tcp = createTcp((socket) => { socket.pipe(socket); socket.on('error', () => {}); });
  for (const listener of [web, tcp]) await new Promise((done) => listener.listen(0, '127.0.0.1', done));
  server = await Gatehouse.start({ edge });
  await server.v4('PUT', '/access/organizations', { deny_unmatched_requests: false });
});
after(async () => {
  await server?.stop();
  web?.closeAllConnections();
  web?.close();
  tcp?.close();
});

const ours = {
  name: 'gatehouse connect',
  skip: false,
  command: (token) => [binary, ['connect', '--edge', `127.0.0.1:${edge}`, '--ca', server.ready.ca, '--json'], { GATEHOUSE_TOKEN: token }],
  back: 15_000,
};
const cloudflared = {
  name: stock ?? 'cloudflared',
  skip: stock === null && 'there is no cloudflared on PATH',
  command: (token) => [
    'cloudflared',
    ['tunnel', ...Array(4).fill(['--edge', `127.0.0.1:${edge}`]).flat(), '--cacert', server.ready.ca, '--no-autoupdate', 'run', '--protocol', 'http2'],
    { TUNNEL_TOKEN: token },
  ],
  back: 200_000, // after some outages in a row it waits up to 80 seconds, and then up to 160
};

class Connector {
  constructor(kind, token) {
    const [file, args, env] = kind.command(token);
    this.process = spawn(file, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.log = '';
    for (const out of [this.process.stdout, this.process.stderr]) out.on('data', (text) => { this.log += text; });
    this.exited = new Promise((done) => this.process.once('exit', (code, signal) => done({ code, signal })));
  }

  async stop() {
    this.process.kill('SIGTERM');
    return this.exited;
  }

  async kill() {
    this.process.kill('SIGKILL');
    return this.exited;
  }
}

async function until(what, holds, limit = 30_000) {
  const began = Date.now();
  for (let last; ; await sleep(50)) {
    try {
      if ((last = await holds())) return Date.now() - began;
    } catch (fault) {
      last = fault;
    }
    assert.ok(Date.now() - began < limit, `${what}: not within ${limit} ms (${last})`);
  }
}

for (const kind of [ours, cloudflared]) {
  describe(kind.name, { skip: kind.skip }, () => {
    const label = kind === ours ? 'ours' : 'stock';
    const at = (name, path) => `https://${name}-${label}.localhost:${server.port}${path}`;
    const connections = async () => (await server.v4('GET', `/cfd_tunnel/${tunnel.id}/connections`)).flatMap((c) => c.conns);
    const rules = (first) => ({ config: { ingress: [
      ...(first ? [first] : []),
      { hostname: `web-${label}.localhost`, service: `http://127.0.0.1:${web.address().port}` },
      { hostname: `tcp-${label}.localhost`, service: `tcp://127.0.0.1:${tcp.address().port}` },
      { hostname: `dead-${label}.localhost`, service: 'http://127.0.0.1:1' },
      { service: 'http_status:404' }] } });
    let tunnel, connector;

    before(async () => {
      tunnel = await server.v4('POST', '/cfd_tunnel', { name: label, config_src: 'cloudflare' });
      await server.v4('PUT', `/cfd_tunnel/${tunnel.id}/configurations`, rules());
      connector = new Connector(kind, tunnel.token);
      await until('four connections', async () => (await connections()).length === 4);
      await until('configured', async () => (await fetch(at('web', '/'))).status === 200);
    });
    after(async () => { await connector?.kill(); });

    test('HTTP: method, path, headers, status and cookies are exact', async () => {
      const response = await fetch(at('web', '/a%2Fb?x=%zz'), { method: 'POST', body: 'hello', headers: { 'x-mine': '1' } });
      const seen = await response.json();
      assert.equal(seen.method, 'POST');
      assert.equal(seen.url, '/a%2Fb?x=%zz');
      assert.equal(seen.headers['x-mine'], '1');
      assert.equal(seen.headers.host, `web-${label}.localhost:${server.port}`);
      assert.deepEqual(response.headers.getSetCookie(), ['a=1', 'b=2']);
      assert.equal((await fetch(at('web', '/status?s=418'))).status, 418);
      assert.equal((await fetch(at('web', '/status?s=204'))).status, 204);
    });

    test('a hundred requests side by side, large bodies both ways', async () => {
      const statuses = await Promise.all(Array.from({ length: 100 }, async () => (await fetch(at('web', '/'))).status));
      assert.ok(statuses.every((status) => status === 200));
      const body = randomBytes(20 * 1024 * 1024);
      const sum = await (await fetch(at('web', '/sum'), { method: 'PUT', body })).text();
      assert.equal(sum, createHash('sha256').update(body).digest('hex'));
      assert.equal((await (await fetch(at('web', '/bytes?n=50000000'))).arrayBuffer()).byteLength, 50_000_000);
    });

    test('server-sent events come one by one', async () => {
      const response = await fetch(at('web', '/events'));
      const late = [];
      for await (const piece of response.body) late.push(Date.now() - Number(Buffer.from(piece).toString().match(/\d+/)[0]));
      assert.equal(late.length, 3);
      assert.ok(Math.max(...late) < 250, `late by ${late} ms`);
    });

    test('WebSocket', async () => {
      const socket = new WebSocket(at('web', '/ws').replace('https', 'wss'));
      const said = [];
      await new Promise((done, fail) => {
        socket.onerror = fail;
        socket.onmessage = ({ data }) => { said.push(data); if (said.length === 1) socket.send('hello'); else socket.close(); };
        socket.onclose = done;
      });
      assert.deepEqual(said, ['welcome', 'echo hello']);
    });

    test('TCP through a WebSocket, and the refusal of plain requests to it', async () => {
      const socket = new WebSocket(at('tcp', '/').replace('https', 'wss'));
      socket.binaryType = 'arraybuffer';
      const sent = randomBytes(100_000);
      const got = await new Promise((done, fail) => {
        const pieces = [];
        socket.onerror = fail;
        socket.onopen = () => { for (let n = 0; n < sent.length; n += 10_000) socket.send(sent.subarray(n, n + 10_000)); };
        socket.onmessage = ({ data }) => { pieces.push(Buffer.from(data)); if (Buffer.concat(pieces).length >= sent.length) done(Buffer.concat(pieces)); };
      });
      socket.close();
      assert.deepEqual(got, sent);
      assert.equal((await fetch(at('tcp', '/'))).status, 400);
    });

    test('TCP by the client side verb', async () => {
      const client = spawn(binary, ['access', 'tcp', '--hostname', `tcp-${label}.localhost:${server.port}`, '--ca', server.ready.ca], { stdio: ['pipe', 'pipe', 'inherit'] });
      const sent = randomBytes(300_000), got = [];
      client.stdin.write(sent);
      await new Promise((done) => client.stdout.on('data', (piece) => { got.push(piece); if (Buffer.concat(got).length >= sent.length) done(); }));
      assert.deepEqual(Buffer.concat(got), sent);
      client.stdin.end();
      await new Promise((done) => client.once('exit', done));
    });

    test('a service that is away is told from a tunnel that is away', async () => {
      const response = await fetch(at('dead', '/'));
      assert.equal(response.status, 502);
      assert.match(await response.text(), /connector/);
      const { last_error: last, last_errors: all, connections } = await server.v4('GET', `/cfd_tunnel/${tunnel.id}`);
      assert.equal(last.hostname, `dead-${label}.localhost:${server.port}`);
      assert.ok(['tcp', 'origin'].includes(last.hop), last.hop); // the stock one does not say which
      assert.deepEqual(all[0], last);
      assert.equal(connections[0].colo_name, 'gatehouse');
    });

    test('rules are pushed within a second; wrong ones are refused', async () => {
      await server.v4('PUT', `/cfd_tunnel/${tunnel.id}/configurations`, rules({ hostname: `new-${label}.localhost`, path: '^/in', service: 'http_status:418' }));
      const took = await until('pushed', async () => (await fetch(at('new', '/in'))).status === 418);
      assert.ok(took < 1000, `took ${took} ms`);
      assert.equal((await fetch(at('new', '/out'))).status, 404);
      await assert.rejects(server.v4('PUT', `/cfd_tunnel/${tunnel.id}/configurations`, { config: { ingress: [{ hostname: 'x.localhost', service: 'http://a' }] } }), /last rule/);
      await until('known', async () => (await server.v4('GET', `/cfd_tunnel/${tunnel.id}/connections`))[0].config_version === 2);
    });

    test('an upload that nobody reads stops neither others nor sockets', async () => {
      const stalled = Array.from({ length: 2 }, () => fetch(at('web', '/stall'), { method: 'PUT', body: Buffer.alloc(64 * 1024 * 1024) }).catch(() => {}));
      await sleep(2000);
      const body = randomBytes(5 * 1024 * 1024);
      for (let n = 0; n < 8; n++) {
        const began = Date.now();
        assert.equal(await (await fetch(at('web', '/sum'), { method: 'PUT', body })).text(), createHash('sha256').update(body).digest('hex'));
        assert.ok(Date.now() - began < 8000, 'before any upload is given up');
      }
      const socket = new WebSocket(at('web', '/ws').replace('https', 'wss'));
      await new Promise((done, fail) => {
        socket.onerror = fail;
        socket.onmessage = ({ data }) => (data === 'welcome' ? socket.send('hello') : done());
      });
      socket.close();
      for (const request of web.stalled.splice(0)) request.destroy();
      await Promise.all(stalled);
    });

    test('R08 a replica that is killed, or frozen, is asked no more within two seconds', async () => {
      for (const signal of ['SIGKILL', 'SIGSTOP']) {
        const replica = new Connector(kind, tunnel.token);
        try {
          await until('eight connections', async () => (await connections()).length === 8, kind.back);
          replica.process.kill(signal);
          const began = Date.now(), asking = [], late = [];
          while (Date.now() - began < 5000) {
            const at0 = Date.now() - began;
            asking.push(fetch(at('web', '/')).then(async (response) => {
              await response.arrayBuffer();
              assert.equal(response.status, 200); // what had gone to it is asked again
              const took = Date.now() - began - at0;
              if (at0 > 2500 && took > 1500) late.push(took);
            }));
            await sleep(20);
          }
          await Promise.all(asking);
          assert.deepEqual(late, [], signal);
        } finally {
          await replica.kill();
        }
        await until('four again', async () => (await connections()).length === 4);
      }
    });

    test('a connector that is told to stop finishes what it has begun', async () => {
      const slow = fetch(at('web', '/slow')).then((response) => response.text());
      await sleep(300);
      const began = Date.now();
      const { code } = await connector.stop();
      assert.ok(Date.now() - began < 15_000, 'the edge closes what is over');
      assert.equal(await slow, 'slow but whole');
      assert.equal(code, 0);
      assert.equal((await connections()).length, 0);
      assert.equal((await fetch(at('web', '/'))).status, 502);
      connector = new Connector(kind, tunnel.token);
      await until('back', async () => (await fetch(at('web', '/'))).status === 200);
    });

    test('R23 a server that is told to stop finishes what it has begun through the tunnel', async () => {
      web.slow = 0;
      const slow = Array.from({ length: 50 }, () => fetch(at('web', '/slow')).then((response) => response.text()));
      await until('there', () => web.slow === 50);
      server.process.kill('SIGTERM');
      const ended = await Promise.all(slow);
      assert.ok(ended.every((text) => text === 'slow but whole'));
      assert.deepEqual(await server.exited, { code: 0, signal: null });
      await server.launch();
      await until('back', async () => (await fetch(at('web', '/'))).status === 200, kind.back);
    });

    test('the edge goes away and comes back', async () => {
      await server.kill();
      await server.launch();
      await until('back', async () => (await fetch(at('web', '/'))).status === 200, kind.back);
    });

    test('a new secret cuts off whoever holds the old one', async () => {
      await server.v4('PATCH', `/cfd_tunnel/${tunnel.id}`, { tunnel_secret: randomBytes(32).toString('base64') });
      await until('cut off', async () => (await connections()).length === 0);
      await until('refused', () => /Unauthorized/.test(connector.log), kind.back);
      await connector.kill();
      connector = new Connector(kind, await server.v4('GET', `/cfd_tunnel/${tunnel.id}/token`));
      await until('back', async () => (await fetch(at('web', '/'))).status === 200);
    });

    test('T06 no secret is in a log or in the process list', () => {
      const secret = JSON.parse(Buffer.from(tunnel.token, 'base64')).s;
      for (const text of [server.log, connector.log, execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8', maxBuffer: 1e8 })]) {
        assert.ok(!text.includes(secret) && !text.includes(tunnel.token));
      }
    });

    test('T06 however the token is given, no log holds it, and where the process list does a warning says so', { skip: kind !== ours && 'about our own flags' }, async () => {
      const { token } = await server.v4('POST', '/cfd_tunnel', { name: 'shown', config_src: 'cloudflare' });
      const { s: secret, a, t } = JSON.parse(Buffer.from(token, 'base64'));
      const folder = mkdtempSync(join(tmpdir(), 'gatehouse-token-'));
      const write = (name, text) => { writeFileSync(join(folder, name), text, { mode: 0o600 }); return join(folder, name); };
      const ways = [
        [[], { GATEHOUSE_TOKEN: token }, false],
        [['--token-file', write('token', `${token}\n`)], {}, false],
        [['--credentials', write('credentials', JSON.stringify({ AccountTag: a, TunnelID: t, TunnelSecret: secret }))], {}, false],
        [['--token', token], {}, true],
      ];
      try {
        for (const [flags, env, shows] of ways) {
          const one = new Connector({ command: () => [binary, ['connect', '--edge', `127.0.0.1:${edge}`, '--ca', server.ready.ca, ...flags], { GATEHOUSE_LOG_LEVEL: 'debug', ...env }] });
          await until('connected', () => one.log.includes('Connected.'));
          const list = execFileSync('ps', ['-o', 'args=', '-p', String(one.process.pid)], { encoding: 'utf8' });
          assert.equal(list.includes(token) || list.includes(secret), shows, `in the process list with ${flags[0]}`);
          assert.equal(one.log.includes('shows in the process list'), shows, one.log);
          await one.stop();
          for (const text of [one.log, server.log]) assert.ok(!text.includes(token) && !text.includes(secret), `in a log with ${flags[0]}`);
        }
      } finally {
        rmSync(folder, { recursive: true });
        await server.v4('DELETE', `/cfd_tunnel/${t}?cascade=true`);
      }
    });

    test('deleting needs a word more while it is in use, and cuts the connector off', async () => {
      await until('connected', async () => (await connections()).length > 0);
      await assert.rejects(server.v4('DELETE', `/cfd_tunnel/${tunnel.id}`), /active connections/);
      await server.v4('DELETE', `/cfd_tunnel/${tunnel.id}?cascade=true`);
      await until('cut off', async () => (await connections()).length === 0, 10_000);
      // A name that nobody publishes any more goes out of the certificate soon.
      assert.notEqual(await fetch(at('web', '/')).then((response) => response.status, (fault) => fault.cause?.code), 200);
    });
  });
}
