// Authenticated GET of 1 KiB through the gateway, beside the bare YARP forwarder and nginx: all on TLS, interleaved rounds, one run.
// Needs wrk, nginx and taskset; builds nothing. See README.md for the command.
import { execFileSync } from 'node:child_process';
import { Browser } from '../tests/clients/lib/browser.mjs';
import { Gatehouse, freePort } from '../tests/clients/lib/server.mjs';
import { Bench, answers, interleave, load, rss, table, warm, warmUp } from './lib/load.mjs';
import { origin as originOf, proxy } from './lib/nginx.mjs';

const rounds = Number(process.argv[2] ?? 7);
const seconds = Number(process.argv[3] ?? 4);
const apps = Number(process.argv[4] ?? 0);
const bench = new Bench();

try {
  const tls = bench.certificate();
  const [originPort, nginxPort, floorPort] = [await freePort(), await freePort(), await freePort()];
  const origin = `http://127.0.0.1:${originPort}`;
  bench.pin('0', 'nginx', '-c', originOf(bench.folder, originPort));
  bench.pin('1', 'nginx', '-c', proxy(bench.folder, nginxPort, tls, originPort));
  bench.pin('1', process.env.YARP_FLOOR, String(floorPort), tls.certificate, tls.key, origin);

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
    // wrk asks the resolver; the name goes into the Host header instead.
    gatehouse: [`https://127.0.0.1:${server.port}/1k`, { cookie, Host: `bench.localhost:${server.port}` }],
    'yarp, bare': [`https://127.0.0.1:${floorPort}/1k`, { cookie }],
    'nginx, bare': [`https://127.0.0.1:${nginxPort}/1k`, { cookie }],
  };
  for (const [url, headers] of Object.values(peers)) await answers(url, headers);
  warm(Object.fromEntries(Object.entries(peers).map(([name, [url, headers]]) => [name, () => load(url, headers, warmUp)])));
  const samples = await interleave(Object.keys(peers), rounds, (name) => load(...peers[name], seconds));
  console.log(table(samples, ['yarp, bare', 'nginx, bare']));
  const loaded = rss(server.process.pid);
  await new Promise((done) => setTimeout(done, 15_000)); // memory of a burst goes back when it is over
  console.log(`\nGatehouse: RSS ${idle.toFixed(0)} MB before, ${loaded.toFixed(0)} MB at the end of the load, ${rss(server.process.pid).toFixed(0)} MB 15 s later; first start ${first.toFixed(0)} ms, ready again after ${restart.map((ms) => ms.toFixed(0)).join(', ')} ms; ${apps + 1} applications.`);
  await server.stop();
} finally {
  bench.end();
}
