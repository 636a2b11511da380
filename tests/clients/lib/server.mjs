// Starts the real binary on a free port with a data folder of its own, and speaks to its two APIs.
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { trust } from './net.mjs';

const binary = process.env.GATEHOUSE_BINARY;
if (!binary) throw new Error('GATEHOUSE_BINARY must name the gatehouse binary; ./test sets it');

export async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** A fresh database on the test PostgreSQL; its URL. Waits long for it, unless the test is about one that does not answer. */
export function freshDatabase(admin, name, { isPatient = true } = {}) {
  execFileSync('psql', ['-q', admin, '-c', `CREATE DATABASE ${name}_${process.pid}`]);
  const url = new URL(admin);
  if (isPatient) for (const wait of ['connect_timeout', 'command_timeout']) url.searchParams.set(wait, '30');
  url.pathname = `/${name}_${process.pid}`;
  return url.href;
}

export class Gatehouse {
  /** Starts a server. `database` is a postgres URL, or nothing for SQLite. */
  static async start({ demo = false, database, data, port, address = '127.0.0.1', edge = 0, edgeAddress = address, more = [], secretKey, bootstrap = true, token = randomBytes(24).toString('hex') } = {}) {
    const server = new Gatehouse();
    server.data = data ?? mkdtempSync(join(tmpdir(), 'gatehouse-client-'));
    server.ownsData = data === undefined;
    server.token = token;
    server.secretKey = secretKey;
    server.bootstrap = bootstrap;
    server.port = port ?? (await freePort());
    server.args = ['up', '--json', '--data', server.data, '--listen', `${address}:${server.port}`, '--edge', `${edgeAddress}:${edge}`, ...more];
    if (demo) server.args.push('--demo');
    if (database) server.args.push('--database', database);
    await server.launch();
    return server;
  }

  async launch() {
    const env = { ...process.env };
    if (this.bootstrap) Object.assign(env, { GATEHOUSE_BOOTSTRAP_TOKEN: this.token, GATEHOUSE_BOOTSTRAP_PASSWORD: 'correct horse battery', GATEHOUSE_BOOTSTRAP_EMAIL: 'admin@example.com' });
    if (this.secretKey) env.GATEHOUSE_SECRET_KEY = this.secretKey;
    this.process = spawn(binary, this.args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.log = '';
    this.process.stderr.on('data', (text) => { this.log += text; });
    this.exited = new Promise((done) => this.process.once('exit', (code, signal) => done({ code, signal })));
    const lines = createInterface({ input: this.process.stdout });
    const ready = await Promise.race([
      new Promise((done) => lines.once('line', done)),
      this.exited.then(({ code, signal }) => { throw new Error(`gatehouse ended (${code ?? signal}) before it was ready:\n${this.log}`); }),
    ]);
    this.ready = JSON.parse(ready);
    this.urls = this.ready.urls;
    this.ca = readFileSync(this.ready.ca, 'utf8');
    trust(this.ca);
  }

  /** kill -9, and waits until it is gone. */
  async kill() {
    this.process.kill('SIGKILL');
    await this.exited;
  }

  async stop() {
    this.process.kill('SIGTERM');
    const end = await this.exited;
    if (this.ownsData) rmSync(this.data, { recursive: true, force: true });
    return end;
  }

  /** authentik's API. Throws with the answer's text unless the status is as expected. */
  async v3(method, path, body, expected = { GET: 200, POST: 201, PUT: 200, PATCH: 200, DELETE: 204 }[method]) {
    const response = await this.call(`${this.urls.identity}/api/v3${path}`, method, body);
    if (response.status !== expected) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.status === 204 ? null : response.json();
  }

  /** Cloudflare's API, below the account. */
  async v4(method, path, body) {
    this.account ??= (await (await this.call(`${this.urls.api}/client/v4/accounts`, 'GET')).json()).result[0].id;
    const response = await this.call(`${this.urls.api}/client/v4/accounts/${this.account}${path}`, method, body);
    const answer = await response.json();
    if (!answer.success) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer.errors)}`);
    return answer.result;
  }

  call(url, method, body) {
    return fetch(url, {
      method,
      headers: { authorization: `Bearer ${this.token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  }

  /** Publishes `origin` under `name.localhost` behind an app with these policies; signs in through Identity without a choice. */
  async publish(name, origin, policies, more = {}) {
    const [method] = await this.v4('GET', '/access/identity_providers');
    const hostname = `${name}.localhost`;
    await this.v4('POST', '/public_hostnames', { hostname, service: origin });
    const app = await this.v4('POST', '/access/apps', {
      type: 'self_hosted', name, domain: hostname, allowed_idps: [method.id], auto_redirect_to_identity: true, policies, ...more,
    });
    return { ...app, url: `https://${hostname}:${this.port}` };
  }

  async user(username, { email = `${username}@example.com`, password = `${username} has a long password`, groups = [] } = {}) {
    const user = await this.v3('POST', '/core/users/', { username, name: username, email, groups });
    await this.v3('POST', `/core/users/${user.pk}/set_password/`, { password }, 204);
    return { ...user, password };
  }

  async flow(slug) {
    return (await this.v3('GET', `/flows/instances/?slug=${slug}`)).results[0].pk;
  }

  async scopes(...names) {
    const { results } = await this.v3('GET', '/propertymappings/provider/scope/?page_size=100');
    return names.map((name) => results.find((mapping) => mapping.scope_name === name && mapping.managed).pk);
  }

  /** An OAuth2 provider with its application. */
  async provider(slug, fields = {}) {
    const provider = await this.v3('POST', '/providers/oauth2/', {
      name: slug,
      authorization_flow: await this.flow('default-provider-authorization-implicit-consent'),
      invalidation_flow: await this.flow('default-provider-invalidation-flow'),
      property_mappings: await this.scopes('openid', 'email', 'profile', 'offline_access'),
      redirect_uris: [{ matching_mode: 'strict', url: 'https://rp.example/cb' }],
      ...fields,
    });
    await this.v3('POST', '/core/applications/', { name: slug, slug, provider: provider.pk });
    return provider;
  }
}
