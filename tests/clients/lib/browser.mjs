// A browser without a screen: keeps cookies as RFC 6265 says, follows redirects when asked, shows each hop.
import { CookieJar } from 'tough-cookie';

export class Browser {
  /** `fetch` may be one that reaches a certain node. */
  constructor(fetch = globalThis.fetch) {
    this.send = fetch;
    this.jar = new CookieJar(undefined, { rejectPublicSuffixes: false, allowSpecialUseDomain: true });
  }

  /** One request, no redirect followed. */
  async fetch(url, { headers = {}, ...options } = {}) {
    const cookie = await this.jar.getCookieString(url);
    const response = await this.send(url, { redirect: 'manual', ...options, headers: { ...(cookie ? { cookie } : {}), ...headers } });
    for (const set of response.headers.getSetCookie()) await this.jar.setCookie(set, url, { ignoreError: true });
    return response;
  }

  /** Follows redirects until something else answers; `until(url)` stops before a URL is opened. */
  async go(url, { until = () => false, ...options } = {}) {
    const hops = [];
    for (let at = url, n = 0; n < 20; n++) {
      if (until(at)) return { url: at, hops };
      const response = await this.fetch(at, n === 0 ? options : {});
      hops.push(`${response.status} ${at}`);
      const location = response.headers.get('location');
      if (response.status < 300 || response.status > 399 || !location) return { url: at, response, hops };
      await response.text();
      at = new URL(location, at).href;
    }
    throw new Error(`over 20 redirects:\n${hops.join('\n')}`);
  }

  async cookie(url, name) {
    return (await this.jar.getCookies(url)).find((cookie) => cookie.key === name);
  }

  /** Walks the flow whose page is at `pageUrl`; answers each stage from `answers` by component. Returns the last challenge. */
  async walkFlow(pageUrl, answers) {
    const page = new URL(pageUrl);
    const slug = page.pathname.match(/^\/if\/flow\/([^/]+)\/$/)[1];
    const executor = `${page.origin}/api/v3/flows/executor/${slug}/?query=${encodeURIComponent(page.search.slice(1))}`;
    let challenge = await (await this.fetch(executor)).json();
    for (let n = 0; n < 10 && answers[challenge.component]; n++) {
      const response = await this.fetch(executor, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: page.origin },
        body: JSON.stringify({ component: challenge.component, ...answers[challenge.component](challenge) }),
      });
      challenge = response.status === 302 ? await (await this.fetch(new URL(response.headers.get('location'), executor).href)).json() : await response.json();
      if (challenge.response_errors) return challenge;
    }
    return challenge;
  }

  /** Signs in at Identity on the flow page at `pageUrl` and returns where it leads. */
  async signIn(pageUrl, username, password) {
    const end = await this.walkFlow(pageUrl, {
      'ak-stage-identification': () => ({ uid_field: username }),
      'ak-stage-password': () => ({ password }),
    });
    if (end.component !== 'xak-flow-redirect') throw new Error(`sign-in ended at ${JSON.stringify(end)}`);
    return new URL(end.to, pageUrl).href;
  }

  /** Opens `url` and signs in when Identity asks; returns the end of the walk. */
  async open(url, username, password) {
    const asked = await this.go(url, { until: (at) => new URL(at).pathname.startsWith('/if/flow/') });
    return asked.response ? asked : this.go(await this.signIn(asked.url, username, password));
  }
}
