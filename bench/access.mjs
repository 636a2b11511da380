// The gateway with 500 applications and 1,000 rules beside what people put in front of their apps today: GET of 1 KiB and 64 KiB, uploads of
// 1 MiB, WebSocket echo. All on TLS, interleaved rounds, one run. Needs wrk, nginx, haproxy, apache2 with mod_auth_openidc and caddy; run as root.
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Browser } from '../tests/clients/lib/browser.mjs';
import { fetchAt } from '../tests/clients/lib/net.mjs';
import { Gatehouse, freePort } from '../tests/clients/lib/server.mjs';
import { Bench, answers, interleave, load, rss, table, warm, warmUp } from './lib/load.mjs';
import { nginx, origin as originOf, proxy } from './lib/nginx.mjs';
import { apache, caddy, haproxy } from './lib/peers.mjs';

const rounds = Number(process.argv[2] ?? 3);
const seconds = Number(process.argv[3] ?? 3);
const apps = Number(process.argv[4] ?? 500);
const bench = new Bench();
const websocket = fileURLToPath(new URL('lib/websocket.mjs', import.meta.url));

/** The cookies that Apache gives whoever has signed in at Identity. */
async function apacheSession(port, authorities, username, password) {
  const browser = new Browser(fetchAt('127.0.0.1', authorities));
  const home = `https://bench.localhost:${port}/1k`;
  const asked = await browser.go(home, { until: (at) => at.includes('/if/flow/') });
  const end = await browser.go(await browser.signIn(asked.url, username, password));
  if (end.response.status !== 200) throw new Error(`apache: ${end.response.status}\n${end.hops.join('\n')}`);
  return browser.jar.getCookieString(home);
}

function echo(host, cookie, at, time) {
  return JSON.parse(execFileSync('taskset', ['-c', '0', 'node', websocket, 'load', at, host, cookie, String(time)], { encoding: 'utf8' }));
}

try {
  const tls = bench.certificate();
  const folder = bench.folder;
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, 'both.pem'), readFileSync(tls.certificate, 'utf8') + readFileSync(tls.key, 'utf8'));
  writeFileSync(join(folder, '64k'), 'x'.repeat(65536));
  writeFileSync(join(folder, 'post.lua'), "wrk.method = 'POST'\nwrk.body = string.rep('x', 1048576)\nwrk.headers['Content-Type'] = 'application/octet-stream'\n");
  const [originPort, echoPort, nginxPort, floorPort, haproxyPort, apachePort, caddyPort, askedPort] = await Promise.all(Array.from({ length: 8 }, freePort));
  const origin = `http://127.0.0.1:${originPort}`;
  const upgrade = (to) => `location /ws { proxy_pass ${to}; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; proxy_set_header Host $host; proxy_read_timeout 1h; }`;
  // The origin answers when it has all of it: one that answers at once is left in the middle of a body, each peer in its own way.
  const taken = `location /upload { client_max_body_size 8m; client_body_buffer_size 2m; proxy_method GET; proxy_pass_request_body off; proxy_set_header Content-Length ""; proxy_pass ${origin}/1k; }`;
  bench.pin('0', 'node', websocket, 'echo', String(echoPort));
  bench.pin('0', 'nginx', '-c', originOf(folder, originPort, `location /64k { root ${folder}; } ${taken} ${upgrade(`http://127.0.0.1:${echoPort}`)}`));
  bench.pin('1', 'nginx', '-c', proxy(folder, nginxPort, tls, originPort, upgrade('http://o')));
  bench.pin('1', process.env.YARP_FLOOR, String(floorPort), tls.certificate, tls.key, origin);

  const server = await Gatehouse.start();
  chmodSync(server.data, 0o755); // the CA's certificate is in it, and apache's workers are another user
  const alice = await server.user('alice');
  const rules = [
    { name: 'staff', decision: 'allow', precedence: 1, include: [{ email_domain: { domain: 'example.com' } }] },
    { name: 'not them', decision: 'deny', precedence: 2, include: [{ email: { email: 'mallory@example.org' } }] },
  ];
  const app = await server.publish('bench', origin, rules);
  for (let n = 1; n < apps; n++) await server.publish(`bench-${n}`, origin, rules);
  await server.kill();
  await server.launch();
  execFileSync('taskset', ['-acp', '1', String(server.process.pid)]);
  const browser = new Browser();
  await browser.open(app.url, 'alice', alice.password);
  const cookie = `CF_Authorization=${(await browser.cookie(app.url, 'CF_Authorization')).value}`;

  const { public_cert: { cert } } = await (await fetch(`${server.urls.access}/cdn-cgi/access/certs`)).json();
  writeFileSync(join(folder, 'access.crt'), cert);
  writeFileSync(join(folder, 'access.pem'), execFileSync('openssl', ['x509', '-in', join(folder, 'access.crt'), '-pubkey', '-noout']));
  bench.pin('1', ...haproxy(folder, haproxyPort, tls, originPort, { issuer: server.urls.access, audience: app.aud, publicKey: join(folder, 'access.pem') }));
  const client = await server.provider('apache', { redirect_uris: [{ matching_mode: 'strict', url: `https://bench.localhost:${apachePort}/oidc` }] });
  bench.pin('1', ...apache(folder, apachePort, tls, originPort, { metadata: `${server.urls.identity}/application/o/apache/.well-known/openid-configuration`, client, ca: server.ready.ca }));
  bench.pin('1', 'nginx', '-c', nginx(folder, 'asked', askedPort, { body: 'add_header Remote-User alice always; return 200;' }));
  bench.pin('1', ...caddy(folder, caddyPort, tls, originPort, askedPort));
  await answers(`https://127.0.0.1:${haproxyPort}/1k`, { cookie });
  await answers(`https://127.0.0.1:${caddyPort}/1k`);
  const session = await apacheSession(apachePort, [server.ca, readFileSync(tls.certificate)], 'alice', alice.password);

  const peer = (port, how, name = 'bench.localhost') => ({ at: `127.0.0.1:${port}`, headers: { ...(how ? { cookie: how } : {}), Host: `${name}:${port}` } });
  const peers = {
    gatehouse: peer(server.port, cookie),
    'yarp, bare': peer(floorPort, cookie),
    'nginx, bare': peer(nginxPort, cookie),
    'haproxy, JWT': peer(haproxyPort, cookie),
    'apache, mod_auth_openidc': peer(apachePort, session),
    'caddy, forward_auth': peer(caddyPort, cookie),
  };
  const cases = {
    'GET 1 KiB': ({ at, headers }, time = seconds) => load(`https://${at}/1k`, headers, time),
    'GET 64 KiB': ({ at, headers }, time = seconds) => load(`https://${at}/64k`, headers, time),
    'POST 1 MiB': ({ at, headers }, time = seconds) => load(`https://${at}/upload`, headers, time, { connections: 16, script: join(folder, 'post.lua') }),
    'WebSocket echo, 64 bytes': ({ at, headers }, time = seconds) => echo(headers.Host, headers.cookie, at, time),
  };
  for (const { at, headers } of Object.values(peers)) await answers(`https://${at}/1k`, headers);
  for (const [name, measure] of Object.entries(cases)) {
    warm(Object.fromEntries(Object.entries(peers).map(([who, one]) => [who, () => measure(one, warmUp)])));
    for (const one of Object.values(peers)) measure(one);
    const samples = await interleave(Object.keys(peers), rounds, (who) => measure(peers[who]));
    console.log(`\n${name}\n\n${table(samples, ['yarp, bare', 'nginx, bare'])}`);
  }
  console.log(`\nGatehouse: ${apps} applications with ${2 * apps} rules; RSS ${rss(server.process.pid).toFixed(0)} MB at the end.`);
  await server.stop();
} finally {
  bench.end();
}
