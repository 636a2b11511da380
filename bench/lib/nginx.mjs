import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Writes a configuration of one server; `tls` is a certificate, `upstream` goes beside the server, `body` into its only location. */
export function nginx(folder, name, port, { tls, upstream = '', body, locations = '' }) {
  const path = join(folder, `${name}.conf`);
  writeFileSync(path, `daemon off; worker_processes 1; pid ${folder}/${name}.pid; error_log ${folder}/${name}.log warn; worker_rlimit_nofile 10000; user root;
events { worker_connections 4096; }
http { access_log off; keepalive_requests 100000000; keepalive_timeout 3600; client_max_body_size 0; client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder}; uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
${upstream}
server { listen 127.0.0.1:${port}${tls ? ` ssl; ssl_certificate ${tls.certificate}; ssl_certificate_key ${tls.key}; ssl_protocols TLSv1.2 TLSv1.3` : ''}; ${locations} location / { ${body} } } }`);
  return path;
}

/** The origin of every benchmark: 1 KiB of text whatever is asked, but for /64k; what is sent to it is read and thrown away. */
export const origin = (folder, port, cases = '') => nginx(folder, 'origin', port, { locations: cases, body: `default_type text/plain; return 200 "${'x'.repeat(1024)}";` });

/** nginx as a proxy before an origin, nothing checked. */
export const proxy = (folder, port, tls, originPort, locations = '') => nginx(folder, 'proxy', port, {
  tls,
  upstream: `upstream o { server 127.0.0.1:${originPort}; keepalive 256; }`,
  locations,
  body: 'proxy_pass http://o; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host; proxy_request_buffering off;',
});
