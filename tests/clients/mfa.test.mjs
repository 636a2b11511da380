// Authenticators in a real browser: an app's codes, recovery codes, and security keys that Chromium plays itself (WebAuthn over CDP).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { launch, patient, steady, totp } from './lib/chromium.mjs';
import { Gatehouse } from './lib/server.mjs';

const pictures = process.env.GATEHOUSE_PICTURES;
let server, chrome;

before(async () => {
  server = await Gatehouse.start();
  chrome = await launch(server);
});
after(async () => {
  await chrome?.close();
  await server?.stop();
});

async function tab() {
  const context = patient(await chrome.browser.newContext());
  const page = await context.newPage();
  const faults = [];
  page.on('console', (message) => { if (message.type() === 'error') faults.push(message.text()); });
  page.on('pageerror', (error) => faults.push(String(error)));
  return { page, context, faults };
}

/** A security key that lives in the tab; `cdp` and `id` let a test look into it. */
async function plugIn({ page, context }, options = {}) {
  const cdp = await context.newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const { authenticatorId: id } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'usb', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true, ...options },
  });
  return { cdp, id, credentials: async () => (await cdp.send('WebAuthn.getCredentials', { authenticatorId: id })).credentials };
}

async function password(page, user, path = '/if/user/') {
  await page.goto(`${server.urls.identity}/flows/-/default/authentication/?next=${encodeURIComponent(path)}`);
  await page.getByLabel(/username|email/i).fill(user.username);
  await page.keyboard.press('Enter');
  await page.locator('input[type=password]').fill(user.password);
  await page.keyboard.press('Enter');
}

async function signedIn(user) {
  const made = await tab();
  await password(made.page, user);
  await made.page.waitForURL(/\/if\/user\//);
  return made;
}

/** The page in light, dark and narrow; nothing may stick out sideways. */
async function picture(page, name) {
  const size = page.viewportSize();
  for (const [how, scheme, width] of [['light', 'light', 1000], ['dark', 'dark', 1000], ['narrow', 'light', 320]]) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.setViewportSize({ width, height: 700 });
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), `${name} sticks out sideways (${how})`);
    if (pictures) await page.screenshot({ path: join(pictures, `mfa-${name}-${how}.png`), fullPage: true });
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(size);
}

/** Lets the shipped flow take passkeys on its first page, in the rows themselves. */
function offerPasskeys() {
  execFileSync('python3', ['-c', `
import json, sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=10)
stage = lambda name: db.execute("SELECT \\"Id\\", \\"SettingsJson\\" FROM stages WHERE \\"Name\\" = ?", (name,)).fetchone()
first, settings = stage("default-authentication-identification")
settings = {**json.loads(settings), "webauthn_stage": stage("default-authentication-mfa-validation")[0].lower()}
db.execute("UPDATE stages SET \\"SettingsJson\\" = ? WHERE \\"Id\\" = ?", (json.dumps(settings), first))
db.commit()
`, join(server.data, 'gatehouse.db')]);
}

/** Enrols a key through the user's page. */
async function enrol(made) {
  const { page } = made;
  await page.goto(`${server.urls.identity}/if/user/`);
  await page.getByRole('link', { name: 'Add a security key or passkey' }).click();
  const button = page.getByRole('button', { name: 'Add security key or passkey' });
  await button.waitFor();
  await picture(page, 'webauthn-setup');
  await button.click();
  await page.waitForURL(/\/if\/user\//);
}

const alert = (page) => page.locator('[role=alert]').filter({ hasText: /\S/ }).first();

describe('Authenticators in Chromium', () => {
  test('guide 0 step 5: an authenticator app is enrolled and then asked for', async () => {
    const user = await server.user('app-user');
    const made = await signedIn(user);
    const { page, faults } = made;
    await picture(page, 'user-page-empty');
    await page.getByRole('link', { name: 'Add an authenticator app' }).click();
    await page.getByRole('img', { name: /QR code/ }).waitFor();
    await page.getByText('Can’t scan it?').click();
    await picture(page, 'totp-setup');
    const secret = (await page.locator('#secret').innerText()).replaceAll(' ', '');
    const field = page.getByLabel('Code');
    assert.equal(await field.getAttribute('autocomplete'), 'one-time-code');
    await field.fill('abc');
    await page.keyboard.press('Enter');
    await alert(page).waitFor();
    assert.equal(await page.getByLabel('Code').getAttribute('aria-invalid'), 'true');
    await steady();
    await page.getByLabel('Code').fill(totp(secret, Date.now() - 30000));
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/if\/user\//);
    await page.getByText('Authenticator app', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'Get new recovery codes' }).click();
    await page.getByRole('button', { name: 'I have kept them' }).click();
    await page.waitForURL(/\/if\/user\//);
    assert.deepEqual(faults, []);

    const next = await tab();
    await password(next.page, user);
    await next.page.getByLabel('Code', { exact: true }).waitFor();
    await next.page.getByRole('button', { name: 'a recovery code' }).click();
    await next.page.getByLabel('Recovery code').waitFor();
    await next.page.getByRole('button', { name: 'a code from your authenticator app' }).click();
    await next.page.getByLabel('Code', { exact: true }).waitFor();
    await picture(next.page, 'validate-totp');
    await next.page.getByLabel('Code', { exact: true }).fill('000000');
    await next.page.keyboard.press('Enter');
    await alert(next.page).waitFor();
    await picture(next.page, 'validate-totp-wrong');
    await new Promise((done) => setTimeout(done, 1100));
    await next.page.getByLabel('Code', { exact: true }).fill(totp(secret));
    await next.page.keyboard.press('Enter');
    await next.page.waitForURL(/\/if\/user\//);
    assert.deepEqual(next.faults, []);
  });

  test('recovery codes are shown once, can be kept, and let one in once', async () => {
    const user = await server.user('paper-user');
    const { page, faults } = await signedIn(user);
    await page.getByRole('link', { name: 'Get new recovery codes' }).click();
    await page.locator('.codes li').first().waitFor();
    await picture(page, 'static-setup');
    const codes = await page.locator('.codes li').allInnerTexts();
    assert.equal(codes.length, 6);
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Download' }).click();
    assert.equal((await download).suggestedFilename(), 'recovery-codes.txt');
    await page.getByRole('button', { name: 'I have kept them' }).click();
    await page.waitForURL(/\/if\/user\//);
    await page.getByText('6 left').waitFor();
    await picture(page, 'user-page');
    assert.deepEqual(faults, []);

    const next = await tab();
    await password(next.page, user);
    await next.page.getByLabel('Recovery code').fill(codes[0]);
    await next.page.keyboard.press('Enter');
    await next.page.waitForURL(/\/if\/user\//);
    await next.page.getByText('5 left').waitFor();
  });

  test('a security key is enrolled and proves its owner; another origin and a copied key do not', async () => {
    const user = await server.user('key-user');
    const made = await signedIn(user);
    const key = await plugIn(made);
    await enrol(made);
    const [credential] = await key.credentials();
    assert.equal(credential.rpId, 'auth.localhost');
    assert.deepEqual(made.faults, []);

    // The same browser with its key, signed out.
    await made.context.clearCookies();
    await password(made.page, user);
    const use = made.page.getByRole('button', { name: 'Use security key or passkey' });
    await use.waitFor();
    await picture(made.page, 'validate-webauthn');
    await use.click();
    await made.page.waitForURL(/\/if\/user\//);

    // A page of another origin has the same key, and sends what it gets to Identity.
    await made.context.clearCookies();
    await password(made.page, user);
    await use.waitFor();
    const asked = await made.page.evaluate(() => fetch(`/api/v3/flows/executor/default-authentication-flow/?query=${encodeURIComponent(location.search.slice(1))}`).then((answer) => answer.json()));
    const { challenge } = asked.device_challenges.find((way) => way.device_class === 'webauthn');
    const evil = await made.context.newPage();
    await evil.goto(`${server.urls.access}/`);
    const outcome = await evil.evaluate(async (challengeText) => {
      const bytes = Uint8Array.from(atob(challengeText.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
      try {
        await navigator.credentials.get({ publicKey: { challenge: bytes, rpId: 'auth.localhost', allowCredentials: [] } });
        return 'given';
      } catch (error) {
        return error.name;
      }
    }, challenge.challenge);
    assert.equal(outcome, 'SecurityError');
    await evil.close();

    // The browser refused. Should one not: what it would have sent is refused, too.
    const lied = await made.page.evaluate(async (options) => {
      const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
      const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
      const proof = await navigator.credentials.get({ publicKey: { challenge: bytes(options.challenge), rpId: options.rpId, allowCredentials: [] } });
      const client = JSON.parse(new TextDecoder().decode(proof.response.clientDataJSON));
      const changed = new TextEncoder().encode(JSON.stringify({ ...client, origin: 'https://evil.example' }));
      const answer = await fetch(`/api/v3/flows/executor/default-authentication-flow/?query=${encodeURIComponent(location.search.slice(1))}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          component: 'ak-stage-authenticator-validate',
          webauthn: { id: proof.id, rawId: text(proof.rawId), type: proof.type, response: { clientDataJSON: text(changed), authenticatorData: text(proof.response.authenticatorData), signature: text(proof.response.signature) } },
        }),
      });
      return answer.json();
    }, challenge);
    assert.equal(lied.response_errors.webauthn[0].code, 'invalid');

    // A copy of the key whose counter is behind.
    await key.cdp.send('WebAuthn.removeCredential', { authenticatorId: key.id, credentialId: credential.credentialId });
    await key.cdp.send('WebAuthn.addCredential', { authenticatorId: key.id, credential: { ...credential, signCount: 0 } });
    await made.page.reload();
    await use.click();
    await alert(made.page).waitFor();
    assert.match(await alert(made.page).innerText(), /not accepted/);
    await picture(made.page, 'validate-webauthn-refused');
  });

  test('a passkey signs in alone, where a flow begins with it', async () => {
    const user = await server.user('passkey-user');
    const made = await signedIn(user);
    await plugIn(made, { transport: 'internal' });
    await enrol(made);
    await made.context.clearCookies();

    // The shipped flow, with its validation stage offered on the first page.
    offerPasskeys();
    await made.page.goto(`${server.urls.identity}/flows/-/default/authentication/?next=%2Fif%2Fuser%2F`);
    await made.page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor();
    await picture(made.page, 'identification-passkey');
    await made.page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await made.page.waitForURL(/\/if\/user\//);
    await made.page.getByText('passkey-user').first().waitFor();
  });
});
