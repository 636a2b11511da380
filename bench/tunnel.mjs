// Through edge and connector, beside the same gateway without a tunnel, stock cloudflared as connector, OpenSSH -R and a bare TCP proxy.
// Needs wrk, nginx, curl and taskset; cloudflared and sshd where they are on PATH. See README.md for the command.
import { execFileSync, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { performServerHandshake } from 'node:http2';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { Gatehouse, freePort } from '../tests/clients/lib/server.mjs';

const rounds = Number(process.argv[2] ?? 5);
const seconds = Number(process.argv[3] ?? 4);
const idleConnectors = Number(process.argv[4] ?? 1000);
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'));
const children = [];
const pin = (cpu, command, args, env = {}) => {
  const child = spawn('taskset', ['-c', cpu, command, ...args], { stdio: 'ignore', env: { ...process.env, ...env } });
  children.push(child);
  return child;
};
const has = (command, ...args) => { try { execFileSync(command, args, { stdio: 'ignore' }); return true; } catch (fault) { return fault.code !== 'ENOENT'; } };
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const status = (pid, what) => Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(new RegExp(`${what}:\\s+(\\d+)`))[1]) / 1024;
const ticks = (pid) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13).reduce((sum, n) => sum + Number(n), 0);

async function answers(url, host) {
  for (let n = 0; n < 300; n++) {
    try { execFileSync('curl', ['-skf', '-o', '/dev/null', '-H', `Host: ${host}`, url]); return; } catch { await sleep(100); }
  }
  const answer = execFileSync('sh', ['-c', 'curl -ski -H "Host: $1" "$0" || echo "curl: exit $?"', url, host], { encoding: 'utf8' });
  throw new Error(`${url} (${host}) does not answer 200, but:\n${answer.slice(-600)}`);
}

function load(url, host) {
  const text = execFileSync('taskset', ['-c', '0', 'wrk', '-t1', '-c64', `-d${seconds}s`, '--latency', '-H', `Host: ${host}`, url], { encoding: 'utf8' });
  if (/Non-2xx/.test(text)) throw new Error(`${url}\n${text}`);
  const milliseconds = (at) => { const [, n, unit] = text.match(new RegExp(`${at}%\\s+([\\d.]+)(us|ms|s)`)); return n * { us: 0.001, ms: 1, s: 1000 }[unit]; };
  return { rate: Number(text.match(/Requests\/sec:\s+([\d.]+)/)[1]), p50: milliseconds(50), p99: milliseconds(99) };
}

function bulk(url, host) {
  for (let tries = 1; ; tries++) {
    try {
      return Number(execFileSync('taskset', ['-c', '0', 'curl', '-sk', '-o', '/dev/null', '-w', '%{speed_download}', '-H', `Host: ${host}`, url], { encoding: 'utf8' })) / 1e6;
    } catch (fault) {
      if (tries === 3) throw fault;
      console.log(`${url} (${host}) broke off (curl: ${fault.status}); again`);
    }
  }
}

// The smallest connector: answers the edge's control stream with a recorded registration, the ids in it replaced.
function idle(edge, ca, token, vectors) {
  const { a, t, s } = JSON.parse(Buffer.from(token, 'base64'));
  const id = Buffer.from(t.replaceAll('-', ''), 'hex'), secret = Buffer.from(s, 'base64'), client = randomBytes(16);
  return Array.from({ length: 4 }, (_, index) => new Promise((done, fail) => {
    const socket = tlsConnect({ host: '127.0.0.1', port: edge, ca, servername: 'h2.cftunnel.com' }, () => {
      const session = performServerHandshake(socket);
      session.on('error', () => {});
      session.on('stream', (stream) => {
        const call = Buffer.from(vectors['2023.3.1/ok-pipelined-01-connector-to-edge.bin'].hex, 'hex');
        const word = (n) => 8 + 8 * n;
        call[word(16)] = index;
        call.write(a, word(22));
        secret.copy(call, word(27));
        id.copy(call, word(31));
        client.copy(call, word(40));
        stream.respond({ ':status': 200 });
        stream.write(Buffer.from(vectors['2023.3.1/ok-pipelined-00-connector-to-edge.bin'].hex, 'hex'));
        stream.write(call);
        stream.on('data', () => done(socket));
        stream.on('error', () => {});
      });
    });
    socket.on('error', fail);
  }));
}

try {
  const [originPort, edge, proxyPort, sshPort, forwarded] = [await freePort(), await freePort(), await freePort(), await freePort(), await freePort()];
  writeFileSync(join(folder, 'bulk'), randomBytes(64 * 1024 * 1024));
  for (let n = 0; n < 3; n++) execFileSync('sh', ['-c', `cat ${folder}/bulk ${folder}/bulk > ${folder}/next && mv ${folder}/next ${folder}/bulk`]);
  const streamModule = '/usr/lib/nginx/modules/ngx_stream_module.so'; // Debian's libnginx-mod-stream
  const hasStream = existsSync(streamModule) || /with-stream\s/.test(execFileSync('sh', ['-c', 'nginx -V 2>&1'], { encoding: 'utf8' }));
  writeFileSync(join(folder, 'nginx.conf'), `${existsSync(streamModule) ? `load_module ${streamModule};` : ''}
daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log warn; user root; events { worker_connections 4096; }
${hasStream ? `stream { server { listen 127.0.0.1:${proxyPort}; proxy_pass 127.0.0.1:${originPort}; } }` : ''}
http { access_log off; sendfile on; keepalive_requests 100000000; client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder}; uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
server { listen 127.0.0.1:${originPort}; location /bulk { root ${folder}; } location / { default_type text/plain; return 200 "${'x'.repeat(1024)}"; } } }`);
  pin('0', 'nginx', ['-c', join(folder, 'nginx.conf')]);
  const server = await Gatehouse.start({ edge });
  await server.v4('PUT', '/access/organizations', { deny_unmatched_requests: false });
  execFileSync('taskset', ['-acp', '1', String(server.process.pid)]);
  const origin = `http://127.0.0.1:${originPort}`;
  await server.v4('POST', '/public_hostnames', { hostname: 'direct.localhost', service: origin });
  const make = async (name) => {
    const tunnel = await server.v4('POST', '/cfd_tunnel', { name, config_src: 'cloudflare' });
    await server.v4('PUT', `/cfd_tunnel/${tunnel.id}/configurations`, { config: { ingress: [{ hostname: `${name}.localhost`, service: origin }, { service: 'http_status:404' }] } });
    return tunnel;
  };
  const at = `https://127.0.0.1:${server.port}`;
  const peers = { 'no tunnel': [at, `direct.localhost:${server.port}`] };
  const pids = {};
  const own = await make('own');
  // A connector is on a machine of its own, and so are its files: pages that two processes share are neither's to give back.
  cpSync(dirname(process.env.GATEHOUSE_BINARY), join(folder, 'connector'), { recursive: true });
  pids['gatehouse connect'] = pin('1', join(folder, 'connector', basename(process.env.GATEHOUSE_BINARY)), ['connect', '--edge', `127.0.0.1:${edge}`, '--ca', server.ready.ca], { GATEHOUSE_TOKEN: own.token });
  peers['gatehouse connect'] = [at, `own.localhost:${server.port}`];
  if (has('cloudflared', '--version')) {
    const stock = await make('stock');
    pids.cloudflared = pin('1', 'cloudflared', ['tunnel', ...Array(4).fill(['--edge', `127.0.0.1:${edge}`]).flat(), '--cacert', server.ready.ca, '--no-autoupdate', 'run', '--protocol', 'http2'], { TUNNEL_TOKEN: stock.token });
    peers.cloudflared = [at, `stock.localhost:${server.port}`];
  } else console.log('cloudflared: not on PATH, left out');
  if (hasStream) peers['TCP proxy (nginx stream)'] = [`http://127.0.0.1:${proxyPort}`, 'plain'];
  else console.log('TCP proxy: this nginx has no stream module, left out');
  if (has('/usr/sbin/sshd', '-V')) {
    for (const key of ['host', 'user']) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, key)]);
    writeFileSync(join(folder, 'sshd.conf'), `ListenAddress 127.0.0.1:${sshPort}\nHostKey ${folder}/host\nAuthorizedKeysFile ${folder}/user.pub\nPidFile ${folder}/sshd.pid\nStrictModes no\nUsePAM no\n`);
    mkdirSync('/run/sshd', { recursive: true }); // Debian's sshd wants it, and only the service makes it
    pin('1', '/usr/sbin/sshd', ['-D', '-f', join(folder, 'sshd.conf')]);
    await sleep(500);
    pin('1', 'ssh', ['-N', '-p', String(sshPort), '-i', join(folder, 'user'), '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-R', `127.0.0.1:${forwarded}:127.0.0.1:${originPort}`, '127.0.0.1']);
    peers['OpenSSH -R'] = [`http://127.0.0.1:${forwarded}`, 'plain'];
  } else console.log('OpenSSH: there is no sshd, left out');

  await sleep(12_000); // what only a start needs is given back
  const names = Object.keys(peers);
  const samples = Object.fromEntries(names.map((name) => [name, []]));
  for (const [url, host] of Object.values(peers)) { await answers(`${url}/1k`, host); load(`${url}/1k`, host); }
  for (let round = 0; round < rounds; round++) {
    for (let n = 0; n < names.length; n++) {
      const [url, host] = peers[names[(n + round) % names.length]];
      samples[names[(n + round) % names.length]].push({ ...load(`${url}/1k`, host), bulk: bulk(`${url}/bulk`, host) });
    }
  }

  console.log('| way | requests/s | p50 ms | p99 ms | added p50 | added p99 | bulk MB/s | RSS of the connector, MB |\n| --- | --- | --- | --- | --- | --- | --- | --- |');
  for (const name of names) {
    const of = (key) => median(samples[name].map((s) => s[key]));
    const added = (key) => median(samples[name].map((s, n) => s[key] - samples['no tunnel'][n][key])).toFixed(2);
    console.log(`| ${name} | ${Math.round(of('rate'))} | ${of('p50').toFixed(2)} | ${of('p99').toFixed(2)} | ${added('p50')} | ${added('p99')} | ${of('bulk').toFixed(0)} | ${pids[name] ? status(pids[name].pid, 'VmRSS').toFixed(0) : ''} |`);
  }
  console.log(`\nGatehouse itself: RSS ${status(server.process.pid, 'VmRSS').toFixed(0)} MB after the load.`);

  if (idleConnectors > 0) {
    for (const child of Object.values(pids)) child.kill();
    const vectors = JSON.parse(readFileSync(new URL('../tests/Gatehouse.Tests/Tunnel/vectors.json', import.meta.url)));
    const many = [];
    for (let n = 0; n < Math.ceil(idleConnectors / 25); n++) many.push((await server.v4('POST', '/cfd_tunnel', { name: `idle ${n} ${createHash('sha1').update(String(n)).digest('hex').slice(0, 6)}` })).token);
    const before = status(server.process.pid, 'VmRSS');
    const sockets = [];
    for (let n = 0; n < idleConnectors; n++) {
      sockets.push(...await Promise.all(idle(edge, server.ca, many[n % many.length], vectors)));
      if (n % 20 === 19) await sleep(800); // the edge takes 100 a second from one address
    }
    await sleep(5000);
    const [from, began] = [ticks(server.process.pid), Date.now()];
    await sleep(20_000);
    const cpu = (ticks(server.process.pid) - from) / 100 / ((Date.now() - began) / 1000);
    console.log(`${idleConnectors} idle connectors, ${sockets.length} connections: RSS ${before.toFixed(0)} MB before, ${status(server.process.pid, 'VmRSS').toFixed(0)} MB after; ${(cpu * 100).toFixed(1)} % of a core.`);
    sockets.forEach((socket) => socket.destroy());
  }
  await server.stop();
} finally {
  for (const child of children) child.kill();
  rmSync(folder, { recursive: true, force: true });
}
