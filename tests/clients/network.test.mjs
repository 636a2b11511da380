// The network between edge and connector fails in the ways networks do: the connector lives in a network namespace of its own, at the other
// end of a cable that the test cuts, moves and mends. Nobody is told of it: no FIN, no RST, no link that goes down.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Gatehouse, freePort } from './lib/server.mjs';

const name = `gh${process.pid}`;
const [here, there] = [`${name}a`, `${name}b`];
const [edgeAt, movedTo, connectorAt] = ['198.18.77.1', '198.18.77.3', '198.18.77.2']; // RFC 2544: nobody's
const etc = `/etc/netns/${name}`; // what "ip netns exec" puts over /etc
const ip = (...args) => execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const inside = (...args) => ip('netns', 'exec', name, 'ip', ...args);

function refusal() {
  try {
    ip('netns', 'add', name);
    ip('link', 'add', here, 'type', 'veth', 'peer', 'name', there, 'netns', name);
    return false;
  } catch (fault) {
    try { ip('netns', 'del', name); } catch { /* there is none */ }
    return `network namespaces can't be made here: ${String(fault.stderr || fault.message).trim()}`;
  }
}

const skip = refusal();
if (skip) console.log(skip);
const edge = await freePort();
let server, connector, url;

// Names the edge for the connector. The file is written in place: it lies over another.
const nameEdge = (address) => writeFileSync(`${etc}/hosts`, `127.0.0.1 localhost\n${address} edge.test\n`);

// Frames go to a card that nobody has.
function cut() {
  ip('neigh', 'replace', connectorAt, 'lladdr', '02:00:00:00:00:99', 'dev', here, 'nud', 'permanent');
  for (const address of [edgeAt, movedTo]) inside('neigh', 'replace', address, 'lladdr', '02:00:00:00:00:99', 'dev', there, 'nud', 'permanent');
}

function mend() {
  ip('neigh', 'del', connectorAt, 'dev', here);
  for (const address of [edgeAt, movedTo]) inside('neigh', 'del', address, 'dev', there);
}

/** Asks until the status is as wanted; how long that took. */
async function until(status, limit) {
  const began = Date.now();
  for (let last; ; await sleep(200)) {
    last = await fetch(url, { signal: AbortSignal.timeout(limit) }).then((response) => response.status, (fault) => fault.message);
    if (last === status) return Date.now() - began;
    assert.ok(Date.now() - began < limit, `not ${status} within ${limit} ms but ${last}\n${connector.log}`);
  }
}

/** One request while the connector can't be heard: what comes, and when. */
async function refused(limit) {
  const began = Date.now();
  const response = await fetch(url, { signal: AbortSignal.timeout(limit) });
  return { status: response.status, text: await response.text(), took: Date.now() - began };
}

describe('the network between edge and connector', { skip }, () => {
  before(async () => {
    ip('addr', 'add', `${edgeAt}/24`, 'dev', here);
    ip('link', 'set', here, 'up');
    inside('addr', 'add', `${connectorAt}/24`, 'dev', there);
    inside('link', 'set', there, 'up');
    inside('link', 'set', 'lo', 'up');
    mkdirSync(etc, { recursive: true });
    nameEdge(edgeAt);
    server = await Gatehouse.start({ edge, edgeAddress: '0.0.0.0' });
    await server.v4('PUT', '/access/organizations', { deny_unmatched_requests: false });
    const tunnel = await server.v4('POST', '/cfd_tunnel', { name: 'far', config_src: 'cloudflare' });
    await server.v4('PUT', `/cfd_tunnel/${tunnel.id}/configurations`, { config: { ingress: [{ hostname: 'far.localhost', service: 'hello_world' }, { service: 'http_status:404' }] } });
    url = `https://far.localhost:${server.port}/`;
    connector = spawn('ip', ['netns', 'exec', name, process.env.GATEHOUSE_BINARY, 'connect', '--edge', `edge.test:${edge}`, '--ca', server.ready.ca], {
      env: { ...process.env, GATEHOUSE_TOKEN: tunnel.token }, stdio: ['ignore', 'pipe', 'pipe'],
    });
    connector.log = '';
    for (const out of [connector.stdout, connector.stderr]) out.on('data', (text) => { connector.log += text; });
    await until(200, 30_000);
  });
  after(async () => {
    connector?.kill('SIGCONT');
    connector?.kill('SIGKILL');
    server?.process.kill('SIGCONT');
    await server?.stop();
    try { ip('link', 'del', here); } catch { /* went with the namespace */ }
    ip('netns', 'del', name);
    rmSync(etc, { recursive: true, force: true });
  });

  test('R09 a cable that is cut: 502 names the connector in time, and the connector comes back by itself', async () => {
    cut();
    const { status, text, took } = await refused(60_000);
    assert.equal(status, 502);
    assert.match(text, /connector/);
    assert.ok(took < 45_000, `took ${took} ms`);
    await sleep(5_000); // it can't dial either
    mend();
    const back = await until(200, 45_000);
    console.log(`cut: 502 after ${took} ms; back ${back} ms after the mending`);
  });

  test('R09 a short cut costs no request', async () => {
    cut();
    const asked = fetch(url, { signal: AbortSignal.timeout(60_000) });
    await sleep(3_000);
    mend();
    assert.equal((await asked).status, 200);
  });

  test('a frozen connector is given up on, and serves again when it thaws', async () => {
    connector.kill('SIGSTOP');
    const { status, text, took } = await refused(60_000);
    assert.equal(status, 502);
    assert.match(text, /connector/);
    assert.ok(took < 45_000, `took ${took} ms`);
    connector.kill('SIGCONT');
    const back = await until(200, 30_000);
    console.log(`frozen: 502 after ${took} ms; back ${back} ms after the thaw`);
  });

  test('an edge whose address changed is found under its name', async () => {
    ip('addr', 'add', `${movedTo}/24`, 'dev', here);
    ip('addr', 'del', `${edgeAt}/24`, 'dev', here);
    ip('addr', 'replace', `${movedTo}/24`, 'dev', here); // the first address of a network may take the others with it
    nameEdge(movedTo);
    // Until it notices that the old one is silent, the edge waits with it.
    const back = await until(200, 90_000);
    const connections = execFileSync('ip', ['netns', 'exec', name, 'ss', '-Htn', 'state', 'established', `dport = :${edge}`], { encoding: 'utf8' });
    assert.ok(connections.includes(`${movedTo}:${edge}`), connections);
    console.log(`moved: serving ${back} ms after`);
  });

  test('a machine that slept goes on where it was', async () => {
    for (const one of [connector, server.process]) one.kill('SIGSTOP');
    await sleep(20_000);
    for (const one of [server.process, connector]) one.kill('SIGCONT');
    const back = await until(200, 30_000);
    console.log(`slept: back after ${back} ms`);
  });
});
