// Tokens per second with ES256 and durable writes: client credentials, refreshes that rotate, introspection (by wrk), whole authorization code
// grants of people who are signed in, and sign-ins with a password; beside them what npm's oidc-provider does with everything in memory.
// Builds nothing. See README.md for the command.
import { execFileSync } from 'node:child_process';
import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as client from '../tests/clients/node_modules/openid-client/build/index.js';
import { Browser } from '../tests/clients/lib/browser.mjs';
import { Gatehouse, freshDatabase } from '../tests/clients/lib/server.mjs';
import { median, rss, warmUp } from './lib/load.mjs';
import { OidcProvider } from './lib/oidc-provider.mjs';

const rounds = Number(process.argv[2] ?? 3);
const seconds = Number(process.argv[3] ?? 5);
const postgres = process.argv[4];
const connections = 64;
const redirectUri = 'https://rp.example/cb';
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'));

/** A wrk script that posts `body`; `more` is Lua that may replace `request` and `response`. */
function script(name, body, more = '') {
  const path = join(folder, `${name}.lua`);
  writeFileSync(path, `wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/x-www-form-urlencoded"\nwrk.body = ${JSON.stringify(body)}\n${more}\n`);
  return path;
}

/** Processor time of the server so far, in microseconds; the clock of /proc ticks a hundred times a second. */
function cpu(pid = server.process.pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

function load(lua, url, host, pid, time = seconds) {
  const before = cpu(pid);
  const text = execFileSync('wrk', ['-t1', `-c${connections}`, `-d${time}s`, '--latency', '-s', lua, '-H', `Host: ${host}`, url], { encoding: 'utf8' });
  if (/Non-2xx/.test(text)) throw new Error(`${url}\n${text}\n${server.log.slice(-4000)}`); // what it had to say of it
  const milliseconds = (at) => { const [, n, unit] = text.match(new RegExp(`${at}%\\s+([\\d.]+)(us|ms|s)`)); return n * { us: 0.001, ms: 1, s: 1000 }[unit]; };
  const cost = (cpu(pid) - before) / Number(text.match(/(\d+) requests in/)[1]);
  return { rate: Number(text.match(/Requests\/sec:\s+([\d.]+)/)[1]), p50: milliseconds(50), p99: milliseconds(99), cost };
}

const outside = (at) => at.startsWith(redirectUri);

/** One authorization code grant with PKCE; whoever is not signed in does so first. */
async function codeGrant(config, browser, alice, scope) {
  const verifier = client.randomPKCECodeVerifier();
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri, scope, code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
  });
  const asked = await browser.go(url.href, { until: (at) => outside(at) || new URL(at).pathname.startsWith('/if/flow/') });
  const back = outside(asked.url) ? asked.url : (await browser.go(await browser.signIn(asked.url, 'alice', alice.password), { until: outside })).url;
  return client.authorizationCodeGrant(config, new URL(back), { pkceCodeVerifier: verifier });
}

const refreshToken = async (config, browser, alice) => (await codeGrant(config, browser, alice, 'openid offline_access')).refresh_token;

/** `users` of them do `one` again and again, each with a browser of its own, for as long as a round is. */
async function closedLoop(users, one) {
  const browsers = Array.from({ length: users }, () => new Browser());
  for (const browser of browsers) await one(browser);
  const times = [];
  const [before, began] = [cpu(), performance.now()];
  await Promise.all(browsers.map(async (browser) => {
    while (performance.now() - began < seconds * 1000) {
      const start = performance.now();
      await one(browser);
      times.push(performance.now() - start);
    }
  }));
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.floor((times.length - 1) * share)];
  return { rate: times.length / ((performance.now() - began) / 1000), p50: at(0.5), p99: at(0.99), cost: (cpu() - before) / times.length };
}

let server, peer;
try {
  server = await Gatehouse.start({ database: postgres && freshDatabase(postgres, 'bench_token') });
  const alice = await server.user('alice');
  const key = await server.v3('POST', '/crypto/certificatekeypairs/generate/', { common_name: 'bench', subject_alt_name: '', validity_days: 1, alg: 'ecdsa' }, 200);
  const provider = await server.provider('bench', { signing_key: key.pk, grant_types: ['authorization_code', 'refresh_token', 'client_credentials'] });
  const issuer = new URL(`${server.urls.identity}/application/o/bench/`);
  const config = await client.discovery(issuer, provider.client_id, { id_token_signed_response_alg: 'ES256' }, client.ClientSecretPost(provider.client_secret));
  const { access_token: accessToken } = await client.clientCredentialsGrant(config, { scope: 'openid' });

  const credentials = `client_id=${provider.client_id}&client_secret=${provider.client_secret}`;
  const browser = new Browser();
  // A token is used once, so each answer's token waits for its turn; there are more than connections, and each round has its own.
  const rotating = `
local queue, first, last = {}, 1, 0
for line in io.lines("${folder}/tokens") do last = last + 1; queue[last] = line end
request = function()
  local token = queue[first]; queue[first] = nil; first = first + 1
  return wrk.format(nil, nil, nil, "grant_type=refresh_token&${credentials}&refresh_token=" .. token)
end
response = function(status, headers, body)
  last = last + 1; queue[last] = body:match('"refresh_token":"(%x+)"')
end`;
  const host = issuer.host;
  const at = (path) => `https://127.0.0.1:${server.port}/application/o/${path}/`;
  const kinds = {
    'client credentials, ES256': [script('credentials', `grant_type=client_credentials&scope=openid&${credentials}`), at('token')],
    introspection: [script('introspection', `token=${accessToken}&${credentials}`), at('introspect')],
  };
  const refresh = async () => {
    const tokens = [];
    for (let n = 0; n < connections * 2; n++) tokens.push(await refreshToken(config, browser, alice));
    writeFileSync(join(folder, 'tokens'), tokens.join('\n'));
    return load(script('refresh', '', rotating), at('token'), host);
  };
  // Until then the runtime compiles hot methods anew.
  for (const kind of Object.values(kinds)) load(...kind, host, undefined, warmUp);
  const flow = `${server.urls.identity}/if/flow/default-authentication-flow/`;
  const inMemory = await OidcProvider.start(redirectUri);
  peer = inMemory.process;
  load(...inMemory.credentials(script), inMemory.host);
  const measures = {
    ...Object.fromEntries(Object.entries(kinds).map(([name, kind]) => [name, () => load(...kind, host)])),
    'refresh with rotation, ES256': refresh,
    'authorization code with PKCE, ES256': () => closedLoop(16, (one) => codeGrant(config, one, alice, 'openid')),
    'sign-in with a password': () => closedLoop(4, async (one) => { await one.jar.removeAllCookies(); await one.signIn(flow, 'alice', alice.password); }),
    'oidc-provider, in memory: client credentials, opaque': () => load(...inMemory.credentials(script), inMemory.host, inMemory.process.pid),
  };
  const samples = Object.fromEntries(Object.keys(measures).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, measure] of Object.entries(measures)) samples[name].push(await measure());
  }

  console.log(`| ${postgres ? 'PostgreSQL' : 'SQLite'} | requests/s (median) | p50 ms | p99 ms | processor time each |\n| --- | --- | --- | --- | --- |`);
  for (const [name, found] of Object.entries(samples)) {
    const of = (field) => median(found.map((s) => s[field]));
    console.log(`| ${name} | ${Math.round(of('rate'))} | ${of('p50').toFixed(2)} | ${of('p99').toFixed(2)} | ${Math.round(of('cost'))} µs |`);
  }
  const hash = Array.from({ length: 9 }, () => { const start = performance.now(); pbkdf2Sync('a long password', randomBytes(16), 210_000, 32, 'sha512'); return performance.now() - start; });
  console.log(`\nThe hash of a password alone (PBKDF2-HMAC-SHA512, 210,000 rounds, by OpenSSL): ${median(hash).toFixed(0)} ms of processor time.`);
  console.log(`RSS ${rss(server.process.pid).toFixed(0)} MB after.`);
} finally {
  peer?.kill();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
}
