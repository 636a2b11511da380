// Names under localhost are this machine, as browsers have it; Node asks DNS. And the CA is Gatehouse's own.
import { lookup } from 'node:dns';
import { Agent, fetch as undiciFetch, setGlobalDispatcher } from 'undici';

const at = (address) => (host, options, done) =>
  host.endsWith('.localhost')
    ? options.all ? done(null, [{ address, family: 4 }]) : done(null, address, 4)
    : lookup(host, options, done);

/** Makes every fetch of this process trust `ca`, checking names and chains as ever. */
export function trust(ca) {
  setGlobalDispatcher(new Agent({ connect: { ca, lookup: at('127.0.0.1') } }));
  globalThis.fetch = undiciFetch;
}

/** A fetch that reaches the node at `address`, one of several that answer for the same names. */
export function fetchAt(address, ca) {
  const dispatcher = new Agent({ connect: { ca, lookup: at(address) } });
  return (url, options) => undiciFetch(url, { ...options, dispatcher });
}
