// Authenticated GET of 1 KiB through the gateway, beside the bare YARP forwarder and nginx: all on TLS, interleaved rounds, one run.
// Needs wrk, nginx and taskset; builds nothing. See README.md for the command.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Browser } from '../tests/clients/lib/browser.mjs';
import { Gatehouse, freePort } from '../tests/clients/lib/server.mjs';

const rounds = Number(process.argv[2] ?? 7);
const seconds = Number(process.argv[3] ?? 4);
const apps = Number(process.argv[4] ?? 0);
const floorBinary = process.env.YARP_FLOOR;
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'));
const children = [];
const pin = (cpu, command, ...rest) => {
  const child = spawn('taskset', ['-c', cpu, command, ...rest], { stdio: 'ignore' });
  children.push(child);
  return child;
};

function nginx(name, port, tls, location) {
  const path = join(folder, `${name}.conf`);
  writeFileSync(path, `daemon off; worker_processes 1; pid ${folder}/${name}.pid; error_log ${folder}/${name}.log warn; worker_rlimit_nofile 10000;
events { worker_connections 4096; }
http { access_log off; keepalive_requests 100000000; keepalive_timeout 3600; client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder}; uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
${location.upstream ?? ''}
server { listen 127.0.0.1:${port}${tls ? ` ssl; ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem; ssl_protocols TLSv1.2 TLSv1.3` : ''}; location / { ${location.body} } } }`);
  return path;
}

async function answers(url, headers = {}) {
  for (let n = 0; n < 100; n++) {
    try {
      execFileSync('curl', ['-skf', '-o', '/dev/null', ...Object.entries(headers).flatMap(([k, v]) => ['-H', `${k}: ${v}`]), url]);
      return;
    } catch {
      await new Promise((done) => setTimeout(done, 100));
    }
  }
  throw new Error(`${url} does not answer 200`);
}

function load(url, headers) {
  const text = execFileSync('taskset', ['-c', '0', 'wrk', '-t1', '-c64', `-d${seconds}s`, '--latency', ...Object.entries(headers).flatMap(([k, v]) => ['-H', `${k}: ${v}`]), url], { encoding: 'utf8' });
  if (/Non-2xx/.test(text)) throw new Error(`${url}\n${text}`);
  const milliseconds = (at) => { const [, n, unit] = text.match(new RegExp(`${at}%\\s+([\\d.]+)(us|ms|s)`)); return n * { us: 0.001, ms: 1, s: 1000 }[unit]; };
  return { rate: Number(text.match(/Requests\/sec:\s+([\d.]+)/)[1]), p50: milliseconds(50), p99: milliseconds(99) };
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const rss = (pid) => Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]) / 1024;

try {
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=bench.localhost', '-addext', 'subjectAltName=DNS:bench.localhost', '-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')], { stdio: 'ignore' });
  const [originPort, nginxPort, floorPort] = [await freePort(), await freePort(), await freePort()];
  const origin = `http://127.0.0.1:${originPort}`;
  pin('0', 'nginx', '-c', nginx('origin', originPort, false, { body: `default_type text/plain; return 200 "${'x'.repeat(1024)}";` }));
  pin('1', 'nginx', '-c', nginx('proxy', nginxPort, true, {
    upstream: `upstream o { server 127.0.0.1:${originPort}; keepalive 256; }`,
    body: 'proxy_pass http://o; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;',
  }));
  pin('1', floorBinary, String(floorPort), join(folder, 'cert.pem'), join(folder, 'key.pem'), origin);

  const began = performance.now();
  const server = await Gatehouse.start();
  const first = performance.now() - began;
  const alice = await server.user('alice');
  const policy = [{ name: 'staff', decision: 'allow', precedence: 1, include: [{ email_domain: { domain: 'example.com' } }] }];
  const app = await server.publish('bench', origin, policy);
  for (let n = 0; n < apps; n++) await server.publish(`bench-${n}`, origin, policy);
  const restart = [];
  for (let n = 0; n < 5; n++) {
    await server.kill();
    const start = performance.now();
    await server.launch();
    restart.push(performance.now() - start);
  }
  const idle = rss(server.process.pid);
  execFileSync('taskset', ['-acp', '1', String(server.process.pid)]);
  const browser = new Browser();
  await browser.open(app.url, 'alice', alice.password);
  const cookie = `CF_Authorization=${(await browser.cookie(app.url, 'CF_Authorization')).value}`;

  const peers = {
    gatehouse: [`${app.url}/1k`, { cookie }],
    'yarp, bare': [`https://127.0.0.1:${floorPort}/1k`, { cookie }],
    'nginx, bare': [`https://127.0.0.1:${nginxPort}/1k`, { cookie }],
  };
  // wrk asks the resolver; the name goes into the Host header instead.
  peers.gatehouse = [`https://127.0.0.1:${server.port}/1k`, { cookie, Host: `bench.localhost:${server.port}` }];
  for (const [url, headers] of Object.values(peers)) { await answers(url, headers); load(url, headers); load(url, headers); }
  const samples = Object.fromEntries(Object.keys(peers).map((name) => [name, []]));
  const names = Object.keys(peers);
  for (let round = 0; round < rounds; round++) {
    for (let n = 0; n < names.length; n++) {
      const name = names[(n + round) % names.length];
      samples[name].push(load(...peers[name]));
    }
  }

  console.log('| system | requests/s (median) | x YARP bare | x nginx bare | p50 ms | p99 ms |\n| --- | --- | --- | --- | --- | --- |');
  for (const name of names) {
    const ratio = (base) => median(samples[name].map((s, n) => s.rate / samples[base][n].rate)).toFixed(2);
    const of = (key) => median(samples[name].map((s) => s[key]));
    console.log(`| ${name} | ${Math.round(of('rate'))} | ${ratio('yarp, bare')} | ${ratio('nginx, bare')} | ${of('p50').toFixed(2)} | ${of('p99').toFixed(2)} |`);
  }
  const loaded = rss(server.process.pid);
  await new Promise((done) => setTimeout(done, 15_000)); // memory of a burst goes back when it is over
  console.log(`\nGatehouse: RSS ${idle.toFixed(0)} MB before, ${loaded.toFixed(0)} MB at the end of the load, ${rss(server.process.pid).toFixed(0)} MB 15 s later; first start ${first.toFixed(0)} ms, ready again after ${restart.map((ms) => ms.toFixed(0)).join(', ')} ms; ${apps + 1} applications.`);
  await server.stop();
} finally {
  for (const child of children) child.kill();
  rmSync(folder, { recursive: true, force: true });
}
