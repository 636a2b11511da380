// npm's oidc-provider, a certified provider, in its fastest shape: everything in memory, nothing durable, no TLS.
//   node oidc-provider.mjs PORT REDIRECT_URI
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const secret = 'bench-secret-0123456789abcdef';

export class OidcProvider {
  static async start(redirectUri) {
    const { freePort } = await import('../../tests/clients/lib/server.mjs');
    const provider = new OidcProvider();
    const port = await freePort();
    provider.host = `127.0.0.1:${port}`;
    provider.process = spawn('node', [fileURLToPath(import.meta.url), String(port), redirectUri], { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, NODE_ENV: 'production' } });
    for (let n = 0; n < 100; n++) {
      if (await fetch(`http://${provider.host}/.well-known/openid-configuration`).then((answer) => answer.ok, () => false)) return provider;
      await new Promise((done) => setTimeout(done, 100));
    }
    throw new Error('oidc-provider does not answer');
  }

  /** What to post where: the script that `write` makes, and the URL. */
  credentials(write) {
    return [write('peer', `grant_type=client_credentials&client_id=bench&client_secret=${secret}`), `http://${this.host}/token`];
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [port, redirectUri] = process.argv.slice(2);
  const require = createRequire(new URL('../../tests/clients/package.json', import.meta.url));
  const { Provider } = await import(pathToFileURL(require.resolve('oidc-provider')).href);
  const provider = new Provider(`http://127.0.0.1:${port}`, {
    clients: [{ client_id: 'bench', client_secret: secret, grant_types: ['authorization_code', 'refresh_token', 'client_credentials'], redirect_uris: [redirectUri], token_endpoint_auth_method: 'client_secret_post' }],
    features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
  });
  provider.listen(Number(port), '127.0.0.1');
}
