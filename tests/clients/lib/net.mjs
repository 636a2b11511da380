// Names under localhost are this machine, as browsers have it; Node asks DNS. And the CA is Gatehouse's own.
import { lookup } from 'node:dns';
import { Agent, fetch as undiciFetch, setGlobalDispatcher } from 'undici';

const loopback = (host, options, done) =>
  host.endsWith('.localhost')
    ? options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4)
    : lookup(host, options, done);

/** Makes every fetch of this process trust `ca`, checking names and chains as ever. */
export function trust(ca) {
  setGlobalDispatcher(new Agent({ connect: { ca, lookup: loopback } }));
  globalThis.fetch = undiciFetch;
}
