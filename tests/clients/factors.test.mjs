// Access's own second factor in a real browser: an app's codes, and keys and a reader that Chromium plays itself (WebAuthn over CDP).
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { launch, looks, sound, totp } from './lib/chromium.mjs';
import { Gatehouse } from './lib/server.mjs';

let server, chrome, origin, wiki, vault, laptop;
const staff = [{ name: 'staff', decision: 'allow', precedence: 1, include: [{ email_domain: { domain: 'example.com' } }] }];

before(async () => {
  origin = createServer((request, response) => response.setHeader('content-type', 'text/html').end(`<!doctype html><title>origin</title><main>you are in ${request.headers.host}</main>`));
  await new Promise((done) => origin.listen(0, '127.0.0.1', done));
  server = await Gatehouse.start();
  chrome = await launch(server);
  await server.v4('PUT', '/access/organizations', { mfa_config: { allowed_authenticators: ['totp', 'biometrics', 'security_key'], session_duration: '24h' }, mfa_required_for_all_apps: true });
  const url = `http://127.0.0.1:${origin.address().port}`;
  wiki = await server.publish('wiki', url, staff);
  vault = await server.publish('vault', url, staff, { mfa_config: { allowed_authenticators: ['security_key'] } });
  laptop = await server.publish('laptop', url, staff, { mfa_config: { allowed_authenticators: ['biometrics'], session_duration: '1h' } });
});
after(async () => {
  await chrome?.close();
  await server?.stop();
  origin?.close();
});

async function plugIn(page, transport) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport, hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  return { unplug: () => cdp.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId }) };
}

async function signIn(page, app, user) {
  await page.goto(app.url);
  await page.locator('[aria-busy=true]').waitFor({ state: 'detached' }); // what is typed before the page's script draws the form anew is lost
  await page.getByLabel(/username|email/i).fill(user.username);
  await page.keyboard.press('Enter');
  await page.locator('input[type=password]').fill(user.password);
  await page.keyboard.press('Enter');
}

/** Presses a button; without it, says what there is instead. */
async function press(page, name) {
  try {
    await page.getByRole('button', { name }).click();
  } catch (fault) {
    throw new Error(`no button '${name}' at ${page.url()}:\n${await page.locator('body').innerText()}\n${server.log.split('\n').slice(-10).join('\n')}`, { cause: fault });
  }
}

const isIn = (page, app) => page.getByText(`you are in ${new URL(app.url).hostname}`).waitFor();

async function enrolApp(page, look) {
  await page.getByRole('heading', { name: 'Add a second factor' }).waitFor();
  if (look) await sound(page, `factor-enrol-${look}`);
  const secret = await page.locator('#secret').textContent();
  await page.getByLabel('Code').fill('000000');
  await press(page, 'Add the app');
  await page.getByRole('alert').waitFor();
  assert.equal(await page.locator('#secret').textContent(), secret); // what was scanned stays good
  await page.getByLabel('Code').fill(totp(secret, Date.now() - 30000));
  await press(page, 'Add the app');
  return secret;
}

describe('second factors of Access', () => {
  for (const [look, options] of looks) {
    test(`an app is enrolled on the way and asked for with the next browser, ${look}`, async () => {
      const user = await server.user(`app-${look}`);
      const page = await chrome.tab(options);
      await signIn(page, wiki, user);
      const secret = await enrolApp(page, look);
      await isIn(page, wiki);

      const other = await chrome.tab(options);
      await signIn(other, wiki, user);
      await other.getByRole('heading', { name: 'Prove that it is you' }).waitFor();
      await sound(other, `factor-prove-${look}`);
      await other.getByLabel(/Code of your/).fill(totp(secret, Date.now()));
      await other.keyboard.press('Enter');
      await isIn(other, wiki);

      await page.goto(`${server.urls.access}/cdn-cgi/access/mfa-devices`);
      await page.getByText('Authenticator app', { exact: true }).waitFor();
      await sound(page, `factor-list-${look}`);
    });
  }

  for (const [kind, button, transport, app] of [['security key', 'Register a security key', 'usb', () => vault], ['reader', 'Register biometrics', 'internal', () => laptop]]) {
    test(`a ${kind} is enrolled, asked for and removed`, async () => {
      const user = await server.user(`key-${transport}`);
      const page = await chrome.tab();
      const key = await plugIn(page, transport);
      await signIn(page, app(), user);
      await press(page, button);
      await isIn(page, app());

      await page.context().clearCookies(); // another sign-in, the same device
      await signIn(page, app(), user);
      await press(page, 'Use security key or this device');
      await isIn(page, app());

      const [{ id }] = (await server.v4('GET', '/access/users')).filter((one) => one.email === user.email);
      const [listed] = await server.v4('GET', `/access/users/${id}/mfa_authenticators`);
      assert.equal(listed.type, transport === 'usb' ? 'security_key' : 'biometrics');
      await page.goto(`${server.urls.access}/cdn-cgi/access/mfa-devices`);
      await press(page, /^Remove /);
      await page.getByText('You have none.').waitFor();
      assert.deepEqual(await server.v4('GET', `/access/users/${id}/mfa_authenticators`), []);
      await key.unplug();
    });
  }
});
