// A relying party made with openid-client, and the person who signs in through it.
import assert from 'node:assert/strict';
import * as client from 'openid-client';
import { Browser } from './browser.mjs';

export const redirectUri = 'https://rp.example/cb';

/** `get` gives the server and the person; it is asked at each call, since tests start the server late. */
export function relyingParty(get) {
  const issuer = (slug) => new URL(`${get().server.urls.identity}/application/o/${slug}/`);
  const configure = (slug, { client_id: id, client_secret: secret }, auth = client.ClientSecretPost(secret)) =>
    client.discovery(issuer(slug), id, undefined, auth);

  async function authorize(config, parameters = {}, browser = new Browser()) {
    const verifier = client.randomPKCECodeVerifier();
    const state = client.randomState();
    const nonce = client.randomNonce();
    const wanted = {
      redirect_uri: redirectUri, scope: 'openid email profile', state, nonce,
      code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', ...parameters,
    };
    const url = client.buildAuthorizationUrl(config, Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined)));
    const outside = (at) => at.startsWith('https://rp.example/');
    const asked = await browser.go(url.href, { until: (at) => outside(at) || new URL(at).pathname.startsWith('/if/flow/') });
    if (asked.response) return { ...asked, browser };
    const back = outside(asked.url) ? asked.url : (await browser.go(await browser.signIn(asked.url, get().person.username, get().person.password), { until: outside })).url;
    return { callback: new URL(back), checks: { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true }, browser };
  }

  return { issuer, configure, authorize };
}

/** The grant has to fail with this code. */
export async function refused(grant, code) {
  await assert.rejects(grant, (error) => {
    assert.equal(error.error ?? error.cause?.error, code, String(error));
    return true;
  });
}
