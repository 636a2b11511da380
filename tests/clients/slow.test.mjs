// Row R11: five hundred clients that read, or write, a thousand bytes a second of what never ends for them, through the gateway and through a tunnel.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { Agent, request } from 'undici';
import { Gatehouse, freePort } from './lib/server.mjs';

const CLIENTS = 500;
const LARGE = 100 * 1024 * 1024;
const edge = await freePort();
const piece = Buffer.alloc(64 * 1024, 120);
let server, web, connector, agent;

// 100 MB, as fast as they are taken; what is posted is read to its end.
function serve(incoming, outgoing) {
  if (incoming.url !== '/large') return incoming.resume().on('end', () => outgoing.end('fine'));
  let left = LARGE;
  const write = () => {
    while (left > 0) {
      left -= piece.length;
      if (!outgoing.write(piece)) return outgoing.once('drain', write);
    }
    outgoing.end();
  };
  outgoing.writeHead(200, { 'content-length': LARGE });
  write();
}

const resident = (pid) => Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]) / 1024;

async function p99(host) {
  const times = [];
  for (let n = 0; n < 300; n++) {
    const began = performance.now();
    const answer = await request(`https://127.0.0.1:${server.port}/`, { dispatcher: agent, headers: { host } });
    assert.equal(answer.statusCode, 200);
    await answer.body.dump();
    times.push(performance.now() - began);
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)];
}

// A socket that takes, or gives, a thousand bytes a second once its head is through.
function slow(host, head, eachSecond) {
  return new Promise((done, fail) => {
    const socket = connect({ port: server.port, host: '127.0.0.1', ca: server.ca, servername: host.split(':')[0], highWaterMark: 1024 }, () => {
      socket.write(head);
      socket.moved = 0;
      const timer = setInterval(() => { socket.moved += eachSecond(socket); }, 1000);
      socket.on('close', () => clearInterval(timer));
      done(socket);
    });
    socket.on('error', fail);
  });
}

async function bear(host, head, eachSecond) {
  await p99(host);
  const quiet = await p99(host);
  const pids = [server.process.pid, connector.pid];
  const before = pids.map(resident);
  const sockets = [];
  try {
    while (sockets.length < CLIENTS) sockets.push(...await Promise.all(Array.from({ length: 50 }, () => slow(host, head, eachSecond))));
    const grown = [0, 0];
    const hungry = () => sockets.filter((socket) => socket.moved < 1000).length;
    // Five seconds at least; on a slow machine the last of five hundred may be served later, but served it is.
    for (let second = 0; second < 5 || (second < 30 && hungry() > 0); second++) {
      await sleep(1000);
      pids.forEach((pid, n) => { grown[n] = Math.max(grown[n], resident(pid) - before[n]); });
    }
    const others = Math.min(await p99(host), await p99(host));

    assert.equal(sockets.filter((socket) => socket.closed).length, 0, 'a slow client was cut off');
    assert.equal(hungry(), 0, 'a slow client got nothing through');
    assert.ok(Math.max(...grown) < 200, `gateway and connector grew by ${grown.map(Math.round)} MB`);
    // Under 5 ms the scheduler of the test machine is what is measured.
    assert.ok(others < 2 * Math.max(quiet, 5), `p99 of the others went from ${quiet.toFixed(1)} to ${others.toFixed(1)} ms`);
  } finally {
    sockets.forEach((socket) => socket.destroy());
  }
}

before(async () => {
  web = createServer(serve);
  await new Promise((done) => web.listen(0, '127.0.0.1', done));
  server = await Gatehouse.start({ edge });
  agent = new Agent({ connect: { ca: server.ca, servername: 'direct.localhost' } });
  await server.v4('PUT', '/access/organizations', { deny_unmatched_requests: false });
  const service = `http://127.0.0.1:${web.address().port}`;
  await server.v4('POST', '/public_hostnames', { hostname: 'direct.localhost', service });
  const tunnel = await server.v4('POST', '/cfd_tunnel', { name: 'slow', config_src: 'cloudflare' });
  await server.v4('PUT', `/cfd_tunnel/${tunnel.id}/configurations`, { config: { ingress: [{ hostname: 'tunnelled.localhost', service }, { service: 'http_status:404' }] } });
  connector = spawn(process.env.GATEHOUSE_BINARY, ['connect', '--json', '--edge', `127.0.0.1:${edge}`, '--ca', server.ready.ca], { env: { ...process.env, GATEHOUSE_TOKEN: tunnel.token }, stdio: ['ignore', 'pipe', 'ignore'] });
  await new Promise((done, fail) => { connector.stdout.once('data', done); connector.once('exit', fail); });
});

after(async () => {
  connector?.kill();
  await agent?.close();
  await server?.stop();
  web?.close();
  web?.closeAllConnections();
});

describe('R11 slow clients', () => {
  for (const way of ['direct', 'tunnelled']) {
    test(`five hundred slow readers, ${way}, cost little memory and nobody else's time`, async () => {
      const host = `${way}.localhost:${server.port}`;
      await bear(host, `GET /large HTTP/1.1\r\nHost: ${host}\r\n\r\n`, (socket) => socket.read(Math.min(1000, socket.readableLength))?.length ?? 0);
    });

    test(`five hundred slow writers, ${way}, cost little memory and nobody else's time`, async () => {
      const host = `${way}.localhost:${server.port}`;
      await bear(host, `POST /take HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${LARGE}\r\n\r\n`, (socket) => { socket.write(piece.subarray(0, 1000)); return 1000; });
    });
  }
});
