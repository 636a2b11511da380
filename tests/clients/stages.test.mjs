// The pages on which people enrol, add and use authenticators, let devices in and recover: axe finds nothing serious, light, dark and at 320 px.
// And a sign-in with password and authenticator app by the keyboard alone.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch, looks, sound, totp } from './lib/chromium.mjs';
import { Gatehouse } from './lib/server.mjs';
import { MailServer } from './lib/smtp.mjs';

const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
let server, mail, chrome, tv;

before(async () => {
  mail = await MailServer.start();
  process.env.GATEHOUSE_SMTP_HOST = '127.0.0.1';
  process.env.GATEHOUSE_SMTP_PORT = String(mail.port);
  process.env.GATEHOUSE_MAIL_FROM = 'gate@example.com';
  server = await Gatehouse.start();
  chrome = await launch(server);
  tv = await server.provider('television', { grant_types: [DEVICE] });
  await layEnrolment();
});
after(async () => {
  await chrome?.close();
  await server?.stop();
  mail?.stop();
});

/** Prompt, write, mail, and whether to stay signed in. */
async function layEnrolment() {
  const flow = await server.v3('POST', '/flows/instances/', { name: 'join', slug: 'join', title: 'Join us', designation: 'enrollment' });
  const fields = [];
  for (const [key, type, label] of [['username', 'username', 'Username'], ['name', 'text', 'Full name'], ['email', 'email', 'Email'], ['password', 'password', 'Password'], ['password_repeat', 'password', 'Password, once more']]) {
    fields.push((await server.v3('POST', '/stages/prompt/prompts/', { name: `join-${key}`, field_key: key, label, type, required: true, order: fields.length, placeholder: label })).pk);
  }
  const stages = [
    await server.v3('POST', '/stages/prompt/stages/', { name: 'join-prompt', fields }),
    await server.v3('POST', '/stages/user_write/', { name: 'join-write', user_type: 'internal' }),
    await server.v3('POST', '/stages/user_login/', { name: 'join-login', remember_me_offset: 'days=30' }),
  ];
  for (const [order, stage] of stages.entries()) await server.v3('POST', '/flows/bindings/', { target: flow.pk, stage: stage.pk, order });
}

const open = (page, path) => page.goto(`${server.urls.identity}${path}`);
const fault = (page) => page.locator('[role=alert]').filter({ hasText: /\S/ }).first();

async function password(page, user, path = '/if/user/') {
  await open(page, path);
  await page.locator('#uid_field').fill(user.username);
  await page.keyboard.press('Enter');
  await page.locator('#password').fill(user.password);
  await page.keyboard.press('Enter');
}

/** Adds an authenticator app through the user's page; its secret. */
async function addApp(page, look) {
  await page.getByRole('link', { name: 'Add an authenticator app' }).click();
  await page.getByText('Can’t scan it?').click();
  const secret = (await page.locator('#secret').innerText()).replaceAll(' ', '');
  if (look) await sound(page, `totp-setup-${look}`);
  await page.getByLabel('Code').fill('000000');
  await page.keyboard.press('Enter');
  await fault(page).waitFor();
  if (look) await sound(page, `totp-setup-wrong-${look}`);
  await page.getByLabel('Code').fill(totp(secret, Date.now() - 30000));
  await page.keyboard.press('Enter');
  await page.waitForURL('**/if/user/');
  return secret;
}

async function plugIn(page) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'usb', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
}

async function beginDevice() {
  const answer = await fetch(`${server.urls.identity}/application/o/device/`, { method: 'POST', body: new URLSearchParams({ client_id: tv.client_id, client_secret: tv.client_secret, scope: 'openid email profile' }) });
  return answer.json();
}

describe('pages of stages', () => {
  for (const [look, options] of looks) {
    test(`enrolment stands ${look}`, async () => {
      const page = await chrome.tab(options);
      await open(page, '/if/flow/join/');
      await page.locator('#username').waitFor();
      await sound(page, `enrol-${look}`);
      for (const [id, text] of [['username', `new-${look}`], ['name', 'Somebody New'], ['email', `new-${look}@example.com`], ['password', 'one long phrase'], ['password_repeat', 'another long phrase']]) await page.locator(`#${id}`).fill(text);
      await page.keyboard.press('Enter');
      await fault(page).waitFor();
      assert.equal(await page.locator('#username').inputValue(), `new-${look}`); // nobody types all of it again
      assert.equal(await page.locator('#password').inputValue(), '');
      await sound(page, `enrol-wrong-${look}`);
      await page.locator('#password').fill('one long phrase');
      await page.locator('#password_repeat').fill('one long phrase');
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Yes, stay signed in' }).waitFor();
      await sound(page, `stay-${look}`);
      await page.getByRole('button', { name: 'No', exact: true }).click();
      await page.waitForURL('**/if/user/');
    });

    test(`adding and using authenticators stands ${look}`, async () => {
      const user = await server.user(`mfa-${look}`);
      const page = await chrome.tab(options);
      await plugIn(page);
      await password(page, user);
      await page.waitForURL('**/if/user/');
      const secret = await addApp(page, look);
      await page.getByRole('link', { name: 'Get new recovery codes' }).click();
      await page.locator('.codes li').first().waitFor();
      await sound(page, `recovery-codes-${look}`);
      await page.getByRole('button', { name: 'I have kept them' }).click();
      await page.waitForURL('**/if/user/');
      await page.getByRole('link', { name: 'Add a security key or passkey' }).click();
      await page.getByRole('button', { name: 'Add security key or passkey' }).waitFor();
      await sound(page, `webauthn-setup-${look}`);
      await page.getByRole('button', { name: 'Add security key or passkey' }).click();
      await page.waitForURL('**/if/user/');
      await sound(page, `user-with-devices-${look}`);

      await page.context().clearCookies();
      await password(page, user);
      await page.getByRole('button', { name: 'Use security key or passkey' }).waitFor();
      await sound(page, `validate-webauthn-${look}`);
      await page.getByRole('button', { name: 'a recovery code' }).click();
      await page.getByLabel('Recovery code').waitFor();
      await sound(page, `validate-recovery-${look}`);
      await page.getByRole('button', { name: 'a code from your authenticator app' }).click();
      await page.getByLabel('Code', { exact: true }).fill('000000');
      await page.keyboard.press('Enter');
      await fault(page).waitFor();
      await sound(page, `validate-totp-wrong-${look}`);
      await new Promise((done) => setTimeout(done, 1100)); // a wrong code makes the next one wait
      await page.getByLabel('Code', { exact: true }).fill(totp(secret));
      await page.keyboard.press('Enter');
      await page.waitForURL('**/if/user/');
    });

    test(`a device's code stands ${look}`, async () => {
      const user = await server.user(`viewer-${look}`);
      const page = await chrome.tab(options);
      await password(page, user, '/device');
      await page.getByLabel('Code').waitFor();
      await sound(page, `device-${look}`);
      await page.getByLabel('Code').fill('123456789');
      await page.keyboard.press('Enter');
      await fault(page).waitFor();
      await sound(page, `device-wrong-${look}`);
      const device = await beginDevice();
      await page.getByLabel('Code').fill(device.user_code);
      await page.keyboard.press('Enter');
      await page.getByText('television').first().waitFor();
      await sound(page, `device-consent-${look}`);
      await page.getByRole('button', { name: 'Continue' }).click();
      await page.getByText('You can close this').waitFor();
      await sound(page, `device-done-${look}`);
    });

    test(`recovery and a new password stand ${look}`, async () => {
      const user = await server.user(`lost-${look}`);
      const page = await chrome.tab(options);
      await open(page, '/if/flow/default-recovery-flow/');
      await page.locator('#uid_field').waitFor();
      await sound(page, `recovery-${look}`);
      await page.locator('#uid_field').fill(user.username);
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Send another message' }).waitFor();
      await sound(page, `recovery-sent-${look}`);
      const [, query] = (await mail.message(user.email)).match(/\/if\/flow\/default-recovery-flow\/\?(flow_token=[0-9a-f]{64})/);
      await open(page, `/if/flow/default-recovery-flow/?${query}`);
      await page.locator('#password').waitFor();
      await sound(page, `recovery-password-${look}`);
      await page.locator('#password').fill('short');
      await page.locator('#password_repeat').fill('short');
      await page.keyboard.press('Enter');
      await fault(page).waitFor();
      await sound(page, `recovery-weak-${look}`);
      await page.locator('#password').fill('a phrase that is new');
      await page.locator('#password_repeat').fill('a phrase that is new');
      await page.keyboard.press('Enter');
      await page.waitForURL(/default-authentication-flow/); // the new password is what signs in, with a second factor where there is one
      await password(page, { ...user, password: 'a phrase that is new' });
      await page.waitForURL('**/if/user/');
      await open(page, `/if/flow/default-recovery-flow/?${query}`);
      await page.getByRole('heading').first().waitFor();
      await sound(page, `recovery-used-${look}`);

      await open(page, '/if/flow/default-password-change/');
      await page.locator('#password').waitFor();
      await sound(page, `password-change-${look}`);
      await page.locator('#password').fill('yet another phrase');
      await page.locator('#password_repeat').fill('not the same phrase');
      await page.keyboard.press('Enter');
      await fault(page).waitFor();
      await sound(page, `password-change-wrong-${look}`);
    });
  }

  test('password and authenticator app by Tab, Enter and letters alone', async () => {
    const user = await server.user('keys-only');
    const first = await chrome.tab();
    await password(first, user);
    await first.waitForURL('**/if/user/');
    const secret = await addApp(first);

    const page = await chrome.tab();
    const cdp = await page.context().newCDPSession(page);
    const press = async (key, code, more = {}) => {
      await cdp.send('Input.dispatchKeyEvent', { type: 'keyDown', key, code: key, windowsVirtualKeyCode: code, ...more });
      await cdp.send('Input.dispatchKeyEvent', { type: 'keyUp', key, code: key, windowsVirtualKeyCode: code });
    };
    const type = async (text) => { for (const letter of text) await press(letter, 0, { text: letter }); };
    const enter = () => press('Enter', 13, { text: '\r' });
    const at = () => page.evaluate(() => {
      const { id, tagName, textContent } = document.activeElement;
      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
      return { what: id || `${tagName} ${textContent.trim()}`, isSeen: outlineStyle !== 'none' && outlineWidth !== '0px' };
    });
    /** Tabs on until `what` has the focus, which always shows; what was passed. */
    const reach = async (what) => {
      const passed = [];
      for (let n = 0; n < 15; n++) {
        const now = await at();
        if (now.what === what) return passed;
        passed.push(now.what);
        await press('Tab', 9);
        assert.ok((await at()).isSeen || (await at()).what.startsWith('BODY'), `the focus on ${(await at()).what} does not show`);
      }
      throw new Error(`${what} can't be reached: ${passed.join(', ')}`);
    };

    await open(page, '/flows/-/default/authentication/?next=/if/user/');
    await page.locator('#uid_field').waitFor();
    await reach('uid_field');
    await type(user.username);
    await press('Tab', 9);
    await reach('BUTTON Log in');
    await enter();
    await page.locator('#password').waitFor();
    await reach('password');
    await type('wrong');
    await enter();
    await fault(page).waitFor();
    await reach('password'); // the message is read out; the field is where people go on
    assert.equal(await page.locator('#password').getAttribute('aria-invalid'), 'true');
    await page.locator('#password').fill('');
    await type(user.password);
    await press('Tab', 9);
    await reach('BUTTON Continue');
    await enter();
    await page.getByLabel('Code', { exact: true }).waitFor();
    await reach('code');
    await type(totp(secret));
    await enter();
    await page.waitForURL('**/if/user/');
  });
});
