// The pages of Identity in Chromium: axe finds nothing serious, nothing sticks out at 320 px, and the user's page works without scripts.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch, looks, patient, sound } from './lib/chromium.mjs';
import { Gatehouse } from './lib/server.mjs';

let server, chrome, tab, ada, grace;

before(async () => {
  server = await Gatehouse.start();
  [ada, grace] = [await server.user('ada'), await server.user('grace')];
  await server.provider('wiki', { authorization_flow: await server.flow('default-provider-authorization-explicit-consent') });
  await server.v3('PATCH', '/core/applications/wiki/', { meta_icon: '/static/gatehouse/person.svg' });
  await server.v3('PATCH', '/flows/instances/default-provider-authorization-explicit-consent/', { background: `data:image/svg+xml,${encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9"><rect width="16" height="9" fill="#7aa"/><circle cx="4" cy="4" r="3" fill="#e94"/></svg>')}` });
  const types = ['text', 'text_area', 'text_read_only', 'username', 'email', 'password', 'number', 'checkbox', 'radio-button-group', 'dropdown', 'date', 'date-time', 'file', 'separator', 'static', 'alert_info', 'alert_danger', 'ak-locale'];
  const fields = [];
  for (const type of types) {
    const isChoice = ['radio-button-group', 'dropdown'].includes(type);
    fields.push((await server.v3('POST', '/stages/prompt/prompts/', {
      name: `all-${type}`, field_key: `attributes.${type}`, label: `A field of type ${type}`, type, required: false, order: fields.length, sub_text: 'Some more words about it.',
      ...(isChoice ? { placeholder: 'return ["red", "green", "blue"]', placeholder_expression: true } : {}),
    })).pk);
  }
  const flow = await server.v3('POST', '/flows/instances/', { name: 'all', slug: 'all-fields', title: 'Tell us more', designation: 'stage_configuration' });
  const stages = [await server.v3('POST', '/stages/prompt/stages/', { name: 'all', fields }), await server.v3('POST', '/stages/deny/', { name: 'no', deny_message: 'This is not for you.' })];
  for (const [order, stage] of stages.entries()) await server.v3('POST', '/flows/bindings/', { target: flow.pk, stage: stage.pk, order });
  chrome = await launch(server);
  tab = chrome.tab;
});
after(async () => {
  await chrome?.close();
  await server?.stop();
});

async function signIn(page, user, path = '/if/user/') {
  await page.goto(`${server.urls.identity}${path}`);
  await page.locator('#uid_field').fill(user.username);
  await page.keyboard.press('Enter');
  await page.locator('#password').fill(user.password);
  await page.keyboard.press('Enter');
}

describe('pages', () => {
  for (const [look, options] of looks) {
    test(`sign-in, denial, prompt, choice of an account, consent, logout and the user's page stand ${look}`, async () => {
      const page = await tab(options);
      await page.goto(`${server.urls.identity}/if/flow/default-authentication-flow/`);
      await page.locator('#uid_field').waitFor();
      await sound(page, `sign-in-${look}`);
      await page.goto(`${server.urls.identity}/if/flow/all-fields/`);
      await page.getByRole('button', { name: 'Continue' }).waitFor();
      await sound(page, `prompt-${look}`);
      await page.getByRole('button', { name: 'Continue' }).click();
      await page.getByText('This is not for you.').waitFor();
      await sound(page, `denial-${look}`);
      await signIn(page, ada);
      await page.waitForURL('**/if/user/');
      await sound(page, `user-${look}`);
      const client = (await server.v3('GET', '/providers/oauth2/?name=wiki')).results[0].client_id;
      await page.goto(`${server.urls.identity}/application/o/authorize/?response_type=code&scope=openid%20email&prompt=select_account&client_id=${client}&redirect_uri=${encodeURIComponent('https://rp.example/cb')}`);
      await page.getByRole('heading', { name: 'Choose an account' }).waitFor();
      await page.getByRole('link', { name: 'Use another account' }).waitFor();
      await sound(page, `account-${look}`);
      await page.getByRole('link', { name: 'ada@example.com' }).click();
      await page.getByText('sign into wiki').waitFor();
      await sound(page, `consent-${look}`);
      await page.goto(`${server.urls.identity}/application/o/wiki/end-session/`);
      await page.getByRole('button', { name: 'Sign out of wiki' }).click();
      await page.getByRole('heading', { name: 'You’ve logged out of wiki' }).waitFor();
      await sound(page, `logout-of-one-${look}`);
      await page.getByRole('link', { name: /^Log out of / }).click();
      await page.getByRole('link', { name: /^Log in to .* again$/ }).waitFor();
      await sound(page, `logout-of-all-${look}`);
      await page.getByRole('link', { name: /^Log in to .* again$/ }).click();
      await page.locator('#uid_field').waitFor();
    });
  }

  for (const [look, options] of looks) {
    test(`the App Launcher stands ${look}`, async () => {
      const include = [{ email: { email: 'ada@example.com' } }];
      for (const name of look === 'light' ? ['notes', 'calendar', 'a-name-that-is-so-long-that-no-tile-holds-it-in-one-line'] : []) {
        await server.publish(name, 'http://127.0.0.1:9', [{ name: 'ada', decision: 'allow', precedence: 1, include }]);
      }
      const page = await tab(options);
      await page.goto(`${server.urls.access}/`);
      await sound(page, `launcher-signed-out-${look}`);
      await page.getByRole('link', { name: /^Sign in with/ }).click();
      await page.locator('#uid_field').fill(ada.username);
      await page.keyboard.press('Enter');
      await page.locator('#password').fill(ada.password);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Your applications' }).waitFor();
      assert.equal(await page.getByRole('link', { name: /^notes/ }).getAttribute('href'), `https://notes.localhost:${server.port}/`);
      await sound(page, `launcher-${look}`);
      await page.getByRole('link', { name: 'Sign out' }).click();
      await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
    });
  }

  test('without scripts people change their name and password, make a key and end a session', async () => {
    const scripted = await tab();
    await signIn(scripted, grace);
    await scripted.waitForURL('**/if/user/');
    const cookies = await scripted.context().cookies();
    const phone = await tab();
    await signIn(phone, grace);
    await phone.waitForURL('**/if/user/');

    const context = patient(await chrome.browser.newContext({ javaScriptEnabled: false }));
    await context.addCookies(cookies);
    const page = await context.newPage();
    await page.goto(`${server.urls.identity}/if/user/`);
    await page.locator('#name').fill('Grace H.');
    await page.getByRole('button', { name: 'Save profile' }).click();
    await page.getByText('Your profile was saved.').waitFor();
    await page.locator('#description').fill('mail program');
    await page.getByRole('button', { name: 'Make it' }).click();
    assert.match(await page.locator('#fresh-key').innerText(), /^[A-Za-z0-9]{60}$/);
    await page.goto(`${server.urls.identity}/if/user/`);
    assert.equal(await page.locator('#fresh-key').count(), 0);
    await page.getByRole('button', { name: /^Delete grace-/ }).click();
    await page.getByText('It was deleted').waitFor();
    await page.getByRole('button', { name: /^End the session of/ }).click();
    await page.getByText('The session has ended.').waitFor();
    await phone.goto(`${server.urls.identity}/if/user/`);
    await phone.waitForURL(/\/if\/flow\/default-authentication-flow\//);
    await page.locator('#current').fill(grace.password);
    await page.locator('#new').fill('another long phrase');
    await page.locator('#repeat').fill('another long phrase');
    await page.getByRole('button', { name: 'Change password' }).click();
    await page.getByText('Your password was changed.').waitFor();
  });
});
