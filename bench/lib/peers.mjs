// What people put in front of their apps today, each as its manual says, each on TLS, each with a real check where it has one.
import { mkdirSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

const write = (folder, name, text) => { const path = join(folder, name); writeFileSync(path, text); return path; };

/** HAProxy that verifies the RS256 token of the cookie on every request: signature, issuer, audience and expiry; the key is Access's own. */
export const haproxy = (folder, port, tls, originPort, { issuer, audience, publicKey }) => [`haproxy`, '-db', '-f', write(folder, 'haproxy.cfg', `
global
  nbthread 1
  maxconn 8000
  tune.bufsize 32768
  tune.maxrewrite 8192
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  timeout tunnel 1h
  option http-keep-alive
  http-reuse always
frontend f
  bind 127.0.0.1:${port} ssl crt ${folder}/both.pem
  http-request del-header Cf-Access-Jwt-Assertion
  http-request set-var(txn.jwt) req.cook(CF_Authorization)
  http-request deny deny_status 403 unless { var(txn.jwt),jwt_header_query('$.alg') -m str RS256 }
  http-request deny deny_status 403 unless { var(txn.jwt),jwt_payload_query('$.iss') -m str ${issuer} }
  http-request deny deny_status 403 unless { var(txn.jwt),jwt_payload_query('$.aud[0]') -m str ${audience} }
  http-request set-var(txn.exp) var(txn.jwt),jwt_payload_query('$.exp','int')
  http-request set-var(txn.now) date()
  http-request deny deny_status 403 if { var(txn.exp),sub(txn.now) -m int lt 0 }
  http-request deny deny_status 403 unless { var(txn.jwt),jwt_verify("RS256","${publicKey}") -m int 1 }
  http-request set-header Cf-Access-Jwt-Assertion %[var(txn.jwt)]
  option forwardfor
  default_backend o
backend o
  server o 127.0.0.1:${originPort} pool-max-conn 512
`)];

/** Apache with mod_auth_openidc: a session in its shared memory after a real sign-in at the provider. */
export function apache(folder, port, tls, originPort, { metadata, client, ca }) {
  const root = join(folder, 'apache');
  mkdirSync(root);
  const modules = ['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'headers', 'ssl', 'socache_shmcb', 'proxy', 'proxy_http', 'proxy_wstunnel', 'auth_openidc'];
  return ['apache2', '-DFOREGROUND', '-f', write(folder, 'apache.conf', `
ServerRoot ${root}
PidFile ${root}/pid
Mutex file:${root} default
ServerName bench.localhost:${port}
Listen 127.0.0.1:${port}
ErrorLog ${root}/error.log
LogLevel warn
${modules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
User www-data
Group www-data
ServerLimit 2
StartServers 2
ThreadsPerChild 64
ThreadLimit 64
MaxRequestWorkers 128
MinSpareThreads 32
MaxSpareThreads 128
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 3600
Timeout 3600
ProxyPreserveHost On
SSLEngine on
SSLCertificateFile ${tls.certificate}
SSLCertificateKeyFile ${tls.key}
OIDCProviderMetadataURL ${metadata}
OIDCClientID ${client.client_id}
OIDCClientSecret ${client.client_secret}
OIDCRedirectURI https://bench.localhost:${port}/oidc
OIDCCryptoPassphrase ${randomBytes(24).toString('hex')}
OIDCScope "openid email"
OIDCRemoteUserClaim email
OIDCPassClaimsAs headers
OIDCPKCEMethod S256
OIDCSessionInactivityTimeout 7200
OIDCCABundlePath ${ca}
<Location />
  AuthType openid-connect
  Require valid-user
  OIDCUnAuthAction auth true
</Location>
ProxyPass /oidc !
ProxyPass /ws ws://127.0.0.1:${originPort}/ws
ProxyPass / http://127.0.0.1:${originPort}/ keepalive=On
`)];
}

/** Caddy that asks a service on every request (forward_auth), as proxies before authentik and Authelia do; the service says yes to everybody. */
export const caddy = (folder, port, tls, originPort, askedPort) => ['caddy', 'run', '--adapter', 'caddyfile', '--config', write(folder, 'Caddyfile', `
{
  admin off
  auto_https off
  default_sni bench.localhost
  servers {
    protocols h1 h2
  }
}
:${port} {
  bind 127.0.0.1
  tls ${tls.certificate} ${tls.key}
  forward_auth 127.0.0.1:${askedPort} {
    uri /ask
    copy_headers Remote-User
  }
  reverse_proxy 127.0.0.1:${originPort}
}
`)];
